"""GitHub: its streams, its client, and how its repositories are found."""
