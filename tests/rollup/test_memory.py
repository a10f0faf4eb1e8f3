"""Roll-ups keep their bound on memory, and end when they reach it."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from app.errors import MemoryLimitExceeded
from app.files.memory import limit_memory
from app.rollup.grouping import Grouping
from app.rollup.one_go import in_one_go
from app.rollup.queries import groups_of_rows, in_order
from app.rollup.roll_up import one_go_bytes_of
from app.rollup.rows import Range, ahead, schema_of
from app.rollup.running import run
from app.rollup.work import Outcome, Work
from tests.rollup.world import IN_PIECES, World, text_of, with_tiny_ranges

BY_SONG = Grouping(by=("Song",), sum=("Number of Plays",))

#: Two copies of 3000 keys, each with its number as plays.
NUMBERS = [number % 3000 for number in range(6000)]


def grouped(blocks: Iterator[pa.RecordBatch], folder: Path) -> int:
    """The number of groups of blocks that are read ahead."""
    query = in_order(BY_SONG, groups_of_rows(BY_SONG))
    return sum(map(len, run(query, "rows", schema_of(BY_SONG), ahead(blocks), folder=folder, memory_mb=256)))


def hoarded() -> Iterator[pa.RecordBatch]:
    """Blocks without end, none of which is ever given back."""
    kept = []
    for number in count():
        kept.append(np.full(1 << 22, number))
        yield pa.record_batch([pa.array([f"song {number}"]), pa.array([number])], schema=schema_of(BY_SONG))


def reach() -> None:
    """Entry of a process: tells the allocator of Arrow, and how the process ends at its limit."""
    limit_memory(256 << 20)
    try:
        grouped(hoarded(), Path(sys.argv[1]))
    except MemoryLimitExceeded as reached:
        sys.stdout.write(f"{pa.default_memory_pool().backend_name}: {reached.code}")


@pytest.mark.parametrize("order", ["sorted", "shuffled"])
def test_portions_do_not_show_in_the_lines(world: World, monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    portions = []
    monkeypatch.setattr("app.rollup.pieces.portion_bytes", lambda memory_mb: portions.append(memory_mb) or 60_000)
    monkeypatch.setattr("app.rollup.portions.STEP_ROWS", 10)
    numbers = sorted(NUMBERS) if order == "sorted" else Random(1).sample(NUMBERS, len(NUMBERS))
    content = "Song,Date,Number of Plays\n" + "".join(f"song {number:04d},x,{number}\n" for number in numbers)
    outcome, parts = world.rolled([world.table(content)], BY_SONG, one_go_bytes=IN_PIECES)
    assert text_of(parts) == "".join(f"song {number:04d},{2 * number}\n" for number in range(3000))
    assert (outcome.groups, outcome.rows) == (3000, 6000)
    assert portions


def test_one_group_may_be_larger_than_a_portion(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.rollup.pieces.portion_bytes", lambda _: 1)
    content = "Song,Date,Number of Plays\n" + "only,x,1\n" * 100
    _, parts = world.rolled([world.table(content)], BY_SONG, one_go_bytes=IN_PIECES)
    assert text_of(parts) == "only,100\n"


def test_the_least_key_may_be_in_more_groups_than_a_portion_has(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with_tiny_ranges(monkeypatch, 64)
    monkeypatch.setattr("app.rollup.pieces.portion_bytes", lambda _: 1)
    monkeypatch.setattr("app.rollup.in_pieces.splitters", lambda *_: [])
    content = "Song,Date,Number of Plays\n" + "".join(f"least,x,1\nother {number},x,1\n" for number in range(10))
    _, parts = world.rolled([world.table(content)], BY_SONG, one_go_bytes=IN_PIECES)
    assert text_of(parts) == "least,10\n" + "".join(f"other {number},1\n" for number in range(10))


@pytest.mark.parametrize(
    "error",
    [
        pa.ArrowMemoryError("malloc of size 64 failed"),
        MemoryError(),
        OSError("ArrowBuffer: failed to allocate"),
        pa.ArrowException("Unknown error: Failed to launch worker thread"),
    ],
)
def test_memory_that_is_refused_to_the_reader_ends_as_the_limit(error: Exception, tmp_path: Path) -> None:
    def blocks() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch([pa.array(["a"]), pa.array([1])], schema=schema_of(BY_SONG))
        raise error

    with pytest.raises(MemoryLimitExceeded, match="256 MiB"):
        grouped(blocks(), tmp_path)


def test_an_error_of_other_files_is_not_taken_for_the_limit(tmp_path: Path) -> None:
    def blocks() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch([pa.array(["a"]), pa.array([1])], schema=schema_of(BY_SONG))
        raise OSError("the disk is broken")

    with pytest.raises(OSError, match="the disk is broken"):
        grouped(blocks(), tmp_path)


def test_a_process_that_reaches_its_limit_ends_with_that_error(tmp_path: Path) -> None:
    code = "import app.jobs.child; from tests.rollup.test_memory import reach; reach()"
    surroundings = {name: value for name, value in os.environ.items() if name != "ARROW_DEFAULT_MEMORY_POOL"}
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, env=surroundings, check=False, timeout=120, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "system: memory_limit_exceeded"), done.stderr


def test_what_is_done_in_one_go_grows_with_the_limit() -> None:
    assert [one_go_bytes_of(limit) >> 20 for limit in (256, 1024, 2048)] == [64, 448, 960]


def test_what_does_not_fit_into_memory_in_one_go_is_done_in_pieces(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(work: Work, ranges: Sequence[Range]) -> Outcome:
        in_one_go(work, ranges)
        raise MemoryLimitExceeded("It needed more.")

    monkeypatch.setattr("app.rollup.roll_up.in_one_go", too_large)
    content = "Song,Date,Number of Plays\n" + "".join(f"song {number:04d},x,{number}\n" for number in NUMBERS)
    outcome, parts = world.rolled([world.table(content)], BY_SONG)
    assert text_of(parts) == "".join(f"song {number:04d},{2 * number}\n" for number in range(3000))
    prefix = outcome.parts[0].key.partition("/a1/")[0]
    assert sorted(world.keys(prefix)) == sorted(part.key for part in outcome.parts)
