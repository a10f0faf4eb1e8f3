"""Dataset kinds: what a file may hold, how its values are checked, and which series its rows go into."""
