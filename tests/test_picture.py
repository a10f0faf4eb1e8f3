"""The picture of the README shows what the report of the sample data says."""

import csv
import importlib.util
from pathlib import Path

from app.storage.resources import Resources
from tests.asking import reported
from tests.commands import REPOSITORY, http
from tests.conftest import api

SCRIPT = REPOSITORY / "docs" / "pictures" / "store_week.py"


def test_the_picture_of_the_readme_is_what_its_script_draws(loaded: Resources, tmp_path: Path) -> None:
    with api(loaded, slots=1) as client:
        found = reported(client, params={"hourly": True, "charts": False})
    hourly = next(file for file in found["files"] if file["name"] == "hourly.parquet")
    (tmp_path / "hourly.parquet").write_bytes(http().get(hourly["url"]).raise_for_status().content)
    spec = importlib.util.spec_from_file_location("store_week", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    drawn = script.draw(tmp_path / "hourly.parquet")
    assert drawn == SCRIPT.with_name("store-week.svg").read_text(encoding="utf-8"), "make picture draws it anew"


def test_the_picture_has_the_hours_of_the_golden_report() -> None:
    with (REPOSITORY / "tests" / "golden" / "uptime.csv").open(newline="") as file:
        (row,) = (row for row in csv.DictReader(file) if row["store_id"] == "6077660293503601866")
    up, down = float(row["uptime_last_week"]), float(row["downtime_last_week"])
    picture = SCRIPT.with_name("store-week.svg").read_text(encoding="utf-8")
    assert f"{up:.2f} h up, {down:.2f} h down while open" in picture
