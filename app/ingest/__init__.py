"""Dataset kinds: columns of a file, checks of its values, and the series that its rows go into."""
