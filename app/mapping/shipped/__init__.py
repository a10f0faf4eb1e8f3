"""The mappings that come with the program: one JSON file each, and a small example of what it reads beside it.

A new one is its two files: ``name.json`` and ``name.example.csv`` (or ``.json``, ``.jsonl``, ``.parquet``).
"""

from functools import lru_cache
from pathlib import Path

from app.mapping.document import Mapping, read_mapping

FOLDER = Path(__file__).parent


@lru_cache(maxsize=1)
def shipped() -> dict[str, Mapping]:
    """The mappings by name."""
    files = (path for path in sorted(FOLDER.glob("*.json")) if ".example" not in path.name)
    return {path.stem: read_mapping(path.read_text(encoding="utf-8"), name=path.name) for path in files}


def example(name: str) -> Path:
    """The example of a mapping."""
    (path,) = FOLDER.glob(f"{name}.example.*")
    return path
