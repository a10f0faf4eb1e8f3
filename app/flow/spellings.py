"""The key of a project and of a repository, in whatever way people write them."""

import re
from typing import Final

_RUNS: Final = re.compile(r"[-_.]+")
_PROJECT: Final = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", re.IGNORECASE | re.ASCII)

#: What stands before ``owner/name`` in an address: of the web, of Git over SSH, or a host with a dot in its name.
_HOST: Final = re.compile(r"(?:[a-z][a-z0-9+]*://(?:[^/@]*@)?[^/]+/|git@[^:/]+:|(?:www\.)?github\.com/)", re.IGNORECASE)


def project_key(text: str) -> str | None:
    """The normalised name of a Python project; None for a text that is no name (PEP 503, and PEP 508 for names)."""
    return _RUNS.sub("-", text).lower() if _PROJECT.fullmatch(text) else None


def repository_key(text: str) -> str:
    """``owner/name`` of an address such as https://github.com/owner/name.git; any other text as it is."""
    path = _HOST.sub("", text, count=1)
    if path == text and "://" not in text:
        return text.removesuffix("/").removesuffix(".git") if text.count("/") >= 1 else text
    return path.strip("/").removesuffix(".git")
