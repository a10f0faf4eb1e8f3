"""Files that jobs write: how CSV is written, what an artifact is, checksums."""
