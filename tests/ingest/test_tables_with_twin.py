"""Nasty tables are read as the slow twin reads them: whole, and from every row start; ``TABLES`` sets how many.

The seed of a table that fails is in the message.
"""

import os
from collections import Counter

import pytest

from app.errors import RejectedFile
from app.ingest import rejects
from app.ingest.csv import blocks, unpack
from app.ingest.policy import Limits
from app.ingest.table import reading, split
from tests.ingest.test_table import Bytes, Checked, check, rows_of
from tests.reference import table
from tests.table_strategies import case_of

TABLES = int(os.environ.get("TABLES", "60"))

#: Tables of one test.
CHUNK = 400

LIMITS = Limits(max_row_bytes=table.ROW_BYTES)


def agree(seed: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """Read the files of this seed in both ways; returns what they came to."""
    case = case_of(seed)
    for module in (blocks, unpack, reading):
        size = "BLOCK_BYTES" if module is blocks else "PIECE_BYTES"
        monkeypatch.setattr(module, size, case.block_bytes)
    monkeypatch.setattr(split, "PART_BYTES", case.block_bytes // 2)
    monkeypatch.setattr(reading, "START_BYTES", case.start_bytes)
    seen = "taken"
    for content in case.files:
        twin = table.read(content)
        try:
            checked = check(content, limits=LIMITS)
        except RejectedFile as error:
            told = error.details["reason"]
            assert told in twin.refusals, f"seed {seed}: refused for {told}, by the twin for {twin.refusals}"
            return "refused"
        assert not twin.refusals, f"seed {seed}: taken, by the twin refused for {twin.refusals}"
        expected = [(one.line, tuple(text.decode() for text in one.fields or [])) for one in twin.records]
        assert checked.file.columns == twin.columns, f"seed {seed}"
        assert checked.rows == expected, f"seed {seed}"
        told = [(one.line, one.code) for one in checked.rejects.shown]
        assert told == twin.rejections, f"seed {seed}"
        assert in_ranges(content, checked) == expected, f"seed {seed}: in ranges"
        seen = "rejected rows" if told else "in ranges" if len(checked.file.starts) > 1 else seen
    return seen


def in_ranges(content: bytes, checked: Checked) -> list[tuple[int, tuple[str, ...]]]:
    """The rows of all ranges, one after the other."""
    found = []
    for start, end in checked.file.ranges():
        left_out = rejects.Rejects()
        source = Bytes(content)
        found += reading.read_rows(
            source, checked.file, start, end, wanted=checked.file.columns, limits=LIMITS, rejects=left_out
        )
    return rows_of(found)


@pytest.mark.parametrize("first", range(0, TABLES, CHUNK))
def test_every_table_is_read_as_its_twin_reads_it(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejects, "SHOWN", 1_000_000)
    seen = Counter(agree(seed, monkeypatch) for seed in range(first, min(first + CHUNK, TABLES)))
    assert min(seen["taken"], seen["rejected rows"], seen["in ranges"]) > sum(seen.values()) / 20, seen
