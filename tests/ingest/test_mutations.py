"""Thousands of files that chance has changed: each comes to what the slow twin says, and every row is accounted for.

``CSV_MUTATIONS`` sets how many; the seed of a file that fails is in the message.
"""

import os
from collections import Counter

import pytest

from app.errors import RejectedFile
from app.ingest import rejects
from app.ingest.policy import Limits
from tests.conftest import NOW
from tests.ingest.checking import check, small_blocks
from tests.ingest.mutants import KINDS, Mutant, mutant
from tests.ingest.test_checker import ORDERS
from tests.ingest.twins import CHECKED, TWINS
from tests.reference import csv_check

MUTATIONS = int(os.environ.get("CSV_MUTATIONS", "1000"))

#: Files of one test.
CHUNK = 500


def verdict_on(file: Mutant) -> csv_check.Verdict:
    return csv_check.check(
        file.content,
        TWINS[file.kind],
        names=file.names,
        row_bytes=file.row_bytes,
        field_bytes=file.field_bytes,
        total_bytes=file.total_bytes,
        now=NOW,
    )


def agree(seed: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """Check the file of this seed in both ways; returns what it came to."""
    file = mutant(seed)
    verdict = verdict_on(file)
    small_blocks(monkeypatch, file.block_bytes)
    limits = Limits(file.row_bytes, file.field_bytes, file.total_bytes)
    try:
        checked = check(
            file.content, ORDERS if file.kind == "orders" else file.kind, columns=file.names, limits=limits, now=NOW
        )
    except RejectedFile as error:
        told = (error.details["reason"], error.details.get("line", 0))
        assert told in verdict.refusals, f"seed {seed}: refused for {told}, by the twin for {verdict.refusals}"
        return told[0]
    assert not verdict.refusals, f"seed {seed}: taken, by the twin refused for {verdict.refusals}"
    rejections = [(one.line, one.column, one.code) for one in checked.rejections]
    assert rejections == verdict.rejections, f"seed {seed}"
    assert checked.rows == verdict.rows, f"seed {seed}"
    assert checked.read == len(verdict.rows) + verdict.rejected, f"seed {seed}"
    return "rejected rows" if rejections else "taken"


def test_every_kind_is_mutated_and_has_its_twin() -> None:
    assert {*CHECKED, "orders"} == set(KINDS) == set(TWINS)
    for name, kind in CHECKED.items():
        declared = {column.name for column in kind.columns if column.instead_of is None} - {"entity_kind"}
        assert {column.name for column in TWINS[name]} == set(KINDS[name]) == declared


@pytest.mark.parametrize("first", range(0, MUTATIONS, CHUNK))
def test_every_mutated_file_comes_to_what_the_twin_says(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejects, "SHOWN", 1_000_000)
    seen = Counter(agree(seed, monkeypatch) for seed in range(first, min(first + CHUNK, MUTATIONS)))
    if sum(seen.values()) == CHUNK:
        assert min(seen["taken"], seen["rejected rows"]) > CHUNK / 10, seen
        assert len(seen) > 8, seen
