"""What may happen to polls over time, made by Hypothesis: files in any order, removals, seals and retention."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import strategies as st

from tests.reference.sealing import Poll

STORES: Final = ("9", "10", "007", "B", "a")

#: A Monday; polls are of the weeks after it.
BEGIN: Final = datetime(2023, 1, 2, tzinfo=UTC)

WEEKS: Final = 4

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Load:
    rows: tuple[Poll, ...]


@dataclass(frozen=True, slots=True)
class Remove:
    """Take out one of the files loaded before: the number counts back from the last, round and round."""

    back: int


@dataclass(frozen=True, slots=True)
class Seal:
    """Seal the weeks that ended before an instant."""

    before: datetime


@dataclass(frozen=True, slots=True)
class Unseal:
    pass


@dataclass(frozen=True, slots=True)
class Retain:
    now: datetime


@dataclass(frozen=True, slots=True)
class Read:
    """Read a window, both ends included, of all stores or of these."""

    first: datetime
    last: datetime
    stores: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What happens between the snapshot of a report and its reading."""

    step: Load | Remove | Unseal


Step = Load | Remove | Seal | Unseal | Retain | Read | Meanwhile


def instants() -> st.SearchStrategy[datetime]:
    """Whole hours anywhere, or about the turn of a week."""
    anywhere = st.integers(0, WEEKS * 7 * 24 - 1).map(lambda hours: BEGIN + hours * HOUR)
    turns = st.builds(
        lambda week, nudge: BEGIN + week * WEEK + nudge,
        st.integers(0, WEEKS),
        st.sampled_from((timedelta(), -MICROSECOND, MICROSECOND, -HOUR, HOUR)),
    )
    return anywhere | turns


@st.composite
def _loads(draw: st.DrawFn) -> Load:
    """A file: single polls and runs of them, some repeated with another status."""
    statuses = st.sampled_from(("active", "inactive", "unknown"))
    some = st.builds(Poll, st.sampled_from(STORES), instants(), statuses)
    rows = draw(st.lists(some, max_size=8))
    for start in draw(st.lists(some, max_size=2)):
        step = draw(st.sampled_from((HOUR, DAY, 7 * DAY + HOUR)))
        rows += [start._replace(at=start.at + number * step) for number in range(draw(st.integers(1, 12)))]
    if rows:
        again = draw(st.lists(st.sampled_from(rows), max_size=3))
        rows += [row._replace(status=draw(statuses)) for row in again]
    return Load(tuple(rows))


@st.composite
def _reads(draw: st.DrawFn) -> Read:
    first, last = sorted((draw(instants()), draw(instants())))
    return Read(first, last, tuple(draw(st.lists(st.sampled_from(STORES), min_size=1, max_size=3, unique=True))))


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """Begin with a file, and some weeks of it sealed."""
    seals = st.integers(1, WEEKS + 1).map(lambda weeks: Seal(BEGIN + weeks * WEEK))
    # A week goes two days after its end; most of the time nothing is old enough.
    retains = st.integers(0, 2).map(lambda weeks: Retain(BEGIN + weeks * WEEK + 2 * DAY))
    changes = st.one_of(_loads(), _loads(), st.integers(0, 5).map(Remove), st.just(Unseal()))
    steps = st.one_of(changes, changes, changes.map(Meanwhile), seals, seals, _reads(), retains)
    return [draw(_loads()), draw(seals), *draw(st.lists(steps, min_size=1, max_size=8))]
