"""The series in Postgres: entities with their hours and time zones, polls, pull requests, review times."""
