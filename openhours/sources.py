"""Sources, APIs that the service reads again and again: add, list, view, sync, pause, resume, remove."""

from collections.abc import Mapping, Sequence
from time import monotonic, sleep
from typing import Any, Final
from urllib.parse import quote

from openhours.connection import Connection
from openhours.errors import StillRunning

#: Pause between two looks at a sync, seconds.
_LOOK_SECONDS: Final = 1.0

#: A sync has ended when it is in none of these.
_GOES_ON: Final = frozenset({"queued", "running"})


class Sources(Connection):
    """What a client asks of sources; each goes by its name."""

    def sources(self) -> list[Mapping[str, Any]]:
        """Sources by name, as answered."""
        return list(self._ask("GET", "/sources")["sources"])

    def source(self, name: str) -> Mapping[str, Any]:
        """One of them, as answered: up to when it is read, its ``last_sync``, what is left of its token's limits."""
        return self._ask("GET", _path(name))

    def add_source(
        self,
        name: str,
        repositories: Sequence[str] = (),
        *,
        projects: Sequence[str] = (),
        kind: str = "github",
        token: str | None = None,
        check: bool = True,
        **more: Any,
    ) -> Mapping[str, Any]:
        """Add a source; returns it as answered, with the ``findings`` of a look at what it can read.

        Args:
            name: by which people know it.
            repositories: of ``github``, patterns such as ``org/*``, ``org/name``, ``!org/old-*``.
            projects: of ``pypistats``, names of projects of the Python Package Index.
            kind: what is read.
            token: stored encrypted.
            check: refuse what cannot be read.
            more: ``address``, ``streams``, ``token_from``, ``app`` with ``id`` and ``installation``.
        """
        body = {"name": name, "kind": kind, **_named(repositories, projects), "token": token, **more}
        return self._ask("POST", "/sources", params={"check": check}, json=body)

    def set_source(
        self,
        name: str,
        repositories: Sequence[str] = (),
        *,
        projects: Sequence[str] = (),
        token: str | None = None,
        check: bool = True,
        **more: Any,
    ) -> Mapping[str, Any]:
        """Replace what a source reads, as add_source() says it; without a token the one that it has stays."""
        body = {**_named(repositories, projects), "token": token, **more}
        return self._ask("PUT", _path(name), params={"check": check}, json=body)

    def remove_source(self, name: str) -> None:
        """Remove a source; what it has brought stays."""
        self._response("DELETE", _path(name))

    def sync_source(self, name: str) -> str:
        """Have a source read what is new; returns the id of the sync, which may have waited already."""
        return str(self._ask("POST", f"{_path(name)}/sync")["sync_id"])

    def reset_source(self, name: str, *, streams: Sequence[str] = (), since: str | None = None) -> str:
        """Have streams, or all, read again: what was changed since an instant, or everything; returns the sync's id.

        Args:
            name: of the source.
            streams: Default: all.
            since: in ISO 8601 with Z or an offset.
        """
        query = {"stream": list(streams)} | ({} if since is None else {"since": since})
        return str(self._ask("POST", f"{_path(name)}/reset", params=query)["sync_id"])

    def reprocess_source(self, name: str, *, stream: str | None = None, since: str | None = None) -> str:
        """Have rows made anew from the pages that are kept, read since an instant or ever; returns the job's id."""
        query = {name: value for name, value in {"stream": stream, "since": since}.items() if value is not None}
        return str(self._ask("POST", f"{_path(name)}/reprocess", params=query)["job_id"])

    def pause_source(self, name: str) -> Mapping[str, Any]:
        """Pause syncs until the source is resumed."""
        return self._ask("POST", f"{_path(name)}/pause")

    def resume_source(self, name: str) -> Mapping[str, Any]:
        """Resume a source, and sync it now."""
        return self._ask("POST", f"{_path(name)}/resume")

    def gaps(self, name: str, *, closed: bool = False, limit: int = 200) -> list[Mapping[str, Any]]:
        """What is known not to have been read, newest first; with ``closed`` also what was read after all."""
        return list(self._ask("GET", f"{_path(name)}/gaps", params={"closed": closed, "limit": limit})["gaps"])

    def event_secret(self, name: str) -> Mapping[str, Any]:
        """What has to be entered at GitHub so that it sends events: ``address``, ``secret``, ``events``."""
        return self._ask("GET", f"{_path(name)}/event_secret")

    def source_repositories(self, name: str, *, limit: int = 1000) -> list[Mapping[str, Any]]:
        """The repositories that a source knows, by name, with their states."""
        return list(self._ask("GET", f"{_path(name)}/repositories", params={"limit": limit})["repositories"])

    def wait_for_sync(self, name: str, *, timeout_seconds: float = 3600) -> Mapping[str, Any]:
        """Wait until no sync of a source runs or waits, and no rows are made anew; returns the source as answered.

        A sync that waits because the API has asked for a pause is not waited for: ``last_sync`` says until when.

        Raises:
            StillRunning: that takes longer.
        """
        deadline = monotonic() + timeout_seconds
        while True:
            found = self.source(name)
            last = found["last_sync"]
            has_ended = last is None or last["status"] not in _GOES_ON or last["begins_at"] is not None
            if has_ended and not found["is_reprocessed"]:
                return found
            if monotonic() > deadline:
                raise StillRunning(f"{name} is still being read after {timeout_seconds:.0f} seconds.", source=name)
            sleep(_LOOK_SECONDS)


def _named(repositories: Sequence[str], projects: Sequence[str]) -> dict[str, list[str]]:
    """What a source is to read."""
    given = {"repositories": list(repositories), "projects": list(projects)}
    return {name: values for name, values in given.items() if values}


def _path(name: str) -> str:
    return f"/sources/{quote(name, safe='')}"
