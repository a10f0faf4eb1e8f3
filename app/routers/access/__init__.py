"""Routes about users, keys, sessions, and the audit."""
