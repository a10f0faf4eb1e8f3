"""What the series know of the sources that some of their rows come from."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

_REPOSITORIES: Final = text(
    "SELECT repo_id, full_name, default_branch FROM source_repository WHERE source_id = :source_id"
)


def repositories_of(connection: Connection, source_id: str) -> Mapping[int, Mapping[str, Any]]:
    """The repositories of a source as they are called today: ``id``, ``name`` and ``default_branch`` by number."""
    rows = connection.execute(_REPOSITORIES, {"source_id": source_id})
    return {number: {"id": number, "name": name, "default_branch": branch} for number, name, branch in rows}
