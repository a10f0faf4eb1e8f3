"""Activity once more, a day and a project at a time: who told of a day last, and what follows for months and totals.

Nothing is kept but the history itself: every question walks through all that came and went.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

DAY = timedelta(days=1)
KEPT_FROM = date(2024, 2, 23)


@dataclass(frozen=True)
class Row:
    """A row of a file of installs."""

    project: str
    day: date
    installer: str = ""
    version: str = ""
    ci: str = ""
    count: int = 1

    @property
    def name(self) -> str:
        return re.sub("[-_.]+", "-", self.project).lower()

    @property
    def of_whom(self) -> str:
        if self.ci == "true":
            return "ci"
        if self.installer.lower() in {
            "bandersnatch",
            "z3c.pypimirror",
            "pep381client",
            "artifactory",
            "devpi",
            "nexus",
        }:
            return "mirror"
        numbers = [int(number) for number in re.findall(r"\d+", self.version)[:2]]
        says = self.installer == "uv" or (self.installer == "pip" and numbers >= [19, 1])
        if says and self.day >= KEPT_FROM:
            return "person"
        silent = ["pip", "uv", "poetry", "pdm", "conda", "pex", "setuptools", "distribute", "homebrew", "maturin"]
        return "unknown_ci" if self.installer.lower() in ["", *silent] else "other"


@dataclass(frozen=True)
class File:
    """A file of installs; ``between`` are the first and the last day of which it says that it tells as well."""

    arrived: datetime
    source: str
    is_named: bool
    rows: tuple[Row, ...]
    between: tuple[date, date] | None = None

    def tells_of(self, project: str, day: date) -> bool:
        """Whether the file says how often the project was installed on the day, 0 included."""
        if day >= self.arrived.date():
            return False
        said = self.between is not None and self.between[0] <= day <= self.between[1]
        if self.is_named:
            days = {row.day for row in self.rows if row.name == project}
            return day in days or (said and bool(days))
        return said or day in {row.day for row in self.rows}

    def counts(self, project: str, day: date) -> Counter[str]:
        found: Counter[str] = Counter()
        for row in self.rows:
            if row.name == project and row.day == day:
                found[row.of_whom] += row.count
        return +found


@dataclass
class Installs:
    """What files that came, went and came again have told of, and which projects have another name now."""

    history: list[tuple[bool, File]] = field(default_factory=list)
    moves: dict[str, str] = field(default_factory=dict)

    def load(self, file: File) -> None:
        self.history.append((True, file))

    def remove(self, file: File) -> None:
        self.history.append((False, file))

    def teller(self, source: str, project: str, day: date) -> File | None:
        """The file that counts for a project and a day: of those that are there, the one that arrived last.

        What a file had replaced is gone: it does not come back when that file is removed.
        """
        teller: File | None = None
        for comes, file in self.history:
            if file.source != source or not file.tells_of(project, day):
                continue
            if comes and (teller is None or file.arrived > teller.arrived):
                teller = file
            if not comes and file == teller:
                teller = None
        return teller

    def now(self, project: str) -> str:
        """The name that a project has now."""
        while project in self.moves:
            project = self.moves[project]
        return project

    def names(self, project: str) -> list[str]:
        """All names of a project, now and earlier."""
        every = {row.name for _, file in self.history for row in file.rows} | {*self.moves, *self.moves.values()}
        return sorted(name for name in every | {project} if self.now(name) == self.now(project))

    def is_known(self, project: str) -> bool:
        """Whether any file has ever named the project, under any of its names."""
        named = {row.name for comes, file in self.history if comes for row in file.rows}
        return bool(named & {*self.names(project)})

    def days(self, source: str, project: str, days: list[date]) -> dict[date, Counter[str]]:
        """Counts of each of these days of which the source tells, under any name."""
        found: dict[date, Counter[str]] = {}
        for day in days:
            tellers = [(name, self.teller(source, name, day)) for name in self.names(project)]
            told = [file.counts(name, day) for name, file in tellers if file is not None]
            if told:
                found[day] = sum(told, Counter())
        return found


def total(days: dict[date, Counter[str]]) -> Counter[str] | None:
    """All counts; None without any covered day."""
    return sum(days.values(), Counter()) if days else None


def recent(days: dict[date, Counter[str]]) -> tuple[date, date, int, Counter[str]] | None:
    """From, to, covered days and counts of the 30 days that end with the last covered one."""
    if not days:
        return None
    last = max(days)
    first = last - 29 * DAY
    among = [counts for day, counts in days.items() if first <= day]
    return first, last, len(among), sum(among, Counter())


def month(days: dict[date, Counter[str]], first: date) -> tuple[str, int, Counter[str] | None]:
    """State, covered days and counts of the month that begins on a day."""
    every = [first]
    while (every[-1] + DAY).month == first.month:
        every.append(every[-1] + DAY)
    covered = [day for day in every if day in days]
    if not covered:
        return ("before_first" if days and every[-1] < min(days) else "no_data"), 0, None
    state = "complete" if len(covered) == len(every) else "partial"
    return state, len(covered), sum((days[day] for day in covered), Counter())
