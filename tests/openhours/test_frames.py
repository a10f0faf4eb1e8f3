"""Files as frames: which column is what."""

from pathlib import Path

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
