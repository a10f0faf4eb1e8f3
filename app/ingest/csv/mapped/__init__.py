"""Files that a mapping describes: from their bytes to rows of a kind, as texts."""
