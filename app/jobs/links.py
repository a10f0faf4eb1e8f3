"""Links to the files of work that is done, and what the audit says of them.

A presigned link is a capability: whoever has it downloads until it ends. So it is recorded who was given one, in one
row per job, principal and minute of each process: a client may poll a report with many files every second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection

from app.access import audit
from app.access.modes import Mode, mode_of
from app.access.principal import actor
from app.access.seldom import Seldom
from app.files.artifact import StoredArtifact
from app.settings import Settings
from app.storage.resources import Resources

#: How long a link works unless the settings say otherwise, seconds.
LIFETIMES: Final = {Mode.LOCAL: 3600, Mode.ON: 300, Mode.PROXY: 300}


@dataclass(frozen=True, slots=True)
class LinkedArtifact:
    """A file with a link that was made just now: presigned, or the address of this service."""

    artifact: StoredArtifact
    url: str


class Links:
    """Of one process; may be used from any thread.

    Args:
        resources: of this process.
        mode: who may come in; None: as the settings say of the address at which they have the service listen.
    """

    def __init__(self, resources: Resources, mode: Mode | None = None) -> None:
        self._resources = resources
        self._mode = mode
        self._seldom = Seldom()

    def of(self, artifact: StoredArtifact, *, below: str) -> LinkedArtifact:
        """The file with a link; ``below`` is the path of what it belongs to, such as ``/reports/<id>``."""
        settings = self._resources.settings
        if settings.downloads == "through":
            base = (settings.public_url or settings.root_path or "").rstrip("/")
            return LinkedArtifact(artifact, f"{base}{below}/files/{quote(artifact.name, safe='')}")
        seconds = self._seconds(settings)
        link = self._resources.object_store.link(artifact.key, media_type=artifact.media_type, seconds=seconds)
        return LinkedArtifact(artifact, link)

    def record(self, connection: Connection, kind: str, identifier: str, artifacts: Sequence[StoredArtifact]) -> None:
        """Record that links to these files are about to be given; commits. ``kind`` is that of the object."""
        settings = self._resources.settings
        if artifacts and settings.downloads == "links":
            names = [artifact.name for artifact in artifacts]
            self._record(connection, "link.made", kind, identifier, files=names, seconds=self._seconds(settings))

    def record_reading(self, connection: Connection, kind: str, identifier: str, artifact: StoredArtifact) -> None:
        """Record that a file is about to be sent; commits."""
        self._record(connection, "file.read", kind, identifier, files=[artifact.name])

    def _record(
        self,
        connection: Connection,
        action: str,
        kind: str,
        identifier: str,
        *,
        files: list[str],
        seconds: int | None = None,
    ) -> None:
        who = actor()
        what = (action, kind, identifier, who.name, who.via, who.token_id, files[0] if action == "file.read" else None)
        if self._seldom.is_due(what):
            more = {} if seconds is None else {"seconds": seconds}
            audit.record(connection, action, kind, identifier, files=files, **more)  # type: ignore[arg-type]
            connection.commit()
            self._seldom.recorded(what)

    def _seconds(self, settings: Settings) -> int:
        if settings.link_ttl_seconds is not None:
            return settings.link_ttl_seconds
        return LIFETIMES[self._mode or mode_of(settings, host=settings.host)]
