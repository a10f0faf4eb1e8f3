"""Hours are replaced as a whole, whoever else does it at the same time."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sqlalchemy import Engine, text

from app.series.hours import HOURS_COLUMNS, remove_hours, replace_hours, stage_hours
from app.series.versions import begin_change
from app.storage.binary_copy import write_columns
from app.storage.resources import Resources
from tests.commands import wait_until
from tests.series.made import ensure_entities

WINDOW = "SELECT CAST(:id AS int) AS entity_id, {day} AS weekday, time '09:00' AS opens, time '17:00' AS closes, "
WINDOW += "date '-infinity' AS valid_from, date 'infinity' AS valid_to"


def days(engine: Engine) -> list[tuple[int, int]]:
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT entity_id, weekday FROM hours_window WHERE superseded_at IS NULL ORDER BY entity_id, weekday")
        )
        return [tuple(row) for row in rows]


def replace_with(engine: Engine, ids: list[int], *weekdays: int) -> None:
    source = " UNION ALL ".join(WINDOW.format(day=day) for day in weekdays)
    with engine.begin() as connection:
        given = {"id": ids[0], "ids": ids}
        replace_hours(connection, begin_change(connection), source, named="entity_id = ANY(:ids)", params=given)


def wait_for_a_lock(engine: Engine) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        wait_until(lambda: connection.scalar(waiting))


def test_all_windows_of_the_entities_make_room_and_those_of_others_stay(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        one, two, three = ensure_entities(connection, "store", ["1", "2", "3"]).values()
    for entity in (one, two, three):
        replace_with(resources.engine, [entity], 0, 1)
    replace_with(resources.engine, [one, two], 5, 5, 6)
    assert days(resources.engine) == sorted([(one, 5), (one, 6), (three, 0), (three, 1)])


def test_of_two_at_the_same_time_the_second_waits_and_replaces_what_the_first_put_there(resources: Resources) -> None:
    engine = resources.engine
    with engine.begin() as connection:
        (entity,) = ensure_entities(connection, "store", ["1"]).values()
    replace_with(engine, [entity], 0)
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as first:
            change = begin_change(first)
            replace_hours(first, change, WINDOW.format(day=1), named="entity_id = :id", params={"id": entity})
            second = pool.submit(replace_with, engine, [entity], 2)
            wait_for_a_lock(engine)
        second.result(timeout=20)
    assert days(engine) == [(entity, 2)]


def test_windows_are_taken_out_again_where_they_still_are_as_they_were_brought(resources: Resources) -> None:
    engine = resources.engine
    with engine.begin() as connection:
        one, two = ensure_entities(connection, "store", ["1", "2"]).values()
    replace_with(engine, [one], 0, 1)
    replace_with(engine, [two], 0)
    hour = 3_600_000_000
    brought = np.array([(one, 0, 9 * hour, 17 * hour), (one, 0, 9 * hour, 17 * hour), (two, 0, 9 * hour, 16 * hour)])
    with engine.begin() as connection:
        columns = dict(zip(HOURS_COLUMNS, brought.T, strict=True))
        write_columns(connection, stage_hours(connection), HOURS_COLUMNS, [columns])
        assert remove_hours(connection, begin_change(connection)) == 1
    assert days(engine) == [(one, 1), (two, 0)]
