"""The report on activity: rows, sums and pictures of installs and commits."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from app.errors import InvalidParameters
from app.ids import new_id
from app.ingest.kind import Coverage
from app.ingest.policy import Policy
from app.reports.kinds.activity import ACTIVITY
from app.reports.page import NO_FIGURE
from app.storage.resources import Resources
from tests.conftest import load_file
from tests.kinds import context_of
from tests.reports.test_for_people import Page
from tests.series.test_activity_table import ARRIVED

AS_OF = "2024-04-20T12:00:00Z"


@pytest.fixture
def loaded(resources: Resources, tmp_path: Path) -> Resources:
    path = tmp_path / "installs.csv"
    february = "".join(f"napari,2024-02-{day:02},pip,24.0,,3\n" for day in range(1, 30))
    path.write_text(
        "project,date,installer,installer_version,ci,count\n"
        f"{february}napari,2024-03-05,pip,24.0,true,6\nnapari,2024-03-05,pip,24.0,,18\nsvg,2024-03-05,uv,0.1,,2\n"
    )
    policy = Policy(coverage=Coverage(source="bigquery"))
    load_file(resources, "installs", path, dataset_id=new_id(ARRIVED), policy=policy)
    path.write_text("repo,sha,authored_at,committed_at\nacme/api,1,2024-02-10T00:00:00Z,2024-03-10T00:00:00Z\n")
    load_file(resources, "commits", path)
    return resources


def made(resources: Resources, folder: Path, **params: Any) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """The rows and the summary of a report."""
    folder.mkdir(exist_ok=True)
    with resources.engine.connect() as connection:
        asked = ACTIVITY.params.model_validate({"as_of": AS_OF, "charts": False, **params})
        resolved, _ = ACTIVITY.resolve(connection, asked)
    ACTIVITY.produce(context_of(resources, folder), resolved)
    with (folder / "activity.csv").open() as file:
        return list(csv.DictReader(file)), json.loads((folder / "summary.json").read_text())


def test_installs_by_month_say_what_nobody_counted(loaded: Resources, tmp_path: Path) -> None:
    rows, summary = made(loaded, tmp_path / "report", months=3)
    told = [(row["project"], row["period"], row["state"], row["installs"], row["ci"]) for row in rows]
    assert told == [
        ("napari", "2024-01", "before_first", "", ""),
        ("napari", "2024-02", "complete", "87", "0"),
        ("napari", "2024-03", "partial", "18", "6"),
        ("svg", "2024-01", "before_first", "", ""),
        ("svg", "2024-02", "complete", "0", "0"),
        ("svg", "2024-03", "partial", "2", "0"),
    ]
    assert [row["ci_share_at_least"] for row in rows] == ["", "0", "0.25", "", "", "0"]
    assert [row["person"] for row in rows[1:3]] == ["21", "18"], "CI is told from 23 February 2024 on"
    assert {row["source"] for row in rows} == {"bigquery"}
    assert [(one["period"], one["state"]) for one in summary["periods"]] == [
        ("2024-01", "before_first"),
        ("2024-02", "complete"),
        ("2024-03", "partial"),
    ]
    assert summary["figures"]["value"] == 107
    assert [(one["key"], one["figures"]["value"]) for one in summary["most_active"]] == [("napari", 105), ("svg", 2)]


def test_installs_by_day_of_named_projects(loaded: Resources, tmp_path: Path) -> None:
    rows, _ = made(loaded, tmp_path / "report", months=2, by="day", names=["SVG"])
    assert len(rows) == 29 + 31
    assert [row["period"] for row in rows if row["installs"] not in ("", "0")] == ["2024-03-05"]
    assert {row["state"] for row in rows[:29]} == {"complete"}
    assert {row["state"] for row in rows[30:33]} == {"no_data"}


def test_commits_go_by_the_instant_asked_for(loaded: Resources, tmp_path: Path) -> None:
    authored, _ = made(loaded, tmp_path / "authored", of="repo", months=3)
    assert [(row["period"], row["state"], row["commits"]) for row in authored] == [
        ("2024-01", "before_first", ""),
        ("2024-02", "complete", "1"),
        ("2024-03", "partial", "0"),
    ]
    committed, _ = made(loaded, tmp_path / "committed", of="repo", months=2, dated_by="committed_at")
    assert [(row["period"], row["state"], row["commits"]) for row in committed] == [
        ("2024-02", "no_data", ""),
        ("2024-03", "partial", "1"),
    ]


def test_an_unknown_project_is_refused_with_the_nearest(loaded: Resources, tmp_path: Path) -> None:
    with pytest.raises(InvalidParameters) as caught:
        made(loaded, tmp_path / "report", names=["naparri"])
    assert "names: no loaded file has named the project 'naparri' (did you mean 'napari'?)" in caught.value.message


def test_the_pictures_have_a_bar_for_each_period_and_a_line_for_the_break(loaded: Resources, tmp_path: Path) -> None:
    made(loaded, tmp_path / "report", months=4, charts=True)
    spec = json.loads((tmp_path / "report" / "timeline.vl.json").read_text())
    bars = [row for rows in spec["datasets"].values() for row in rows if row.get("state") in ("whole", "part")]
    assert {(row["period"], row["n"], row["state"]) for row in bars} >= {
        ("2024-02", 87, "whole"),
        ("2024-03", 20, "part"),
    }
    assert any("keep what installers say of CI" in line for line in spec["title"]["subtitle"])
    assert (tmp_path / "report" / "ci_share.png").stat().st_size > 1000


def test_a_picture_of_many_days_has_a_bar_for_each_month(loaded: Resources, tmp_path: Path) -> None:
    made(loaded, tmp_path / "report", months=5, by="day", charts=True)
    spec = json.loads((tmp_path / "report" / "timeline.vl.json").read_text())
    bars = {(row["period"], row["n"], row["state"]) for rows in spec["datasets"].values() for row in rows if "n" in row}
    assert bars >= {("2024-01", None, "before"), ("2024-02", 87, "whole"), ("2024-03", 20, "part")}
    made(loaded, tmp_path / "commits", months=5, by="day", charts=True, of="repo")
    spec = json.loads((tmp_path / "commits" / "timeline.vl.json").read_text())
    bars = {(row["period"], row["n"], row["state"]) for rows in spec["datasets"].values() for row in rows if "n" in row}
    assert ("2024-02", 1, "whole") in bars


def test_the_page_tells_what_was_counted_and_what_not(loaded: Resources, tmp_path: Path) -> None:
    made(loaded, tmp_path / "report", months=3, charts=True, html=True)
    html = (tmp_path / "report" / "report.html").read_text()
    page = Page(html)
    shown = page.texts
    assert {"Installs of 2 projects", "2024-01-01 to 2024-03-31, days in UTC; as of 2024-04-20 12:00 UTC"} <= set(shown)
    heads = ["known", "counted", "installs", "person", "unknown CI", "CI", "mirror", "other", "share of CI at least"]
    first = shown.index("All of them by period") + 1
    assert shown[first : first + 10] == ["period", *heads]
    assert shown[first + 10 : first + 13] == ["2024-01", "before the first count", "0 of 2"]
    assert set(shown[first + 13 : first + 20]) == {NO_FIGURE}
    # Of 30 installs in February those of the 22 days before the 23rd are of no known class; CI was 6 of 26 in March.
    february = ["2024-02", "complete", "2 of 2", "87", "21", "66", "0", "0", "0", "0.00 %"]
    march = ["2024-03", "partial", "2 of 2", "20", "20", "0", "6", "0", "0", "23.08 %"]
    assert shown[first + 20 : first + 40] == [*february, *march]
    napari = shown.index("napari", first)
    assert shown[napari + 1 : napari + 4] == ["bigquery", "1", "105"]
    gaps = shown.index("Gaps: days without counts between counted days")
    assert shown[gaps + 6 : gaps + 11] == ["(all)", "bigquery", "2024-03-01", "2024-03-04", "4"]
    assert [given["alt"] for tag, given in page.tags if tag == "img"] == [
        "Chart: counts of each period; the first table has the figures",
        "Chart: the share of CI in each period, a lower bound; the first table has the figures",
    ]
    assert {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object"} == set()
    assert not re.search(r"url\(|@import|https?:", html)


def test_the_page_of_named_projects_has_their_gaps_within_its_months(loaded: Resources, tmp_path: Path) -> None:
    made(loaded, tmp_path / "february", months=1, html=True, as_of="2024-03-20T00:00:00Z", names=["svg"])
    shown = Page((tmp_path / "february" / "report.html").read_text()).texts
    assert "Installs of 1 project" in shown
    assert not any(text.startswith("Gaps") for text in shown), "its gap is in March"
    made(loaded, tmp_path / "days", months=6, by="day", html=True)
    shown = Page((tmp_path / "days" / "report.html").read_text()).texts
    assert "2024-02" in shown, "183 days are shown as months"


def test_the_page_of_commits_has_neither_classes_nor_sources(loaded: Resources, tmp_path: Path) -> None:
    made(loaded, tmp_path / "report", months=2, of="repo", html=True)
    shown = Page((tmp_path / "report" / "report.html").read_text()).texts
    first = shown.index("All of them by period") + 1
    assert shown[first : first + 8] == ["period", "known", "counted", "commits", "2024-02", "complete", "1 of 1", "1"]
    acme = shown.index("acme/api")
    assert shown[acme - 3 : acme + 3] == ["repository", "complete periods", "commits", "acme/api", "1", "1"]
