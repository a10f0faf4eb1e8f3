"""Files that are large enough for something to happen while they are sent."""

import hashlib
from pathlib import Path


def table_of(file: Path, size: int) -> str:
    """Write a table of so many bytes; returns its SHA-256."""
    row = b"2026-01-01T00:00:00Z,some-long-name-of-a-song,1234567890\n"
    content = f"at,song,{file.stem.replace('-', '_')}\n".encode() + row * (size // len(row))
    file.write_bytes(content)
    return hashlib.sha256(content).hexdigest()
