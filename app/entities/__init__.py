"""Entities as people see them: list them, look at one, mend its hours or zone."""
