"""What a file repeats costs as much as the bytes that came, not as what they unpack to."""

import gzip
import io
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection

from app.errors import RejectedFile
from app.ingest.csv.unpack import unpacked
from app.ingest.kind import Loading, Rows, Values
from app.ingest.kinds.polls import POLLS
from app.ingest.kinds.review_times import REVIEW_TIMES
from app.ingest.load import load
from app.ingest.policy import Limits
from app.ingest.repeats import without_repeats
from app.ingest.source import FileSource
from app.storage.resources import Resources
from tests.conftest import NOW

HEADER = b"store_id,status,timestamp_utc\n"
ROW = b"s1,active,2023-01-22 12:00:00 UTC\n"


def counting(begin: Callable[[Connection, str], Loading], staged: list[int]) -> Callable[[Connection, str], Loading]:
    """The same loading, which notes the number of rows that it stages."""

    def begun(connection: Connection, dataset_id: str) -> Loading:
        loading = begin(connection, dataset_id)
        add = loading.add

        def counted(rows: Rows) -> None:
            staged.append(len(rows))
            add(rows)

        loading.add = counted  # type: ignore[method-assign]
        return loading

    return begun


def test_a_row_that_comes_half_a_million_times_is_staged_once_a_block(resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "polls.csv.gz"
    times = 500_000
    path.write_bytes(gzip.compress(HEADER + ROW * times, 6))
    staged: list[int] = []
    kind = replace(POLLS, loading=counting(POLLS.loading, staged))
    loaded = load(resources.engine, kind, FileSource(path), now=NOW)
    assert (loaded.rows_read, loaded.rows_accepted, loaded.rows_duplicate) == (times, 1, times - 1)
    assert set(staged) == {1}
    assert len(staged) < 20


def test_of_rows_that_repeat_each_other_in_part_the_last_still_counts(resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "polls.csv"
    other = ROW.replace(b"active", b"inactive")
    path.write_bytes(HEADER + ROW + other + ROW)
    loaded = load(resources.engine, POLLS, FileSource(path), now=NOW)
    assert (loaded.rows_read, loaded.rows_accepted, loaded.rows_duplicate) == (3, 1, 2)
    with resources.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT active FROM poll").all() == [(True,)]


def test_rows_of_a_kind_in_which_all_count_are_kept(resources: Resources, tmp_path: Path) -> None:
    names = [column.name for column in REVIEW_TIMES.columns if column.required]
    row = ",".join(column.example for column in REVIEW_TIMES.columns if column.required)
    path = tmp_path / "times.csv"
    path.write_text("\n".join([",".join(names), *[row] * 5, ""]), encoding="utf-8")
    loaded = load(resources.engine, REVIEW_TIMES, FileSource(path), now=NOW, dataset_id="0" * 32)
    assert (loaded.rows_accepted, loaded.rows_duplicate) == (5, 0)


@pytest.mark.parametrize("seed", range(20))
def test_what_stays_is_the_last_of_each_row(seed: int) -> None:
    dice = random.Random(seed)
    count = dice.choice([1, 2, 50, 300])
    far = dice.choice([1, 1 << 20, 1 << 60])  # between instants
    table = [
        (dice.choice("abc"), dice.choice([None, 1, 2]), dice.randrange(count) * far % (1 << 62) - (1 << 61))
        for _ in range(count)
    ]
    texts, optional, instants = zip(*table, strict=True)
    letters = np.array(["a", "b", "c"], dtype=object)
    columns = {
        "text": Values(np.array(["abc".index(one) for one in texts]), letters),
        "optional": Values(np.arange(count), np.array(optional, dtype=object)),
        "instant": Values(np.arange(count), np.array(instants, dtype=np.int64)),
    }
    rows = without_repeats(Rows(columns, first_row=7, read=count))
    found = list(zip(*(rows.columns[name].array().tolist() for name in columns), strict=True))
    expected = [row for at, row in enumerate(table) if row not in table[at + 1 :]]
    assert (found, rows.first_row, rows.read) == (expected, 7, count)


def test_a_file_that_unpacks_too_far_is_refused_with_what_to_do() -> None:
    packed = gzip.compress(HEADER + ROW * 100_000, 9)
    limits = Limits(max_unpack_ratio=100, unpack_floor_bytes=1 << 20)
    got = []
    with pytest.raises(RejectedFile) as refused:
        got.extend(map(len, unpacked(io.BytesIO(packed), "polls.csv.gz", limits)))
    assert refused.value.details["reason"] == "unpacks_too_far"
    assert "polls.csv.gz unpacks to more than 100 times its size" in refused.value.message
    assert "Send it unpacked, or have OPENHOURS_MAX_UNPACK_RATIO raised" in refused.value.message
    assert sum(got) <= max(100 * len(packed), 1 << 20)


def test_a_small_file_may_unpack_as_far_as_it_likes_and_plain_text_has_no_ratio() -> None:
    whole = HEADER + ROW * 100_000
    packed = gzip.compress(whole, 9)
    assert len(whole) > 100 * len(packed)
    floor = Limits(max_unpack_ratio=2, unpack_floor_bytes=len(whole))
    assert b"".join(unpacked(io.BytesIO(packed), "polls.csv.gz", floor)) == whole
    none = Limits(max_unpack_ratio=1, unpack_floor_bytes=0)
    assert b"".join(unpacked(io.BytesIO(whole), "polls.csv", none)) == whole
