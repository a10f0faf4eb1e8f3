"""What the series know of the sources that some of their rows come from: names of today, and what was not read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

_REPOSITORIES: Final = text(
    "SELECT repo_id, full_name, default_branch FROM source_repository WHERE source_id = :source_id"
)

# A repository whose source has never come to its end is not known, either, although nobody has written that down.
_COVERAGE: Final = text("""
    SELECT source.name AS source, full_name AS repository, state, state_since, watermark,
        pass IS NOT NULL AS is_reading,
        array_agg(code ORDER BY code) FILTER (WHERE code IS NOT NULL) AS gaps, min(since) AS since
    FROM source_repository JOIN source ON source.id = source_repository.source_id
    LEFT JOIN source_cursor
        ON source_cursor.source_id = source.id AND source_cursor.stream = :stream AND scope = repo_id::text
    LEFT JOIN source_gap ON source_gap.source_id = source.id AND source_gap.stream = :stream
        AND source_gap.scope IN (repo_id::text, '') AND closed_at IS NULL
    WHERE state <> 'left' AND (CAST(:names AS text[]) IS NULL OR full_name = ANY(:names))
        AND (source.options -> 'streams' IS NULL OR source.options -> 'streams' = 'null'
            OR source.options -> 'streams' ? :stream)
    GROUP BY source.name, repo_id, full_name, state, state_since, watermark, pass
    ORDER BY full_name, source.name
""")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is known of one stream of a repository: without this, no rows would be taken for none.

    Attributes:
        source, repository: their names.
        state: of the repository; ``ok`` and ``empty``: it is read.
        state_since: when that began.
        watermark: everything up to then is read; None: not everything was ever read.
        is_reading: a pass is not complete.
        gaps: codes of what is known to be missing.
        since: where that begins; None: nobody knows, or nothing is missing.
    """

    source: str
    repository: str
    state: str
    state_since: datetime
    watermark: datetime | None
    is_reading: bool
    gaps: tuple[str, ...]
    since: datetime | None

    def is_known(self, until: datetime | None = None) -> bool:
        """Whether what the series have up to an instant is all there was; None: up to the last sync.

        What has happened since the last sync is not there yet: of an instant behind the watermark nobody can tell.
        """
        if self.watermark is None or (until is not None and until > self.watermark):
            return False
        if self.gaps:
            return until is not None and self.since is not None and until <= self.since
        return self.state in {"ok", "empty"} or (until is not None and until <= self.state_since)


def coverage(connection: Connection, stream: str, *, names: Sequence[str] | None = None) -> list[Coverage]:
    """What is known of a stream of the repositories of all sources that read it, or of those with these names.

    One that no source has is not among them: what is known of it is what its files say.
    """
    found = connection.execute(_COVERAGE, {"stream": stream, "names": names and list(names)})
    return [Coverage(**row | {"gaps": tuple(row["gaps"] or ())}) for row in map(dict, found.mappings())]


def repositories_of(connection: Connection, source_id: str) -> Mapping[int, Mapping[str, Any]]:
    """The repositories of a source as they are called today: ``id``, ``name`` and ``default_branch`` by number."""
    rows = connection.execute(_REPOSITORIES, {"source_id": source_id})
    return {number: {"id": number, "name": name, "default_branch": branch} for number, name, branch in rows}
