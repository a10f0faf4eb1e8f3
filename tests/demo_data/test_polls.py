"""The poll log: what real logs have is in it, and its bytes do not depend on how it is made."""

import csv
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.demo_data.polls import LINE_BYTES, PollLog
from app.demo_data.stores import store_ids
from tests.strategies import examples

STORES, DAYS, END = 60, 90, date(2024, 3, 1)
LOG = PollLog(3, store_ids(3, STORES), END)
CELLS = STORES * DAYS * 24
WHOLE = LOG.lines(0, CELLS)

Poll = tuple[datetime, bool]


def hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


@pytest.fixture(scope="module")
def rows() -> list[tuple[str, bool, datetime]]:
    """Store, active and instant of each line."""
    return [
        (store, {"active": True, "inactive": False}[status], datetime.fromisoformat(at.replace(" UTC", "Z")))
        for store, status, at in csv.reader(WHOLE.decode().splitlines())
    ]


@pytest.fixture(scope="module")
def polls(rows: list[tuple[str, bool, datetime]]) -> dict[str, list[Poll]]:
    """The polls of each store in the order of time."""
    found: dict[str, list[Poll]] = defaultdict(list)
    for store, active, at in rows:
        found[store].append((at, active))
    return {store: sorted(polls) for store, polls in found.items()}


@settings(max_examples=examples(50))
@given(st.lists(st.integers(0, CELLS), max_size=6), st.integers(0, CELLS))
def test_the_bytes_are_the_same_in_pieces_of_any_size(cuts: list[int], end: int) -> None:
    bounds = sorted({0, *(cut for cut in cuts if cut < end), end})
    pieces = [LOG.lines(first, last) for first, last in pairwise(bounds)]
    assert b"".join(pieces) == LOG.lines(0, end)
    assert WHOLE.startswith(b"".join(pieces))


def test_the_arrays_are_what_the_lines_say() -> None:
    ids = store_ids(3, STORES)
    log = PollLog(3, ids, END, interval_minutes=20)
    store, at, active = log.polls(100, 30_000)
    rows = [line.split(",") for line in log.lines(100, 30_000).decode().splitlines()]
    assert [str(ids[number]) for number in store] == [row[0] for row in rows]
    assert [{True: "active", False: "inactive"}[bool(up)] for up in active] == [row[1] for row in rows]
    told = [datetime.fromisoformat(row[2].replace(" UTC", "+00:00")) for row in rows]
    assert [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(micros)) for micros in at] == told


def test_another_seed_gives_other_polls() -> None:
    other = PollLog(4, store_ids(3, STORES), END).lines(0, CELLS)
    assert not set(WHOLE.splitlines()) & set(other.splitlines())


def test_what_happened_does_not_depend_on_where_the_log_ends() -> None:
    later = PollLog(3, store_ids(3, STORES), END + timedelta(days=10)).lines(0, CELLS).splitlines()
    shared = [line for line in later if line.rpartition(b",")[2] < str(END).encode()]
    assert shared == WHOLE.splitlines()[: len(shared)]
    assert shared


def test_every_line_is_a_poll_of_the_days_before_the_end(rows: list[tuple[str, bool, datetime]]) -> None:
    end = datetime(END.year, END.month, END.day, tzinfo=UTC)
    instants = [at for _, _, at in rows]
    assert end - timedelta(days=DAYS) <= min(instants) < end - timedelta(days=DAYS - 1)
    assert end - timedelta(days=1) < max(instants) < end
    assert max(map(len, WHOLE.splitlines(keepends=True))) <= LINE_BYTES


def test_hours_come_newest_first(rows: list[tuple[str, bool, datetime]]) -> None:
    hours = [hour for hour, _ in groupby(hour_of(at) for _, _, at in rows)]
    assert hours == sorted(set(hours), reverse=True)


def test_each_store_is_polled_about_once_an_hour(polls: dict[str, list[Poll]]) -> None:
    assert len(polls) == STORES
    for of_store in polls.values():
        assert 0.6 * DAYS * 24 < len(of_store) < 1.01 * DAYS * 24
        assert set(Counter(hour_of(at) for at in dict(of_store)).values()) == {1}
    minutes = {at.minute for of_store in polls.values() for at, _ in of_store}
    assert minutes == set(range(60))


def test_stores_that_are_polled_every_five_minutes_miss_few_polls() -> None:
    log = PollLog(3, store_ids(3, STORES), END, interval_minutes=5)
    assert log.cells_a_day == STORES * 24 * 12
    lines = log.lines(0, 7 * log.cells_a_day).decode().splitlines()
    found: dict[str, set[datetime]] = defaultdict(set)
    for store, _, at in csv.reader(lines):
        found[store].add(datetime.fromisoformat(at.replace(" UTC", "Z")))
    assert len(found) == STORES
    oldest = datetime(END.year, END.month, END.day, tzinfo=UTC) - timedelta(days=7)
    intervals = {store: {(at - oldest) // timedelta(minutes=5) for at in instants} for store, instants in found.items()}
    for store, instants in found.items():
        assert len(intervals[store]) == len(instants)  # never two in one interval
        assert 0.85 * 7 * 24 * 12 < len(instants) <= 7 * 24 * 12
        assert intervals[store] <= set(range(7 * 24 * 12))
    assert {at.minute for instants in found.values() for at in instants} == set(range(60))
    share = sum(line.count(",inactive,") for line in lines) / len(lines)
    assert 0.005 < share < 0.1


def test_some_stores_are_down_for_hours_and_most_are_up(polls: dict[str, list[Poll]]) -> None:
    lengths = [
        len(list(run)) for of_store in polls.values() for active, run in groupby(up for _, up in of_store) if not active
    ]
    assert max(lengths) >= 12
    assert sum(length > 2 for length in lengths) >= 10
    share = sum(lengths) / sum(map(len, polls.values()))
    assert 0.005 < share < 0.1


def test_some_stores_are_not_looked_at_for_many_hours(polls: dict[str, list[Poll]]) -> None:
    gaps = [after - before for of_store in polls.values() for (before, _), (after, _) in pairwise(of_store)]
    assert max(gaps) > timedelta(hours=12)


def test_at_times_nobody_is_polled(rows: list[tuple[str, bool, datetime]]) -> None:
    polled = len({hour_of(at) for _, _, at in rows})
    assert DAYS * 24 - 6 * 7 <= polled < DAYS * 24


def test_some_instants_have_no_fraction_and_some_are_repeated_with_the_other_status(
    rows: list[tuple[str, bool, datetime]],
) -> None:
    whole = sum(line.count(b".") == 0 for line in WHOLE.splitlines())
    assert 0.005 < whole / len(rows) < 0.02
    repeated = [(first, second) for first, second in pairwise(rows) if (first[0], first[2]) == (second[0], second[2])]
    assert len(repeated) > 5
    assert all(first[1] != second[1] for first, second in repeated)
    assert len({(store, at) for store, _, at in rows}) == len(rows) - len(repeated)


def test_a_log_begins_in_1970() -> None:
    log = PollLog(1, store_ids(1, 5), date(1970, 1, 3))
    assert log.cells == 5 * 48
    lines = log.lines(0, log.cells).splitlines()
    assert lines[-1].rpartition(b",")[2].startswith(b"1970-01-01 0")
