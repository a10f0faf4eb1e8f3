"""Activity: what was counted of projects and repositories, and when teams work."""

from collections.abc import Mapping
from typing import Any

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
