"""Reading polls in slices and in parallel gives what a plain SELECT gives."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock, get_ident
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, text

from app.series import poll_reading, polls
from app.series.entities import read_entities
from app.series.poll_sorting import week_of
from app.series.snapshots import take_snapshot
from app.settings import Settings
from app.storage.postgres import driver_cursor
from app.storage.resources import Addresses, Resources
from app.timeline import DAY, Micros, from_micros
from app.timeline.entities import Entities
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN, Status
from tests.conftest import fresh_resources, load_file
from tests.engine import array, micros
from tests.kinds import source_of

STORES = 40
MONDAY = micros(datetime(2023, 1, 16, tzinfo=UTC))
WEEK = 7 * DAY
END = MONDAY + 3 * WEEK
#: Instants of which there is a poll: the edges of the weeks, and one in the middle.
EDGES = [MONDAY, MONDAY + WEEK - 1, MONDAY + WEEK, MONDAY + 2 * WEEK - 1, MONDAY + 2 * WEEK, END - 1]
MIDDLE = MONDAY + 10 * DAY

#: Number of the entity, instant, status.
Poll = tuple[int, int, int]

#: A third each.
WORDS = ("inactive", "active", "unknown")


#: What is read of a poll by what its row holds.
STATUS = {False: INACTIVE, True: ACTIVE, None: UNKNOWN}


@pytest.fixture(scope="module")
def stored(
    servers: Addresses, session_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Resources]:
    with fresh_resources(servers, session_settings) as resources:
        load_three_weeks(resources, tmp_path_factory.mktemp("series"))
        yield resources


def load_three_weeks(resources: Resources, folder: Path) -> Entities:
    """Polls of three weeks and 40 stores, of which the last has a zone only."""
    random = np.random.default_rng(20230116)
    instants = np.append(random.integers(MONDAY, END, 30_000), [*EDGES, MIDDLE])
    said = random.integers(0, len(WORDS), len(instants))
    (folder / "polls.csv").write_text(
        "store_id,status,timestamp_utc\n"
        + "".join(
            f"{number % (STORES - 1)},{WORDS[status]},{np.datetime64(at, 'us')}Z\n"
            for number, (at, status) in enumerate(zip(instants.tolist(), said.tolist(), strict=True))
        )
    )
    (folder / "zones.csv").write_text("store_id,timezone_str\n" + "".join(f"{n},UTC\n" for n in range(STORES)))
    load_file(resources, "timezones", folder / "zones.csv")
    load_file(resources, "polls", folder / "polls.csv")
    with resources.engine.connect() as connection:
        return read_entities(connection, "store")


@pytest.fixture
def everyone(stored: Resources) -> Entities:
    with stored.engine.connect() as connection:
        return read_entities(connection, "store")


def plain(resources: Resources, entities: Entities, first: int, last: int) -> list[Poll]:
    """What a plain SELECT finds, with the numbers of the entities."""
    number = {entity: at for at, entity in enumerate(entities.ids.tolist())}
    query = "SELECT entity_id, (extract(epoch FROM at) * 1000000)::bigint AS at, active FROM poll"
    with resources.engine.connect() as connection:
        rows = connection.execute(text(f"SELECT * FROM ({query}) AS p WHERE at BETWEEN {first} AND {last}"))
        return sorted((number[row[0]], row[1], STATUS[row[2]]) for row in rows if row[0] in number)


def read(
    resources: Resources, entities: Entities, scope: poll_reading.Scope, first: int, last: int, *, connections: int = 2
) -> list[Poll]:
    found: list[Poll] = []
    told: list[float] = []

    def consume(number: Micros, at: Micros, status: Status) -> None:
        assert (number.dtype, at.dtype, status.dtype) == (np.int64, np.int64, np.int8)
        found.extend(zip(number.tolist(), at.tolist(), status.tolist(), strict=True))

    with take_snapshot(resources.engine) as shown:
        poll_reading.read(
            source_of(resources),
            shown,
            entities,
            first=first,
            last=last,
            scope=scope,
            connections=connections,
            consume=consume,
            progress=told.append,
        )
    assert told == sorted(told)
    assert told[-1:] in ([], [1.0])
    assert resources.engine.pool.checkedout() == 0
    return sorted(found)


WINDOWS = {
    "everything": (0, END + WEEK),
    "the edges of the data, included": (MONDAY, END - 1),
    "the edges of the data, left out": (MONDAY + 1, END - 2),
    "within a week": (MONDAY + DAY, MONDAY + 2 * DAY),
    "from the last instant of a week to the first of the next": (MONDAY + WEEK - 1, MONDAY + WEEK),
    "one instant": (MIDDLE, MIDDLE),
    "before the data": (0, MONDAY - 1),
    "after the data": (END, END + WEEK),
}


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("scope", ["all", "range", "listed"])
@pytest.mark.parametrize("connections", [1, 3])
def test_every_scope_reads_what_a_plain_select_reads(
    stored: Resources,
    everyone: Entities,
    monkeypatch: pytest.MonkeyPatch,
    scope: poll_reading.Scope,
    window: str,
    connections: int,
) -> None:
    monkeypatch.setattr(poll_reading, "SLICE_PAGES", 5)
    monkeypatch.setattr(poll_reading, "SLICE_POLLS", 100)
    monkeypatch.setattr(poll_reading, "SLICE_ENTITIES", 3)
    first, last = WINDOWS[window]
    entities = {"all": everyone, "range": everyone.part(10, 25), "listed": chosen(everyone, [3, 4, 17, 38, 39])}[scope]
    expected = plain(stored, entities, first, last)
    assert read(stored, entities, scope, first, last, connections=connections) == expected
    counts = {"everything": 30_007, "one instant": 1, "before the data": 0, "after the data": 0}
    if scope == "all" and window in counts:
        assert len(expected) == counts[window]


def chosen(entities: Entities, numbers: list[int]) -> Entities:
    at = array(numbers)
    return Entities(entities.ids[at], [entities.keys[n] for n in numbers])


@pytest.mark.parametrize("scope", ["all", "range", "listed"])
def test_polls_of_others_are_dropped(stored: Resources, everyone: Entities, scope: poll_reading.Scope) -> None:
    some = chosen(everyone, [5, 6, 30])
    expected = plain(stored, some, 0, END)
    assert len(expected) > 2000
    assert read(stored, some, scope, 0, END) == expected


@pytest.mark.parametrize("scope", ["all", "range", "listed"])
def test_the_snapshot_says_which_weeks_there_are(
    stored: Resources, everyone: Entities, scope: poll_reading.Scope
) -> None:
    """Not what a session knows of partitions: of one that a load has just attached it may hear a moment too late."""
    expected = plain(stored, everyone, 0, END)
    monday = from_micros(int(week_of(MIDDLE))).date()
    partition = polls.partition_of(monday)
    with stored.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE poll DETACH PARTITION {partition}"))
    try:
        assert len(plain(stored, everyone, 0, END)) < len(expected)
        assert read(stored, everyone, scope, 0, END) == expected
    finally:
        span = f"FROM ('{monday} 00:00Z') TO ('{monday + timedelta(days=7)} 00:00Z')"
        with stored.engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE poll ATTACH PARTITION {partition} FOR VALUES {span}"))


def test_many_weeks_are_looked_up_some_at_a_time(
    stored: Resources, everyone: Entities, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poll_reading, "SLICE_WEEKS", 2)
    some = chosen(everyone, [5, 6, 30])
    for first, last in WINDOWS.values():
        assert read(stored, some, "listed", first, last) == plain(stored, some, first, last)


def test_nobody_is_not_read_for(stored: Resources, everyone: Entities) -> None:
    assert read(stored, everyone.part(0, 0), "all", 0, END) == []
    silent = chosen(everyone, [everyone.keys.index(str(STORES - 1))])
    assert read(stored, silent, "listed", 0, END) == []


@pytest.mark.parametrize("scope", ["all", "range", "listed"])
def test_an_error_in_one_thread_ends_the_call_with_that_error(
    stored: Resources, everyone: Entities, monkeypatch: pytest.MonkeyPatch, scope: poll_reading.Scope
) -> None:
    monkeypatch.setattr(poll_reading, "SLICE_PAGES", 1)
    monkeypatch.setattr(poll_reading, "SLICE_POLLS", 100)
    monkeypatch.setattr(poll_reading, "SLICE_ENTITIES", 1)
    calls: list[int] = []
    lock = Lock()

    def consume(*_: object) -> None:
        with lock:
            calls.append(get_ident())
            if len(calls) == 5:
                raise ZeroDivisionError("the fifth block")

    with pytest.raises(ZeroDivisionError, match="the fifth block"), take_snapshot(stored.engine) as shown:
        poll_reading.read(
            source_of(stored),
            shown,
            everyone,
            first=0,
            last=END,
            scope=scope,
            connections=3,
            consume=consume,
            progress=lambda _: None,
        )
    assert len(calls) < 25  # of some 200, 300 or 40; a slice under way is finished
    assert stored.engine.pool.checkedout() == 0
    assert read(stored, everyone, scope, 0, END) == plain(stored, everyone, 0, END)


def test_a_range_is_read_along_the_key_a_bounded_number_of_polls_at_a_time(
    stored: Resources, everyone: Entities, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has how many polls; and no step of a plan looks at more than that, so all ranges read each poll once."""
    monkeypatch.setattr(poll_reading, "SLICE_POLLS", 500)
    blocks: list[int] = []
    asked: list[str] = []
    received = poll_reading.read_columns

    def plan_and_read(connection: Connection, columns: Any, source: str, params: Any) -> Any:
        with driver_cursor(connection) as cursor:
            cursor.execute(f"EXPLAIN (COSTS off) SELECT * FROM {source}", params)
            asked.append("\n".join(row[0] for row in cursor.fetchall()))
        return received(connection, columns, source, params)

    monkeypatch.setattr(poll_reading, "read_columns", plan_and_read)
    with stored.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE poll"))
    with take_snapshot(stored.engine) as shown:
        poll_reading.read(
            source_of(stored),
            shown,
            everyone.part(10, 25),
            first=0,
            last=END,
            scope="range",
            connections=2,
            consume=lambda number, *_: blocks.append(len(number)),
            progress=lambda _: None,
        )
    assert max(blocks) == 500
    assert sum(blocks) == len(plain(stored, everyone.part(10, 25), 0, END))
    assert all(plan.startswith("Limit\n  ->  Index Scan using") for plan in asked), asked[0]


def test_an_error_of_the_progress_ends_the_call_too(stored: Resources, everyone: Entities) -> None:
    def progress(_: float) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), take_snapshot(stored.engine) as shown:
        poll_reading.read(
            source_of(stored),
            shown,
            everyone,
            first=0,
            last=END,
            scope="all",
            connections=2,
            consume=lambda *_: None,
            progress=progress,
        )


def test_the_latest_poll_is_known_without_looking_for_it(stored: Resources, resources: Resources) -> None:
    with stored.engine.connect() as connection:
        latest = polls.latest(connection)
    assert latest is not None
    assert micros(latest) == END - 1
    with resources.engine.connect() as connection:
        assert polls.latest(connection) is None


def test_a_week_begins_on_monday() -> None:
    assert week_of(array([*EDGES, MIDDLE, 0, -1, 4 * DAY])).tolist() == [
        MONDAY,
        MONDAY,
        MONDAY + WEEK,
        MONDAY + WEEK,
        MONDAY + 2 * WEEK,
        MONDAY + 2 * WEEK,
        MONDAY + WEEK,
        -3 * DAY,
        -3 * DAY,
        4 * DAY,
    ]
