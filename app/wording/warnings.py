"""What is probably not meant, although nothing is wrong: told beside the result, which it never prevents."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

#: Of how many cases a warning gives an example.
EXAMPLES: Final = 5

#: Of these, so many are shown in a line.
SHOWN: Final = 2

#: Longest example, characters: a key may be much longer.
LONGEST: Final = 80

#: The messages by code; ``{count}`` is how many cases there are.
MESSAGES: Final = {
    "damaged_keys": "{count} of the keys look as if a spreadsheet or a data frame had turned ids into rounded numbers: "
    "format the column as text and export it again",
    "fixed_offset_zones": "rows with a zone whose clocks never change: {count}; where they do change, write the zone "
    "of a city",
    "contradicting_polls": "polls that say something else than a later line for the same store and instant: {count}; "
    "the later line counts",
    "long_coding_time": "pull requests whose first commit is more than a year older than they are: {count}; all that "
    "time counts as coding",
    "keys_without_polls": "stores of the file that have no polls: {count}; see that the keys are spelt as in the polls",
    "stores_without_polls": "stores without polls in the time that the report reads: {count}; all their open time is "
    "unknown",
    "default_zone": "stores with polls that have no time zone of their own: {count}; they go by the default zone "
    "{zone}: load timezones for them",
    "default_hours": "stores with polls that have no hours: {count}; they count as open around the clock: load hours "
    "for them",
    "polls_outside_hours": "stores that have polls, but none while they are open: {count}; check their hours and time "
    "zones",
    "default_team_hours": "pull requests of teams without hours, or of no team: {count} of {all}; they are measured in "
    "the default hours, {hours}: load hours for their teams",
    "default_team_zone": "pull requests of teams without a time zone, or of no team: {count} of {all}; they go by the "
    "default zone {zone}: load timezones for their teams",
    "rejected_rows": "rows that were left out because a measure is not a number: {count}; rejects.csv has them",
    "name_taken": "repositories that have been renamed to a name under which there are rows of others: {count}; new "
    "rows join those, older ones keep the old name; to have all under the new one, reset the source",
    "not_read": "repositories of which a source is known not to have read all pull requests: {count}; what is missing "
    "does not count as none: see the gaps of the source",
    "not_read_stream": "repositories of which a source is known not to have read everything of {stream}: {count}; what "
    "is missing does not count as none: see the gaps of the source",
    "nothing_counts": "rows that were read for the metrics: {count}; none of them counts from {first} to {last}: ask "
    "for other dates, with a period or with since and until, or for another as_of",
    "unreadable_metrics": "metrics whose definitions an earlier version of the program has stored, and this one cannot "
    "read: {count}; they are left out: store them as docs/metrics.md says, or remove them",
    "counts_replaced": "projects of which the source {source} had counts on days of this file, and which it does not "
    "name: {count}; they have 0 on these days now: load a file that tells of its own projects alone with covers=named",
    "no_installer": "rows that count as other, none as an install, as none names an installer that is known: {count}; "
    "if the file does not tell installers, load it without that column, so that the rows count as installs",
    "days_not_over": "rows of a day that was not over when the file arrived: {count}; they are left out: load the day "
    "again when it is over",
    "mostly_unknown": "more than half of the open time is unknown; stores above half: {count}",
}


@dataclass(frozen=True, slots=True)
class DataWarning:
    """One sort of thing that is probably not meant.

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
