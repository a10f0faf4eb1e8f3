"""Activity: what was counted of projects and repositories, and when teams work."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from openhours.connection import Connection


class Activity(Connection):
    """What a client asks of activity."""

    def activity_hours(self, *, months: int = 12, as_of: str | None = None) -> list[Mapping[str, Any]]:
        """The shares of commits and merges inside the hours of teams, by team and month, as answered.

        Args:
            months: whole months before that of ``as_of``, 1 to 120.
            as_of: in ISO 8601 with Z or an offset. Default: now.
        """
        query: dict[str, Any] = {"months": months} | ({} if as_of is None else {"as_of": as_of})
        return list(self._ask("GET", "/activity/hours", params=query)["months"])

    def activity(
        self,
        key: str,
        *,
        kind: str | None = None,
        months: int = 12,
        as_of: str | None = None,
        source: str | None = None,
    ) -> Mapping[str, Any]:
        """What was counted of a project or a repository, as answered.

        Args:
            key: name of the project, or ``owner/name`` of the repository.
            kind: ``project`` or ``repo``. Default: ``repo`` if there is a slash in the key.
            months: whole months before that of ``as_of``, 1 to 120.
            as_of: in ISO 8601 with Z or an offset. Default: now.
            source: who counted the installs. Default: the one that counted until latest.
        """
        given = {"months": months, "as_of": as_of, "source": source}
        query = {name: value for name, value in given.items() if value is not None}
        path = f"/activity/{kind or ('repo' if '/' in key else 'project')}/{quote(key, safe='')}"
        found: Mapping[str, Any] = self._ask("GET", path, params=query)
        return found

    def activity_gaps(self, *, source: str | None = None) -> Mapping[str, Any]:
        """``gaps``, days of which sources of installs told nothing, between days of which they did; as answered.

        Of more than 10,000 these are the first; ``is_cut`` says so.
        """
        query: dict[str, Any] = {"limit": 10_000} | ({} if source is None else {"source": source})
        found: Mapping[str, Any] = self._ask("GET", "/activity/gaps", params=query)
        return found
