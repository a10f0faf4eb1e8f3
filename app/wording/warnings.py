"""Warnings about probable mistakes in valid data: shown beside the result, which they never prevent."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

#: Most examples that a warning gives.
EXAMPLES: Final = 5

#: Examples that the command line shows.
SHOWN: Final = 2

#: Longest example, characters: a key may be much longer.
LONGEST: Final = 80

#: The messages by code; ``{count}`` is how many cases there are.
MESSAGES: Final = {
    "damaged_keys": "{count} of the keys look like ids that a spreadsheet or a data frame has rounded: format the "
    "column as text and export it again",
    "fixed_offset_zones": "rows whose time zone never changes its clocks: {count}; if the clocks there do change, use "
    "the zone of a city",
    "contradicting_polls": "polls that contradict a later line for the same store and instant: {count}; the "
    "later line counts",
    "long_coding_time": "pull requests created more than a year after their first commit: {count}; all that time "
    "counts as coding time",
    "keys_without_polls": "stores in the file without polls: {count}; check that their keys are spelled as in the "
    "polls",
    "stores_without_polls": "stores without polls in the period that the report covers: {count}; all their open time "
    "is unknown",
    "default_zone": "stores with polls but no time zone of their own: {count}; the default zone {zone} applies: load "
    "timezones for them",
    "default_hours": "stores with polls but no hours: {count}; they count as always open: load hours for them",
    "polls_outside_hours": "stores with polls only outside their hours: {count}; check their hours and time zones",
    "default_team_hours": "pull requests of teams without hours, or of no team: {count} of {all}; the default hours "
    "apply, {hours}: load hours for their teams",
    "default_team_zone": "pull requests of teams without a time zone, or of no team: {count} of {all}; the default "
    "zone {zone} applies: load timezones for their teams",
    "rejected_rows": "rows left out because a measure is not a number: {count}; they are listed in rejects.csv",
    "name_taken": "repositories renamed to a name that already has rows of another repository: {count}; new rows join "
    "those rows, older rows keep the old name; to move all rows to the new name, reset the source",
    "not_read": "repositories whose pull requests a source has not read completely: {count}; missing data does not "
    "count as zero: see the gaps of the source",
    "not_read_stream": "repositories whose {stream} a source has not read completely: {count}; missing data does not "
    "count as zero: see the gaps of the source",
    "nothing_counts": "rows read for the metrics: {count}; none of them counts from {first} to {last}: choose other "
    "dates, with period or with since and until, or another as_of",
    "unreadable_metrics": "metrics whose definitions were stored by an earlier version and cannot be read by this "
    "one: {count}; they are left out: store them again as described in docs/metrics.md, or remove them",
    "counts_replaced": "projects with counts of the source {source} on days of this file that the file does not name: "
    "{count}; their counts on these days are 0 now: to leave other projects alone, load the file with covers=named",
    "no_installer": "rows that count as other because they name no known installer: {count}; none of them counts as "
    "an install; if that column does not hold installers, load the file without it, and the rows count as installs",
    "days_not_over": "rows of a day that had not ended when the file arrived: {count}; they are left out: load that "
    "day again once it has ended",
    "unknown_until_change": "stores that hold their status until it changes, and have no poll from the lookback to the "
    "beginning of the report: {count}; they are unknown until their first change: raise lookback_hours, up to 720",
    "mostly_unknown": "more than half of the open time is unknown; stores above one half: {count}",
}


@dataclass(frozen=True, slots=True)
class DataWarning:
    """A warning about one sort of probable mistake.

    Attributes:
        code: stable, for programs.
        message: for people; continues without a full stop.
        count: how many cases there are.
        examples: up to EXAMPLES of them.
    """

    code: str
    message: str
    count: int
    examples: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As it is stored and answered."""
        return asdict(self) | {"examples": list(self.examples)}


def warning(code: str, count: int, examples: Iterable[str], **words: str) -> DataWarning:
    """A warning in the words of its code."""
    shown = tuple(one if len(one) <= LONGEST else f"{one[:LONGEST]}…" for one in list(examples)[:EXAMPLES])
    return DataWarning(code, MESSAGES[code].format(count=f"{count:,}", **words), count, shown)


def in_a_line(told: Any) -> str:
    """A warning as JSON has it, for the command line, with as many examples as a reader takes in."""
    examples: Sequence[str] = (told.get("examples") or ())[:SHOWN]
    more = ", …" if len(examples) < told["count"] else ""
    return f"warning: {told['message']}" + (f" ({'; '.join(examples)}{more})" if examples else "")


@dataclass(slots=True)
class Cases:
    """Counts cases of one sort, and keeps the first few as examples."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, count: int, examples: Sequence[str]) -> None:
        """So many more, of which these are some; an example is kept once."""
        self.count += count
        for one in examples:
            if len(self.examples) >= EXAMPLES:
                return
            if one not in self.examples:
                self.examples.append(one)
