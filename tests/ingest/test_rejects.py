"""Rejected rows: counted, shown, written."""

import csv
from pathlib import Path

from app.ingest.rejects import SHOWN, RejectedRow, Rejects, shown


def test_every_rejected_row_is_written_and_the_first_are_kept(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "rejects.csv")
    rows = [
        RejectedRow(line, "status", shown(f"up\n{line}"), "not_allowed", "is not one of a, b") for line in range(50)
    ]
    rejects.add([row] for row in rows[:30])
    rejects.add([row] for row in rows[30:])
    rejects.close()
    assert rejects.count == 50
    assert rejects.shown == rows[:SHOWN]
    lines = (tmp_path / "rejects.csv").read_text().splitlines()
    assert lines[0] == "line,column,value,code,reason"
    assert lines[1] == "0,status,'up\\n0',not_allowed,\"is not one of a, b\""
    assert len(lines) == 51


def test_equal_mistakes_are_counted_in_one_sentence() -> None:
    rejects = Rejects()
    for value, times in (("up", 3), ("down", 2), ("maybe", 1)):
        mistake = RejectedRow(2, "status", shown(value), "not_allowed", "is not one of a, b")
        rejects.add([[mistake, RejectedRow(2, "key", "''", "empty", "is empty")]] * times)
    assert (rejects.count, rejects.mistakes) == (6, 12)
    assert sorted(rejects.repeated()) == [
        "key: '' \u00d7 6 is empty",
        "status: 'up' \u00d7 3, 'down' \u00d7 2, 'maybe' \u00d7 1 are not one of a, b; map them with words",
    ]


def test_no_file_is_made_without_rejected_rows(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "rejects.csv")
    rejects.add([])
    rejects.close()
    assert list(tmp_path.iterdir()) == []


def test_a_cell_that_is_a_formula_is_written_as_text(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "rejects.csv")
    rejects.add([[RejectedRow(2, "=cmd|x", shown("=cmd|x"), "@x", "-1+1")]])
    rejects.close()
    with (tmp_path / "rejects.csv").open(newline="") as file:
        assert list(csv.reader(file))[1] == ["2", "'=cmd|x", "'=cmd|x'", "'@x", "'-1+1"]
