"""The series in Postgres: entities with their hours and zones, and their polls."""
