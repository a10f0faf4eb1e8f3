"""manifest.json, the last file of every report: what it was made from, by what, and what its files hash to."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Final

import tzdata  # type: ignore[import-untyped]

from app import __version__
from app.files.artifact import Artifact, StoredArtifact
from app.files.sha256 import sha256_of
from app.jobs.kind import JobContext
from app.reports.kind import ReportKind
from app.timeline import from_micros
from app.wording.values import iso

#: Name of the file.
MANIFEST: Final = "manifest.json"

Produce = Callable[[JobContext, Any], Sequence[Artifact | StoredArtifact]]


def with_manifest(kind: ReportKind) -> ReportKind:
    """The same kind, whose reports end with a manifest. The same report has the same manifest, byte for byte."""
    return replace(kind, produce=_WithManifest(kind.name, kind.rules_version, kind.produce))


@dataclass(frozen=True, slots=True)
class _WithManifest:
    """Produces as a kind does, then writes the manifest; travels to the process of a job by its fields."""

    kind: str
    rules: int
    produce: Produce

    def __call__(self, context: JobContext, params: Any) -> list[Artifact | StoredArtifact]:
        return _produce(self.kind, self.rules, self.produce, context, params)


class _Read:
    """What a report has read."""

    def __init__(self) -> None:
        self.rows = 0
        self.latest: int | None = None
        self._lock = Lock()

    def add(self, rows: int, latest: int | None) -> None:
        with self._lock:
            self.rows += rows
            self.latest = max((one for one in (self.latest, latest) if one is not None), default=None)


def _produce(
    kind: str, rules: int, produce: Produce, context: JobContext, params: Any
) -> list[Artifact | StoredArtifact]:
    read = _Read()
    warnings: list[Mapping[str, Any]] = []

    def warn(one: Mapping[str, Any]) -> None:
        warnings.append(one)
        context.warn(one)

    made = list(produce(replace(context, has_read=read.add, warn=warn), params))
    given = params.model_dump(mode="json")
    content = {
        "kind": kind,
        "params": given,
        "as_known_at": given.get("as_known_at"),
        "versions": {"rules": rules, "tzdata": tzdata.IANA_VERSION, "program": __version__},
        "read": {"rows": read.rows, "latest": None if read.latest is None else iso(from_micros(read.latest))},
        "warnings": warnings,
        "files": [_file(one) for one in made],
    }
    path = context.folder / MANIFEST
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [*made, Artifact(path, "application/json", rows=0)]


def _file(one: Artifact | StoredArtifact) -> dict[str, Any]:
    if isinstance(one, StoredArtifact):
        return {"name": one.name, "rows": one.rows, "bytes": one.bytes, "sha256": one.sha256}
    size, digest = one.path.stat().st_size, sha256_of(one.path)
    return {"name": one.path.name, "rows": one.rows, "bytes": size, "sha256": digest}
