"""From the bytes of a CSV to checked rows."""
