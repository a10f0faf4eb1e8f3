"""Schedules: make, list, pause, resume, run, remove."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from openhours.connection import Connection
from openhours.parameters import as_json


class Schedules(Connection):
    """What a client asks of schedules; each goes by its name or its id."""

    def schedules(self, *, state: str | None = None) -> list[Mapping[str, Any]]:
        """Schedules by name, as answered.

        Args:
            state: only those that are ``active``, that are ``paused``, or whose last job ``failed``.
        """
        query = {} if state is None else {"state": state}
        return list(self._ask("GET", "/schedules", params=query)["schedules"])

    def schedule(self, name: str) -> Mapping[str, Any]:
        """One of them, as answered: what it begins, its ``next`` three instants, what it ``last`` began."""
        return self._ask("GET", _path(name))

    def add_schedule(
        self, name: str, kind: str = "uptime", params: Mapping[str, Any] | None = None, **when: Any
    ) -> Mapping[str, Any]:
        """Make a schedule of a report; returns it as answered.

        Args:
            name: by which people know it.
            kind: report kind.
            params: of the report, without ``as_of``.
            when: ``every`` with ``at`` and ``on``, or ``cron``; ``timezone``, ``as_of``, ``catch_up``, ``enabled``;
                ``does="sync"`` has it read the source that ``kind`` names; ``notify``, names of webhooks and addresses
                that are told when what it begins has ended.
        """
        return self._ask("POST", "/schedules", json=_body(name, kind, params, when))

    def set_schedule(
        self, name: str, kind: str = "uptime", params: Mapping[str, Any] | None = None, **when: Any
    ) -> Mapping[str, Any]:
        """Set a schedule anew, all of it, as add_schedule() makes one."""
        return self._ask("PUT", _path(name), json=_body(name, kind, params, when))

    def preview_schedule(self, **when: Any) -> Mapping[str, Any]:
        """When a schedule would be due, in ``words`` and as its ``next`` three instants."""
        return self._ask("GET", "/schedules/preview", params=when)

    def pause_schedule(self, name: str) -> Mapping[str, Any]:
        """Pause a schedule until it is resumed."""
        return self._ask("POST", f"{_path(name)}/pause")

    def resume_schedule(self, name: str) -> Mapping[str, Any]:
        """Have a paused schedule go on from now."""
        return self._ask("POST", f"{_path(name)}/resume")

    def run_schedule(self, name: str) -> str:
        """Begin now what a schedule begins; returns the id of the report, or of the job of the sync."""
        return str(self._ask("POST", f"{_path(name)}/run")["job_id"])

    def remove_schedule(self, name: str) -> None:
        """Remove a schedule; the jobs that it started stay."""
        self._response("DELETE", _path(name))


def _path(name: str) -> str:
    return f"/schedules/{quote(name, safe='')}"


def _body(name: str, kind: str, params: Mapping[str, Any] | None, when: Mapping[str, Any]) -> dict[str, Any]:
    given = {one: as_json(one, value) for one, value in (params or {}).items()}
    return {"name": name, "kind": kind, "params": given, **when}
