"""All rows that there are, as the twin of metrics has them, and who somebody is: docs/metrics.md, "Facts"."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from tests.reference.metric_teams import Tables, team_of
from tests.reference.schedule import Entity


@dataclass(frozen=True, slots=True)
class World:
    """All rows that there are, and what is asked.

    Attributes:
        tables: rows by dataset kind, with the names of repositories and teams.
        schedules: of each team that is known.
        default: the schedule of what has no team.
        as_of: later instants are unknown.
        bots, incident_labels, incident_hours: the settings of these names.
    """

    tables: Tables
    schedules: dict[str, Entity]
    default: Entity
    as_of: datetime
    bots: tuple[str, ...] = ()
    incident_labels: tuple[str, ...] = ()
    incident_hours: float = 24.0

    def until(self, at: datetime | None) -> datetime | None:
        """An instant, unless it is later than that of the report."""
        return at if at is not None and at <= self.as_of else None

    def team(
        self, repo: str, at: datetime | date | None, *, author: str | None = None, own: str | None = None
    ) -> str | None:
        on = _utc_date(at)
        if on is None:
            return own
        return team_of(self.tables, self.schedules, repo=repo, author=author, on=on, own=own)


def _utc_date(at: datetime | date | None) -> date | None:
    return at.astimezone(UTC).date() if isinstance(at, datetime) else at


def person(login: str | None, number: int | None, address: str | None = None) -> str | None:
    """Who it is: the number of the account, else the address, else the login; nobody if the account was deleted."""
    if (login or "").lower() == "ghost":
        return None
    if number is not None:
        return f"number {number}"
    if address is not None:
        return f"address {address}"
    return None if login is None else f"login {login.lower()}"


def is_bot(world: World, login: str | None, told: object) -> bool:
    name = login or ""
    return bool(told) or name.endswith("[bot]") or name.startswith("app/") or name in world.bots


def same(login: str | None, number: int | None, other: str | None, other_number: int | None) -> bool:
    """Whether two accounts are known to be one: by number where both have one, else by login; ghosts never are."""
    if "ghost" in {(login or "").lower(), (other or "").lower()}:
        return False
    if number is not None and other_number is not None:
        return number == other_number
    return login is not None and other is not None and login.lower() == other.lower()


def total(*numbers: int | None) -> int | None:
    return None if None in numbers else sum(numbers)
