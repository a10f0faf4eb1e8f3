"""Files of sealed weeks hold what was written, whole entities each, small, and are read in parts."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import SealedWeekDamaged
from app.series.sealed import format as sealed_format
from app.series.sealed.format import Written, write
from app.series.sealed.reading import SealedFile, placed, read
from app.storage.binary_copy import Arrays
from app.storage.resources import Resources
from tests.strategies import examples

#: A Monday, microseconds.
MONDAY = 1_704_067_200_000_000

Row = tuple[int, int, int]


def block(rows: list[Row]) -> Arrays:
    return {
        "entity_id": np.array([row[0] for row in rows], np.int64),
        "at": np.array([row[1] for row in rows], np.int64),
        "active": np.array([row[2] for row in rows], np.int8),
    }


def rows_of(blocks: Iterator[Arrays]) -> list[Row]:
    return [
        row for one in blocks for row in zip(*(one[name].tolist() for name in sealed_format.SCHEMA.names), strict=True)
    ]


def stored(resources: Resources, file: Written) -> SealedFile:
    key = f"sealed/{file.path.name}"
    resources.object_store.put(file.path, key, media_type="application/vnd.apache.parquet")
    return placed(file, key)


def polls_of(entities: int, each: int) -> list[Row]:
    return [
        (entity, MONDAY + 60_000_000 * poll + entity, poll % 3)
        for entity in range(1, entities + 1)
        for poll in range(each)
    ]


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_format, "GROUP_ROWS", 10)


@pytest.mark.usefixtures("small_groups")
def test_what_was_written_is_read_whole_and_by_ranges_of_entities(resources: Resources, tmp_path: Path) -> None:
    polls = polls_of(9, 7)
    (file,) = write([block(polls[:20]), block(polls[20:21]), block(polls[21:])], tmp_path)
    sealed = stored(resources, file)
    store = resources.object_store
    assert rows_of(read(store, sealed, [(1, 9)])) == polls
    assert rows_of(read(store, sealed, [(0, 2), (5, 5), (8, 20)])) == [
        row for row in polls if row[0] in {1, 2, 5, 8, 9}
    ]
    assert rows_of(read(store, sealed, [(10, 20)])) == []


@pytest.mark.usefixtures("small_groups")
def test_only_the_row_groups_that_may_have_an_entity_are_asked_for(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = write([block(polls_of(40, 10))], tmp_path)
    sealed = stored(resources, file)
    spans: list[tuple[int, int]] = []
    store = resources.object_store
    real = store.span

    def span(key: str, start: int, stop: int, *, of_bytes: int) -> bytes | None:
        spans.append((start, stop))
        return real(key, start, stop, of_bytes=of_bytes)

    monkeypatch.setattr(store, "span", span)
    assert len(rows_of(read(store, sealed, [(17, 17)]))) == 10
    (group,) = spans
    assert 0 < group[1] - group[0] < file.bytes / 20


@settings(max_examples=examples(120), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    counts=st.lists(st.integers(1, 30), min_size=1, max_size=12),
    file_bytes=st.integers(1, 3000),
    cut=st.integers(1, 40),
)
@pytest.mark.usefixtures("small_groups")
def test_no_entity_is_in_two_files_and_every_total_is_right(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], file_bytes: int, cut: int
) -> None:
    polls = [(10 * n, MONDAY + 1000 * poll, 1) for n, count in enumerate(counts) for poll in range(count)]
    blocks = [block(polls[start : start + cut]) for start in range(0, len(polls), cut)]
    files = list(write(blocks, tmp_path_factory.mktemp("files"), file_bytes=file_bytes))
    tables = [pq.read_table(file.path) for file in files]
    ids = [set(table["entity_id"].to_pylist()) for table in tables]
    assert sum(map(len, ids)) == len(set().union(*ids)) == len(counts)
    assert sum(file.rows for file in files) == len(polls)
    for file, table, has in zip(files, tables, ids, strict=True):
        assert (file.first_id, file.last_id, file.rows) == (min(has), max(has), table.num_rows)
        assert file.bytes == file.path.stat().st_size
        totals = file.entities
        assert totals.entity_id.tolist() == sorted(has)
        assert totals.rows.tolist() == [counts[one // 10] for one in sorted(has)]
        assert totals.first_at.tolist() == [MONDAY] * len(has)
        assert totals.last_at.tolist() == [MONDAY + 1000 * (counts[one // 10] - 1) for one in sorted(has)]


def test_a_poll_with_microseconds_takes_at_most_five_bytes(tmp_path: Path) -> None:
    dice = np.random.default_rng(7)
    entities, each = 100, 2016  # a week at five minutes
    at = MONDAY + np.arange(each) * 300_000_000 + dice.integers(0, 300_000_000, (entities, each))
    polls = {
        "entity_id": np.repeat(np.arange(entities), each),
        "at": at.reshape(-1),
        "active": (dice.random(entities * each) < 0.95).astype(np.int8),
    }
    (file,) = write([polls], tmp_path)
    assert file.bytes / file.rows <= 5


@pytest.mark.parametrize("where", [0.1, 0.5])
def test_a_damaged_file_is_refused_by_name(resources: Resources, tmp_path: Path, where: float) -> None:
    (file,) = write([block(polls_of(9, 1000))], tmp_path)
    content = bytearray(file.path.read_bytes())
    content[int(where * len(content))] ^= 0xFF
    file.path.write_bytes(content)
    sealed = stored(resources, file)
    with pytest.raises(SealedWeekDamaged, match=r"sealed/0\.parquet .* is damaged"):
        rows_of(read(resources.object_store, sealed, [(1, 9)]))
