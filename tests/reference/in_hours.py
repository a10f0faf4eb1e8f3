"""The twin of the shares inside a team's hours: one commit after the other, by the rules of docs/activity.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit; ``person`` None: nobody knows who made it."""

    team: str | None
    at: datetime
    person: str | None
    parents: int


@dataclass(frozen=True, slots=True)
class Hours:
    """A zone, and from which minute to which one of the local day somebody works, by weekday, 0 = Monday."""

    zone: str
    windows: dict[int, tuple[int, int]]

    def hold(self, at: datetime) -> bool:
        local = at.astimezone(ZoneInfo(self.zone))
        begins, ends = self.windows.get(local.weekday(), (0, 0))
        return begins <= local.hour * 60 + local.minute < ends


def months(commits: Sequence[Commit], hours: dict[str, Hours]) -> list[tuple[object, ...]]:
    """Team, month, people, commits, merges, and both shares, by team and month."""
    found = []
    for team in sorted(hours):
        mine = [one for one in commits if one.team == team]
        zone = ZoneInfo(hours[team].zone)
        for month in sorted({f"{one.at.astimezone(zone):%Y-%m}" for one in mine}):
            now = [one for one in mine if f"{one.at.astimezone(zone):%Y-%m}" == month]
            people = {one.person for one in now if one.person is not None}
            kinds = ([one for one in now if one.parents < 2], [one for one in now if one.parents >= 2])
            shares = [
                sum(hours[team].hold(one.at) for one in kind) / len(kind) if kind and len(people) >= 5 else None
                for kind in kinds
            ]
            found.append((team, month, len(people), len(kinds[0]), len(kinds[1]), *shares))
    return found
