"""The picture of the README shows what the report of the sample data says."""

import csv
import importlib.util
from pathlib import Path

from tests.commands import REPOSITORY, run

SCRIPT = REPOSITORY / "docs" / "pictures" / "store_week.py"


def test_the_picture_of_the_readme_is_what_its_script_draws(tmp_path: Path) -> None:
    for kind in ("hours", "timezones", "polls"):
        assert run(tmp_path / "home", "load", kind, f"sample_data/{kind}.csv").code == 0
    report = run(tmp_path / "home", "report", "uptime", "--hourly", "--out", str(tmp_path / "uptime.csv"))
    assert report.code == 0, report.err
    spec = importlib.util.spec_from_file_location("store_week", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    drawn = script.draw(tmp_path / "uptime-hourly.parquet")
    assert drawn == SCRIPT.with_name("store-week.svg").read_text(encoding="utf-8"), "make picture draws it anew"


def test_the_picture_has_the_hours_of_the_golden_report() -> None:
    with (REPOSITORY / "tests" / "golden" / "uptime.csv").open(newline="") as file:
        (row,) = (row for row in csv.DictReader(file) if row["store_id"] == "6077660293503601866")
    up, down = float(row["uptime_last_week"]), float(row["downtime_last_week"])
    picture = SCRIPT.with_name("store-week.svg").read_text(encoding="utf-8")
    assert f"{up:.2f} h up, {down:.2f} h down while open" in picture
