"""Metrics: list, view, store and remove their definitions; the facts, and the rows that count."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from openhours.connection import Connection


class Metrics(Connection):
    """What a client asks of metrics."""

    def metrics(self) -> list[Mapping[str, Any]]:
        """The latest version of each metric by name, as answered."""
        return list(self._ask("GET", "/metrics-definitions")["metrics"])

    def metric(self, name: str, *, version: int | None = None) -> Mapping[str, Any]:
        """One of them, as answered, with its definition in ``document``.

        Args:
            name: of the metric.
            version: of its definition; 0 is the one that is shipped. Default: the latest.
        """
        return self._ask("GET", _path(name), params={} if version is None else {"version": version})

    def put_metric(self, name: str, document: Mapping[str, Any], *, dry_run: bool = False) -> Mapping[str, Any]:
        """Store a definition as a new version; returns it as answered. One that equals the latest changes nothing.

        Args:
            name: by which reports call the metric.
            document: the definition.
            dry_run: only check it; what would be stored is returned.

        Raises:
            Problem: it is wrong; ``details["errors"]`` has each place, what came there, and what is allowed.
        """
        params = {"dry_run": "true"} if dry_run else {}
        return self._ask("PUT", _path(name), params=params, json=document)

    def remove_metric(self, name: str) -> None:
        """Remove all stored versions of a metric; a shipped metric with this name then applies again."""
        self._response("DELETE", _path(name))

    def metric_facts(self) -> Mapping[str, Any]:
        """The tables of facts with their columns, and what definitions may say of them, as answered."""
        return self._ask("GET", "/metrics-facts")

    def metric_rows(
        self,
        name: str,
        *,
        team: str | None = None,
        repo: str | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
        limit: int = 50,
        version: int | None = None,
    ) -> Mapping[str, Any]:
        """The ``rows`` of facts that count in a metric, the newest first, as answered; ``more``: there are older ones.

        Args:
            name: of the metric.
            team, repo: of this one alone.
            since, until: dates on the clocks of teams, the second not included. Default: the last four weeks.
            limit: at most so many, 1 to 200.
            version: of the definition. Default: the latest.
        """
        given = {"team": team, "repo": repo, "since": since, "until": until, "limit": limit, "version": version}
        query = {key: str(value) for key, value in given.items() if value is not None}
        return self._ask("GET", f"{_path(name)}/rows", params=query)


def _path(name: str) -> str:
    return f"/metrics-definitions/{quote(name, safe='')}"
