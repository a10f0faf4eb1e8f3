"""Sealing a week changes where its polls are and nothing else, in one step."""

from contextlib import closing
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import inspect, text

from app.errors import ObjectStoreUnavailable, SealedWeekDamaged
from app.series import counterparts, freshness, lookup, polls
from app.series.poll_sorting import PollSorter
from app.series.retention import drop_old_weeks
from app.series.sealed import format as sealed_format
from app.series.sealed import records
from app.series.sealed import seal as seal_module
from app.series.sealed.seal import Outcome, Sealing, seal
from app.series.snapshots import take_snapshot
from app.series.turns import wait_for_turn
from app.storage.resources import Resources
from app.timeline import to_micros
from tests.series.sealed.weeks import (
    FIRST,
    SECOND,
    at,
    bring,
    in_bucket,
    kept,
    seal_week,
    sealed,
    some_polls,
    take_out,
)

POLLS = some_polls()


@pytest.fixture
def loaded_weeks(resources: Resources, tmp_path: Path) -> Resources:
    bring(resources, POLLS, tmp_path)
    return resources


def test_its_polls_are_in_files_and_its_partition_is_gone(loaded_weeks: Resources, tmp_path: Path) -> None:
    result = seal_week(loaded_weeks, FIRST, tmp_path)
    assert (result.outcome, result.rows) == (Outcome.SEALED, len(POLLS) / 2)
    assert sealed(loaded_weeks) == [FIRST]
    tables = inspect(loaded_weeks.engine).get_table_names()
    assert [polls.partition_of(week) in tables for week in (FIRST, SECOND)] == [False, True]
    assert kept(loaded_weeks) == sorted(POLLS)
    assert in_bucket(loaded_weeks) == [f"sealed/{FIRST}/run/0.parquet"]
    assert list(tmp_path.glob("*.parquet")) == []


def test_a_large_week_has_many_files_each_with_stores_of_its_own(
    loaded_weeks: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed_format, "GROUP_ROWS", 10)
    monkeypatch.setattr(seal_module, "BLOCK_ROWS", 7)
    seal_week(loaded_weeks, FIRST, tmp_path, file_bytes=1)
    with loaded_weeks.engine.connect() as connection:
        files = records.files_of(connection, FIRST)
    assert [file.rows for file in files] == [30, 30, 30, 30]
    assert all(file.first_id == file.last_id for file in files)
    assert kept(loaded_weeks) == sorted(POLLS)


def test_what_else_asks_for_polls_counts_those_of_sealed_weeks(loaded_weeks: Resources, tmp_path: Path) -> None:
    def answers() -> list[object]:
        with loaded_weeks.engine.connect() as connection:
            store = lookup.find(connection, "store", "store 2")
            assert store is not None
            connection.execute(text("CREATE TEMP TABLE staged AS SELECT id AS entity_id FROM entity"))
            span = lookup.poll_span(connection, store.id)
            return [
                (span.first, span.last, span.count),
                polls.latest(connection),
                counterparts.without_polls(connection, "staged", examples=3),
                counterparts.polled_without(connection, "hours_window", "staged", examples=9),
                len(list(freshness.freshness_metrics(connection))),
            ]

    before = answers()
    assert before[0] == (at(FIRST, 2), at(SECOND, 7 * 29 + 2), 60)
    for week in (FIRST, SECOND):
        seal_week(loaded_weeks, week, tmp_path)
        assert answers() == before
    with loaded_weeks.engine.connect() as connection:
        first, last = to_micros(at(FIRST, 0)), to_micros(at(SECOND, 0))
        assert polls.about_so_many(connection, first=first, last=last - 1) == len(POLLS) / 2
        assert polls.about_so_many(connection, first=first, last=to_micros(at(SECOND, 9))) == len(POLLS)


@pytest.mark.parametrize("late", [POLLS[0], ("store 1", "active", at(FIRST, 3000)), ("new", "unknown", at(FIRST, 1))])
def test_late_polls_of_a_sealed_week_are_merged_as_ever(
    loaded_weeks: Resources, tmp_path: Path, late: tuple[str, str, object]
) -> None:
    store, _, when = late
    seal_week(loaded_weeks, FIRST, tmp_path)
    seal_week(loaded_weeks, SECOND, tmp_path)
    bring(loaded_weeks, [(store, "active", when)], tmp_path)  # type: ignore[list-item]  # when is an instant
    others = [poll for poll in POLLS if (poll[0], poll[2]) != (store, when)]
    assert kept(loaded_weeks) == sorted([*others, (store, "active", when)])  # type: ignore[list-item]  # as above
    assert sealed(loaded_weeks) == [SECOND]


def test_rows_of_a_sealed_week_are_taken_out_as_ever(loaded_weeks: Resources, tmp_path: Path) -> None:
    seal_week(loaded_weeks, FIRST, tmp_path)
    seal_week(loaded_weeks, SECOND, tmp_path)
    assert take_out(loaded_weeks, POLLS[:40], tmp_path) == 40
    assert kept(loaded_weeks) == sorted(POLLS[40:])
    assert sealed(loaded_weeks) == [SECOND]
    assert take_out(loaded_weeks, POLLS, tmp_path) == len(POLLS) - 40
    assert kept(loaded_weeks) == []


def test_a_week_that_a_load_touches_while_it_is_written_is_left_as_it_is(
    loaded_weeks: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = ("store 1", "inactive", at(FIRST, 5000))

    def load_meanwhile(_: float) -> None:
        bring(loaded_weeks, [late], tmp_path)

    run = Sealing(loaded_weeks.engine, loaded_weeks.object_store, tmp_path, progress=load_meanwhile)
    assert seal(run, FIRST, run_id="run").outcome is Outcome.CHANGED
    assert (sealed(loaded_weeks), in_bucket(loaded_weeks)) == ([], [])
    assert kept(loaded_weeks) == sorted([*POLLS, late])


def test_a_week_that_was_emptied_and_filled_again_meanwhile_is_left_as_it_is(
    loaded_weeks: Resources, tmp_path: Path
) -> None:
    other = ("store 1", "inactive", at(FIRST, 5000))

    def swap_meanwhile(_: float) -> None:
        take_out(loaded_weeks, POLLS, tmp_path)
        bring(loaded_weeks, [other], tmp_path)

    run = Sealing(loaded_weeks.engine, loaded_weeks.object_store, tmp_path, progress=swap_meanwhile)
    assert seal(run, FIRST, run_id="run").outcome is Outcome.CHANGED
    assert kept(loaded_weeks) == [other]


def test_two_runs_seal_a_week_once(loaded_weeks: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = seal_module._write

    def written_by_two(run: Sealing, monday: date, run_id: str, files: list[Any]) -> int | None:
        version = write(run, monday, run_id, files)
        if run_id == "run":
            assert seal_week(loaded_weeks, FIRST, tmp_path, run_id="other").outcome is Outcome.SEALED
        return version

    monkeypatch.setattr(seal_module, "_write", written_by_two)
    assert seal_week(loaded_weeks, FIRST, tmp_path).outcome is Outcome.CHANGED
    assert in_bucket(loaded_weeks) == [f"sealed/{FIRST}/other/0.parquet"]
    assert seal_week(loaded_weeks, FIRST, tmp_path, run_id="third").outcome is Outcome.CHANGED
    assert kept(loaded_weeks) == sorted(POLLS)


def test_a_week_is_sealed_once_nobody_reads_polls_any_more(
    loaded_weeks: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal_module, "_WAIT_MS", 50)
    monkeypatch.setattr(seal_module, "PAUSE_SECONDS", 0.0)
    with take_snapshot(loaded_weeks.engine) as (reader, _):
        assert seal_week(loaded_weeks, FIRST, tmp_path, tries=2).outcome is Outcome.BUSY
        assert (sealed(loaded_weeks), in_bucket(loaded_weeks)) == ([], [])
        assert reader.scalar(text("SELECT count(*) FROM poll")) == len(POLLS)
    with loaded_weeks.engine.begin() as merging:
        wait_for_turn(merging)
        assert seal_week(loaded_weeks, FIRST, tmp_path, tries=2).outcome is Outcome.BUSY
    assert seal_week(loaded_weeks, FIRST, tmp_path).outcome is Outcome.SEALED


def test_who_reads_by_an_older_snapshot_finds_the_files_after_the_week_is_unsealed(
    loaded_weeks: Resources, tmp_path: Path
) -> None:
    seal_week(loaded_weeks, FIRST, tmp_path)
    with take_snapshot(loaded_weeks.engine) as (reader, _):
        (file,) = records.files_of(reader, FIRST)
        bring(loaded_weeks, [("store 1", "active", at(FIRST, 3000))], tmp_path)
        assert records.sealed_weeks(reader) == [FIRST]
        assert file.key in in_bucket(loaded_weeks)
        assert reader.scalar(text("SELECT count(*) FROM poll")) == len(POLLS) / 2
    with loaded_weeks.engine.connect() as connection:
        assert records.named(connection, [file.key, "sealed/other"]) == {file.key}


def test_a_file_that_is_damaged_stops_a_load_and_nothing_changes(loaded_weeks: Resources, tmp_path: Path) -> None:
    seal_week(loaded_weeks, FIRST, tmp_path)
    (key,) = in_bucket(loaded_weeks)
    whole = loaded_weeks.object_store.get_bytes(key)
    loaded_weeks.object_store.put_bytes(whole[:-40], key, media_type=sealed_format.MEDIA_TYPE)
    with pytest.raises(SealedWeekDamaged, match=key):
        bring(loaded_weeks, [("store 1", "active", at(FIRST, 3000))], tmp_path)
    loaded_weeks.object_store.put_bytes(whole, key, media_type=sealed_format.MEDIA_TYPE)
    assert sealed(loaded_weeks) == [FIRST]
    assert kept(loaded_weeks) == sorted(POLLS)


def test_a_file_that_reads_back_otherwise_is_not_sealed(
    loaded_weeks: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = loaded_weeks.object_store.put

    def damaging(path: Path, key: str, *, media_type: str) -> None:
        put(path, key, media_type=media_type)
        loaded_weeks.object_store.put_bytes(b"other", key, media_type=media_type)

    monkeypatch.setattr(loaded_weeks.object_store, "put", damaging)
    with pytest.raises(ObjectStoreUnavailable, match="read back"):
        seal_week(loaded_weeks, FIRST, tmp_path)
    assert (sealed(loaded_weeks), in_bucket(loaded_weeks)) == ([], [])
    assert kept(loaded_weeks) == sorted(POLLS)


def test_retention_drops_a_sealed_week_with_its_files(loaded_weeks: Resources, tmp_path: Path) -> None:
    seal_week(loaded_weeks, FIRST, tmp_path)
    assert drop_old_weeks(loaded_weeks.engine, days=1, now=at(SECOND, 0) + timedelta(days=2)) == [FIRST]
    assert (sealed(loaded_weeks), kept(loaded_weeks)) == ([], sorted(POLLS[len(POLLS) // 2 :]))
    with loaded_weeks.engine.connect() as connection:
        assert records.retired(connection, before=at(SECOND, 0), limit=9) == []
        assert records.retired(connection, before=at(SECOND, 0).replace(year=2100), limit=9) == in_bucket(loaded_weeks)
        assert connection.execute(text("SELECT count(*) FROM sealed_entity")).scalar_one() == 0


def test_polls_of_a_sealed_week_are_not_merged_without_the_bucket(loaded_weeks: Resources) -> None:
    with loaded_weeks.engine.begin() as connection:
        records.mark_sealed(connection, FIRST)
        with closing(PollSorter()) as sorter:
            sorter.add(np.array([to_micros(at(FIRST, 1))]), np.array([1]), np.array([1], np.int8))
            for change in (partial(polls.merge, examples=1), polls.remove):
                with pytest.raises(ValueError, match=f"{FIRST}.* unseal"):
                    change(connection, sorter)
