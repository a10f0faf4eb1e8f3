"""Files as frames: which column is what."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from app.files.csv_output import escape_formula
from app.ingest.registry import DATASET_KINDS
from openhours import frames


def frame_of(folder: Path, text: str, columns: dict[str, str] | None = None) -> pd.DataFrame:
    path = folder / "report.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return frames.read(path, columns or {})


@pytest.mark.parametrize(
    ("fields", "dtype"),
    [
        (["1", "20", "-3"], "int64"),
        (["1", "", "-3"], "float64"),
        (["1.5", "1e-05", "0"], "float64"),
        (["", ""], "float64"),
        (["007", "8"], "str"),
        (["1050565545391667097", "158406589678859173"], "str"),  # 19 digits: no measurement has as many
        (["nan", "inf"], "str"),
        (["NA", "NULL"], "str"),
        (["True", "False"], "str"),
        (["2024-11-09T15:29:15Z", "2024-11-09T15:29:15.123456Z"], "datetime64[us, UTC]"),
        (["2024-11-09T15:29:15+01:00", ""], "datetime64[us, UTC]"),
        (["2024-11-09", ""], "datetime64[us]"),
        (["2024-11-09T15:29:15Z", "soon"], "str"),
    ],
)
def test_a_column_that_nobody_declared_is_what_all_of_its_fields_are(
    tmp_path: Path, fields: list[str], dtype: str
) -> None:
    frame = frame_of(tmp_path, "x,y\n" + "".join(f"{field},1\n" for field in fields))
    assert str(frame["x"].dtype) == dtype
    assert frame["x"].isna().tolist() == [field == "" for field in fields]


def test_a_declared_column_is_what_it_is_declared_to_be(tmp_path: Path) -> None:
    frame = frame_of(tmp_path, "team,merged_at\n7,\n1e5,\n", {"team": frames.TEXT, "merged_at": frames.INSTANT})
    assert frame["team"].tolist() == ["7", "1e5"]
    assert str(frame["merged_at"].dtype).endswith("UTC]")
    assert frame["merged_at"].isna().all()


@pytest.mark.parametrize("key", ["=1+1", "@ada", "-5", "+x", "'quoted", "plain", "＝1", "a,b", 'say "no"', "\tx"])  # noqa: RUF001
def test_keys_come_back_as_they_were_before_the_file_was_made_safe_for_spreadsheets(tmp_path: Path, key: str) -> None:
    quoted = escape_formula(key).replace('"', '""')
    assert frame_of(tmp_path, f'team\n"{quoted}"\n', {"team": frames.TEXT})["team"].tolist() == [key]


def rollup_of(folder: Path, text: str, **params: Any) -> pd.DataFrame:
    every: dict[str, Any] = dict.fromkeys(("by", "sum", "min", "max", "mean", "names"))
    return frame_of(folder, text, dict(frames.of_rollup(every | params)))


KEYS = [
    *("'=1+1", "'@ada", "'-5", "''+x", "=1", "NULL", "NA", "nan", "007", "7", "", " a ", "2024-11-09"),
    *("2024-11-09T15:29:15Z", 'say "no"', "a,b", "two\nlines", "two\r\nlines", "a\rb", "\t", "1e5"),
]


@pytest.mark.parametrize("keys", [*([key] for key in KEYS), KEYS])
def test_keys_of_a_roll_up_come_as_they_stand_in_the_file(tmp_path: Path, keys: list[str]) -> None:
    lines = "".join('"' + key.replace('"', '""') + '",1\n' for key in keys)
    frame = rollup_of(tmp_path, "status,sum_x\n" + lines, by=["status"], sum=["x"])
    assert frame["status"].tolist() == keys
    assert frame["sum_x"].tolist() == [1] * len(keys)


def test_a_roll_up_of_one_column_keeps_its_empty_key(tmp_path: Path) -> None:
    assert rollup_of(tmp_path, 'k\n""\nx\n', by=["k"])["k"].tolist() == ["", "x"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["1", "-20"], [1, -20]),
        (["1.50", "-0.25"], [1.5, -0.25]),
        (["123456789012345678", "1"], [123456789012345678, 1]),
        (["39999999999999999960", "1"], ["39999999999999999960", "1"]),
        (["12345678901234567.25", "1.00"], ["12345678901234567.25", "1.00"]),
    ],
)
def test_figures_of_a_roll_up_are_numbers_where_these_are_exact(
    tmp_path: Path, fields: list[str], expected: list[Any]
) -> None:
    text = "Total\n" + "".join(f"{field}\n" for field in fields)
    assert rollup_of(tmp_path, text, sum=["x"], names=["Total"])["Total"].tolist() == expected


def test_a_figure_without_a_value_leaves_the_others_exact(tmp_path: Path) -> None:
    for field, expected in (("12", 12), ("123456789012345678", "123456789012345678")):
        figures = rollup_of(tmp_path, f"k,sum_x\na,\nb,{field}\n", by=["k"], sum=["x"])["sum_x"]
        assert figures.isna().tolist() == [True, False]
        assert figures[1] == expected


def test_every_key_instant_and_word_of_a_dataset_kind_is_declared() -> None:
    """What GET /datasets/kinds calls the types, as the library reads it."""
    told = {
        column.name: frames.declared({"type": column.type.name, "allowed": list(column.type.allowed)})
        for kind in DATASET_KINDS.values()
        for column in kind.columns
    }
    for name in ("store_id", "team", "repo", "author", "status"):
        assert told[name] == frames.TEXT, name
    for name in ("timestamp_utc", "created_at", "merged_at"):
        assert told[name] == frames.INSTANT, name
    assert told["number"] is None
