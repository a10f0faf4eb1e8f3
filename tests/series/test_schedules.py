"""What is read of hours, zones, exceptions and calendars, and as it was known when."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, text

from app.series.entities import read_entities
from app.series.schedules import read_schedule
from app.series.versions import Change, begin_change, settle, settle_changes, supersede
from app.storage.resources import Resources
from app.timeline import HOUR, from_micros
from app.timeline.schedule import Schedule
from tests.engine import array, micros
from tests.series.made import ensure_entities

#: All that there is to say of a store, and of one that nothing is said of.
SAID = (
    (
        "INSERT INTO entity_zone (entity_id, valid_from, timezone, recorded_at) VALUES "
        "(:id, '-infinity', 'America/New_York', now()), (:id, '2026-07-01', 'America/Los_Angeles', now())"
    ),
    (
        "INSERT INTO hours_window (entity_id, valid_from, valid_to, weekday, opens, closes, recorded_at) "
        "SELECT :id, valid_from, 'infinity', weekday, opens, '17:00', now() FROM generate_series(0, 4) AS weekday, "
        "(VALUES (date '-infinity', time '09:00'), ('2026-07-06', '12:00')) AS version (valid_from, opens)"
    ),
    (
        "INSERT INTO hours_exception (entity_id, on_date, what, opens, closes, recorded_at) VALUES "
        "(:id, '2026-07-04', 'hours', '22:00', '02:00', now()), (:id, '2026-07-07', 'minus', '13:00', '14:00', now())"
    ),
    "INSERT INTO calendar_use (entity_id, place, calendar, recorded_at) VALUES (:id, 0, 'public:US', now())",
    (
        "INSERT INTO calendar_day (calendar, on_date, what, opens, closes, recorded_at) VALUES "
        "('public:US', '2026-07-03', 'closed', '00:00', '00:00', now()), "
        "('public:DE', '2026-07-02', 'closed', '00:00', '00:00', now())"
    ),
    "INSERT INTO entity_detail (entity_id, active_to, recorded_at) VALUES (:id, '2026-07-08', now())",
)


def schedule_of(connection: Connection, as_known_at: datetime | None = None) -> Schedule:
    entities = read_entities(connection, "store")
    return read_schedule(connection, entities, default_zone="UTC", as_known_at=as_known_at)


def open_from_to(schedule: Schedule, number: int, first: datetime, last: datetime) -> list[tuple[str, str]]:
    opening = schedule.take(array([number])).calendar(micros(first), micros(last))
    ends = zip(opening.start.tolist(), opening.end.tolist(), strict=True)
    return [
        (f"{from_micros(opens + micros(first)):%d %H:%M}", f"{from_micros(closes + micros(first)):%d %H:%M}")
        for opens, closes in ends
    ]


def test_all_that_is_said_of_a_store_counts_for_it_and_for_no_other(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        one, _ = ensure_entities(connection, "store", ["1", "2"]).values()
        for statement in SAID:
            connection.execute(text(statement), {"id": one})
        schedule = schedule_of(connection)
    first, last = datetime(2026, 6, 30, tzinfo=UTC), datetime(2026, 7, 12, tzinfo=UTC)
    assert open_from_to(schedule, 0, first, last) == [
        ("30 13:00", "30 21:00"),  # Tuesday in New York
        ("01 16:00", "02 00:00"),  # it has moved to Los Angeles
        ("02 16:00", "03 00:00"),
        # Friday is a holiday, Saturday has hours of its own
        ("05 05:00", "05 09:00"),
        ("06 19:00", "07 00:00"),  # other hours from Monday on
        ("07 19:00", "07 20:00"),  # without an hour on Tuesday
        ("07 21:00", "08 00:00"),
        ("08 19:00", "09 00:00"),  # the last day on which it exists
    ]
    assert open_from_to(schedule, 1, first, last) == [("30 00:00", "12 00:00")]


def say(connection: Connection, change: Change, entity: int, opens: str) -> None:
    """Set the hours of a store, Mondays from ``opens`` to 17:00."""
    settle(
        connection,
        change,
        "hours_window",
        ("entity_id", "valid_from", "valid_to", "weekday", "opens", "closes"),
        named="entity_id = :id",
        wanted="SELECT CAST(:id AS int) AS entity_id, date '-infinity' AS valid_from, date 'infinity' AS valid_to, "
        "0 AS weekday, CAST(:opens AS time) AS opens, time '17:00' AS closes",
        params={"id": entity, "opens": opens},
    )


def test_what_was_known_at_an_instant_stays_so_whatever_changes_later(resources: Resources) -> None:
    monday = datetime(2026, 7, 6, tzinfo=UTC)
    seen: list[datetime] = []
    with resources.engine.begin() as connection:
        (one,) = ensure_entities(connection, "store", ["1"]).values()
    for opens in ("09:00", "10:00", "10:00", "11:00"):
        with resources.engine.begin() as connection:
            change = begin_change(connection)
            say(connection, change, one, opens)
            seen.append(change.at)
    with resources.engine.begin() as connection:
        change = begin_change(connection)
        assert supersede(connection, change, "hours_window", "entity_id = :id", {"id": one}) == 1
        assert connection.scalar(text("SELECT count(*) FROM hours_window")) == 3
    settle_changes(resources.engine)
    day = timedelta(days=1)
    with resources.engine.connect() as connection:
        known = [open_from_to(schedule_of(connection, at), 0, monday, monday + day) for at in seen]
        assert [hours[0][0] for hours in known] == ["06 09:00", "06 10:00", "06 10:00", "06 11:00"]
        for at in (seen[0] - timedelta(microseconds=1), change.at, None):
            assert open_from_to(schedule_of(connection, at), 0, monday, monday + day) == [("06 00:00", "07 00:00")]


def test_a_local_time_is_one_of_the_clock_after_the_move(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        (one,) = ensure_entities(connection, "store", ["1"]).values()
        connection.execute(text(SAID[0]), {"id": one})
        schedule = schedule_of(connection)
    nine = [micros(datetime.combine(date(2026, 6, day), datetime.min.time(), UTC)) + 9 * HOUR for day in (30,)]
    nine.append(micros(datetime(2026, 7, 1, 9, tzinfo=UTC)))
    instants = schedule.to_utc(array([0, 0]), array(nine))
    assert [from_micros(at).hour for at in instants.tolist()] == [13, 16]
