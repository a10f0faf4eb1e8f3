"""Logs, the redaction of secrets, metrics, and the name of this replica."""
