"""Tables of any columns: checked for their shape alone, and read again as text, a range at a time."""
