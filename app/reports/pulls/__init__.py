"""The report on pull requests: its parameters, what they select, its files."""
