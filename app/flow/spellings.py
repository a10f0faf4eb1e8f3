"""The key of a project and of a repository, in whatever way people write them."""

import re
from typing import Final

_RUNS: Final = re.compile(r"[-_.]+")
_PROJECT: Final = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", re.IGNORECASE | re.ASCII)

#: What stands before ``owner/name`` in an address: of the web, of Git over SSH, or a host with a dot in its name.
_HOST: Final = re.compile(
    r"(?:[a-z][a-z0-9+]*://(?:[^/@]*@)?(?P<host>[^/:]+)(?::[0-9]*)?/|[^@/:]+@(?P<at>[^:/]+):|(?P<bare>(?:www\.)?github\.com)[/:])",
    re.IGNORECASE,
)

#: What stands behind it: a page of the repository, a query, a fragment, a version that pip is to install.
_PAGE: Final = re.compile(r"/-/.*|[?#].*|(?<=\.git)@.*")

_GITHUB: Final = frozenset({"github.com", "www.github.com", "ssh.github.com"})


def project_key(text: str) -> str | None:
    """The normalised name of a Python project; None for a text that is no name (PEP 503, and PEP 508 for names)."""
    return _RUNS.sub("-", text).lower() if _PROJECT.fullmatch(text) else None


def repository_key(text: str) -> str:
    """``owner/name`` of an address such as https://github.com/owner/name.git; any other text as it is."""
    found = _HOST.match(text)
    if found is None:
        return text.removesuffix("/").removesuffix(".git") if "/" in text else text
    path = _PAGE.sub("", text[found.end() :]).strip("/")
    if (found["host"] or found["at"] or found["bare"]).lower() in _GITHUB:  # behind owner and name is a page
        path = "/".join(path.split("/")[:2])
    return path.removesuffix(".git")
