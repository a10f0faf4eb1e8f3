"""Sources: APIs that are read again and again, page by page, into the raw layer and from there into the series."""
