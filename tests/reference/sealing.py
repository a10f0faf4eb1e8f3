"""Polls under loads, late loads, removals, seals and retention once more: a dictionary by store and instant.

Written from docs/datasets.md, docs/dataset-life.md and docs/operations.md. Sealing changes nothing that anyone can
see, so nothing here remembers which weeks are sealed: a seal and an unseal do nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

DAY = timedelta(days=1)
WEEK = 7 * DAY


class Poll(NamedTuple):
    """A row of a file; ``status`` is active, inactive or unknown."""

    store: str
    at: datetime
    status: str


class Counts(NamedTuple):
    """What a dataset says of a file all of whose rows are valid."""

    accepted: int
    duplicate: int
    contradicting: int


class Known(NamedTuple):
    """What is known of the polls of one store."""

    first_at: datetime
    last_at: datetime
    polls: int


@dataclass
class Polls:
    """All polls that count."""

    said: dict[tuple[str, datetime], str] = field(default_factory=dict)

    def load(self, rows: Iterable[Poll]) -> Counts:
        """Load a file: it is merged whole, whatever is sealed."""
        rows = list(rows)
        # "If rows have the same store and instant, the last one counts."
        counting = {(row.store, row.at): row.status for row in rows}
        # "Contradicting rows are those of the duplicate ones that say something else than the row that counts for
        # their store and instant; lines that repeat each other count once."
        contradicting = {row for row in rows if row.status != counting[row.store, row.at]}
        self.said |= counting
        return Counts(len(counting), len(rows) - len(counting), len(contradicting))

    def remove(self, rows: Iterable[Poll]) -> None:
        """Take the rows of a file out."""
        # What goes "is still as the file set it: polls with the same store, instant and status".
        for key, status in {(row.store, row.at): row.status for row in rows}.items():
            if self.said.get(key) == status:
                del self.said[key]
        # "Rows that the file replaced are not restored"

    def seal(self) -> None:
        """Seal what may be sealed."""

    def unseal(self) -> None:
        """Take all weeks back."""

    def retain(self, days: int, now: datetime) -> None:
        """Drop the weeks that are past their retention."""
        # "weeks (Monday to Sunday in UTC) that ended longer ago than that" are dropped "whole"; days are counted whole
        day = midnight((now - days * DAY).date())
        self.said = {key: status for key, status in self.said.items() if week_of(key[1]) + WEEK > day}

    def rows(self) -> list[Poll]:
        """All polls by store and instant."""
        return sorted(Poll(store, at, status) for (store, at), status in self.said.items())

    def weeks(self) -> dict[date, int]:
        """Polls of each week that has any."""
        weeks: dict[date, int] = {}
        for _, at in self.said:
            monday = week_of(at).date()
            weeks[monday] = weeks.get(monday, 0) + 1
        return weeks

    def known(self) -> dict[str, Known]:
        """What is known of each store that has polls."""
        instants: dict[str, list[datetime]] = {}
        for store, at in self.said:
            instants.setdefault(store, []).append(at)
        return {store: Known(min(own), max(own), len(own)) for store, own in instants.items()}


def week_of(at: datetime) -> datetime:
    """The Monday in UTC on which the week of an instant begins."""
    return midnight(at.astimezone(UTC).date()) - at.weekday() * DAY


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
