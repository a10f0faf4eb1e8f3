"""Weeks of polls past their retention are dropped whole, never while a report reads them or a load merges."""

import logging
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, inspect, select, text

from app.series import polls
from app.series.retention import drop_old_weeks
from app.series.snapshots import take_snapshot
from app.series.tables import poll_week
from app.series.turns import wait_for_turn
from app.storage.resources import Resources
from app.web import application
from tests.commands import wait_until
from tests.conftest import LoadText, api

#: Polls on the Sunday of one week, the Monday of the next, and a week later.
POLLS = (
    "store_id,status,timestamp_utc\n"
    "s,active,2023-01-22 23:59:59 UTC\n"
    "s,active,2023-01-23 00:00:00 UTC\n"
    "s,active,2023-01-31 12:00:00 UTC\n"
)
WEEKS = [date(2023, 1, 16), date(2023, 1, 23), date(2023, 1, 30)]


def kept(engine: Engine) -> list[date]:
    with engine.connect() as connection:
        return list(connection.scalars(select(poll_week.c.week).order_by(poll_week.c.week)))


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2023, 2, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "days", "dropped"),
    [
        (at(1), 10, 0),  # ten days before is 22 January: the first week had not ended
        (at(1, 23, 59), 9, 1),  # nine days before is 23 January: it had
        (at(7, 23), 9, 1),
        (at(8), 9, 2),
        (at(28), 1, 3),
        (at(28), 365, 0),
    ],
)
def test_a_week_is_dropped_once_all_of_it_is_too_old(
    resources: Resources, load_text: LoadText, now: datetime, days: int, dropped: int
) -> None:
    load_text("polls", POLLS)
    assert drop_old_weeks(resources.engine, days=days, now=now) == WEEKS[:dropped]
    assert kept(resources.engine) == WEEKS[dropped:]
    tables = inspect(resources.engine).get_table_names()
    assert [week for week in WEEKS if polls.partition_of(week) in tables] == WEEKS[dropped:]
    assert drop_old_weeks(resources.engine, days=days, now=now) == []


def test_a_week_comes_back_with_a_file_that_brings_it(resources: Resources, load_text: LoadText) -> None:
    load_text("polls", POLLS)
    drop_old_weeks(resources.engine, days=1, now=at(28))
    load_text("polls", POLLS)
    assert kept(resources.engine) == WEEKS


def test_a_report_that_reads_keeps_its_weeks_until_it_has_read(resources: Resources, load_text: LoadText) -> None:
    load_text("polls", POLLS)
    with take_snapshot(resources.engine) as (reader, _):
        assert drop_old_weeks(resources.engine, days=1, now=at(28)) == []
        assert reader.scalar(text("SELECT count(*) FROM poll")) == 3
    assert drop_old_weeks(resources.engine, days=1, now=at(28)) == WEEKS


def test_whoever_waits_behind_a_drop_that_waits_for_a_report_waits_once(
    resources: Resources, load_text: LoadText, caplog: pytest.LogCaptureFixture
) -> None:
    load_text("polls", POLLS)
    caplog.set_level(logging.INFO, "app.series.retention")
    with take_snapshot(resources.engine):
        assert drop_old_weeks(resources.engine, days=1, now=at(28)) == []
    assert [f"the week of {WEEKS[0]} are being read" in line for line in caplog.messages] == [True]


def test_nothing_is_dropped_while_a_load_merges(resources: Resources, load_text: LoadText) -> None:
    load_text("polls", POLLS)
    with resources.engine.begin() as connection:
        wait_for_turn(connection)
        assert drop_old_weeks(resources.engine, days=1, now=at(28)) == []
    assert drop_old_weeks(resources.engine, days=1, now=at(28)) == WEEKS


def test_a_replica_drops_them_when_the_setting_says_so(resources: Resources, load_text: LoadText) -> None:
    load_text("polls", POLLS)
    limited = resources.settings.model_copy(update={"poll_retention_days": 30})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "FIRST_LOOK_SECONDS", (0, 0))
        with api(replace(resources, settings=limited), slots=0):
            wait_until(lambda: not kept(resources.engine))
