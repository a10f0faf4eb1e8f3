"""Roll-ups of nasty tables, in one go and in pieces, are what the slow twin makes of them; ``TABLES`` sets how many.

The seed of one that fails is in the message.
"""

import csv
import io
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb
import pytest

from app.errors import RejectedFile, RowExceedsPart
from app.ingest.csv import blocks, unpack
from app.ingest.table import reading
from app.rollup import running
from app.rollup.database import failures_mapped, opened
from app.rollup.grouping import Grouping
from app.rollup.work import Outcome
from tests.reference import rollup, table
from tests.reference.rollup import Reject, RolledUp
from tests.rollup.world import IN_ONE_GO, IN_PIECES, World
from tests.table_strategies import TableCase, case_of

TABLES = int(os.environ.get("TABLES", "24"))

#: Tables of one test.
CHUNK = 200

#: What tables come to, see agree(): a few are no tables, or have no room for their header.
USUAL = {"whole", "rows left out", "rejected", "a row exceeds a part", "several parts"}

#: Of so many tables one is also rolled up in pieces, which takes twice as long.
APART = 4

#: More than any case has.
MANY = 100_000


def expected_of(case: TableCase) -> RolledUp | None:
    """What the twin makes of it; None if a file is no table."""
    tables = [table.read(content) for content in case.files]
    if any(each.refusals for each in tables):
        return None
    return rollup.roll_up([(each.columns, each.records) for each in tables], case.request)


def grouping_of(case: TableCase) -> Grouping:
    asked = case.request
    return Grouping(
        by=asked.by,
        sum=asked.sum,
        min=asked.min,
        max=asked.max,
        mean=asked.mean,
        count=asked.count,
        decimals=asked.decimals,
        skips_empty=asked.empty == "skip",
        names=asked.names,
        max_part_bytes=case.max_part_bytes,
    )


def with_sizes(case: TableCase, patch: pytest.MonkeyPatch) -> None:
    """Have files be read in small blocks, and in a few ranges."""
    for module, name in ((unpack, "PIECE_BYTES"), (reading, "PIECE_BYTES"), (blocks, "BLOCK_BYTES")):
        patch.setattr(module, name, case.block_bytes)
    patch.setattr(reading, "START_BYTES", max(case.start_bytes, max(map(len, case.files)) // 4))


def agree(seed: int, world: World, patch: pytest.MonkeyPatch) -> str:
    """Roll the tables of this seed up in every way; returns what they came to."""
    case = case_of(seed)
    expected = expected_of(case)
    with_sizes(case, patch)
    if expected is None:
        with pytest.raises(RejectedFile):
            [world.table(content) for content in case.files]
        return "no table"
    if len(expected.header) > case.max_part_bytes:
        return "no room"  # refused when it is asked for
    tables = [world.table(content, f"{number}.csv") for number, content in enumerate(case.files)]
    parts = expected.parts(case.max_part_bytes)
    seen = ""
    for way, one_go_bytes in {
        "in one go": IN_ONE_GO,
        **({"in pieces": IN_PIECES} if seed % APART == 0 else {}),
    }.items():
        where = f"seed {seed}, {way}"
        allowed = MANY if case.skips_rows else None
        try:
            outcome, made = world.rolled(tables, grouping_of(case), allowed=allowed, one_go_bytes=one_go_bytes)
        except RowExceedsPart:
            assert parts is None, where
            seen = "a row exceeds a part"
            continue
        except RejectedFile as refused:
            message = str(refused)
            assert not case.skips_rows, where
            assert names_first(message, expected.rejects), f"{where}: {message}, not {expected.rejects[:1]}"
            seen = "rejected"
            continue
        assert not expected.rejects or case.skips_rows, where
        assert parts is not None, where
        assert_result(outcome, made, expected, case, where)
        assert made == parts or one_go_bytes == IN_PIECES, where
        assert rows_rejected(outcome) == [
            (str(one.file), one.line, one.column, one.code) for one in expected.rejects
        ], where
        seen = "rows left out" if expected.rejects else "several parts" if len(parts) > 1 else "whole"
    return seen


def assert_result(outcome: Outcome, made: list[bytes], expected: RolledUp, case: TableCase, where: str) -> None:
    header = expected.header
    assert all(part.startswith(header) and len(part) <= case.max_part_bytes for part in made), where
    assert b"".join(part.removeprefix(header) for part in made) == b"".join(expected.lines), where
    counts = (outcome.rows, outcome.rejected, outcome.groups)
    assert counts == (expected.read, expected.rejected, len(expected.lines)), where


def names_first(message: str, rejects: list[Reject]) -> bool:
    """Whether a message names file, line and column of one of the mistakes of the first row that is wrong."""
    same = [one for one in rejects if (one.file, one.line) == (rejects[0].file, rejects[0].line)]
    return any(f"{one.file}.csv" in message and f"line {one.line}" in message for one in same)


def rows_rejected(outcome: Outcome) -> list[tuple[str, int, str, str]]:
    """File, line, column and code of each mistake."""
    found = csv.reader(io.StringIO(outcome.rejects.read_text(encoding="utf-8"), newline=""))
    assert next(found)[:3] == ["dataset", "file", "line"]
    return [(row[1].removesuffix(".csv"), int(row[2]), row[3], row[5]) for row in found]


@pytest.fixture
def one_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have all roll-ups share a DuckDB: to open one for each took two fifths of the time. Other tests open them."""
    with ExitStack() as stack:
        databases: dict[int, duckdb.DuckDBPyConnection] = {}

        @contextmanager
        def shared(_: Path, *, memory_mb: int) -> Iterator[duckdb.DuckDBPyConnection]:
            if memory_mb not in databases:
                databases[memory_mb] = stack.enter_context(opened(tmp_path, memory_mb=memory_mb))
            with failures_mapped(memory_mb), databases[memory_mb].cursor() as database:
                yield database

        monkeypatch.setattr(running, "opened", shared)
        yield


@pytest.mark.usefixtures("one_database")
@pytest.mark.parametrize("first", range(0, TABLES, CHUNK))
def test_every_roll_up_is_what_its_twin_makes_of_it(first: int, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Counter(agree(seed, world, monkeypatch) for seed in range(first, min(first + CHUNK, TABLES)))
    if sum(seen.values()) == CHUNK:
        assert set(seen) >= USUAL, seen
