"""Entities for users: list them, view one, change its hours or time zone."""
