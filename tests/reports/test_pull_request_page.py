"""report.html and the charts of the pull-request report: figures worked out by hand, and what a page may hold."""

import re
from pathlib import Path
from typing import Any

import pytest

from app.errors import InvalidParameters
from app.reports.pulls import report_page
from app.storage.resources import Resources
from tests.conftest import GOLDEN, LoadText, load_file
from tests.reports.test_for_people import NASTY, Page
from tests.reports.test_pull_requests import SAMPLE_ID, make

ZONES = "team,timezone_str\nWeb,UTC\n"

#: Monday 2024-06-03, open 09:00 to 17:00 UTC: reviewed after 1 h and after 3 h; one merged without a review after 2 h;
#: one that has waited since 13:00; one that was approved on Monday at 14:00.
PULLS = (
    "repo,number,team,author,created_at,first_review_at,approved_at,merged_at\n"
    "r,1,Web,ada,2024-06-03T09:00:00Z,2024-06-03T10:00:00Z,2024-06-03T11:00:00Z,2024-06-03T12:00:00Z\n"
    "r,2,Web,bo,2024-06-03T09:00:00Z,2024-06-03T12:00:00Z,,\n"
    "r,3,Web,ada,2024-06-03T09:00:00Z,,,2024-06-03T11:00:00Z\n"
    "r,4,Web,ada,2024-06-03T13:00:00Z,,,\n"
    "r,5,,bo,2024-06-03T18:00:00Z,2024-06-03T18:30:00Z,2024-06-03T18:30:00Z,\n"
)

AS_OF = "2024-06-04T10:00:00Z"


@pytest.fixture
def pulls(load_text: LoadText) -> None:
    load_text("timezones", ZONES)
    load_text("pull_requests", PULLS)


def page_of(resources: Resources, folder: Path, **params: Any) -> Page:
    return Page(make(resources, folder, html=True, as_of=AS_OF, **params)["report.html"].path.read_text("utf-8"))


def row_of(page: Page, name: str) -> list[str]:
    """What stands behind a name in its row, up to twelve cells."""
    at = page.texts.index(name)
    return page.texts[at + 1 : at + 13]


def after(page: Page, name: str) -> str:
    return page.texts[page.texts.index(name) + 1]


@pytest.mark.usefixtures("pulls")
def test_the_page_tells_the_figures(resources: Resources, tmp_path: Path) -> None:
    page = page_of(resources, tmp_path, teams=["Web"])
    assert page.texts[:1] == ["4 pull requests"] or "4 pull requests" in page.texts[:2]
    assert "created 2024-06-03 to 2024-06-03; as of 2024-06-04 10:00 UTC; times are working hours of each team" in (
        page.texts
    )
    # Of 1 h and 3 h: 2 h. Kaplan and Meier: 3 of 4 wait after 1 h; 2 h ends without a review; at 3 h two are there,
    # of which one is reviewed: 3/8. So 3 h.
    assert after(page, "first review, median") == "2 h"
    assert after(page, "including those that wait") == "3 h"
    assert after(page, "without review") == "2 (50 %)"
    # Created to merged: 3 h and 2 h.
    assert after(page, "merge cycle, median") == "2.5 h"
    assert [after(page, name) for name in ("open now", "wait for the review", "wait for the merge")] == ["2", "2", "0"]
    # All, first review of how many, with those that wait, how many; review: 1 h; merge: 1 h; cycle of how many.
    assert row_of(page, "Web")[:11] == ["4", "2 h", "2", "3 h", "1", "1 h", "1 h", "2.5 h", "2", "2", "4"]
    # The draft phase is of none, so that it has no time.
    dash = report_page.NO_FIGURE
    assert row_of(page, "draft, to ready")[:4] == ["0", dash, dash, dash]


@pytest.mark.usefixtures("pulls")
def test_the_page_lists_what_is_open_the_oldest_first(resources: Resources, tmp_path: Path) -> None:
    page = page_of(resources, tmp_path)
    # Monday 09:00 to Tuesday 10:00 is 9 open hours of 25; from 13:00 it is 5 of 21.
    assert row_of(page, "r #2")[:5] == ["review", "9 h", "25 h", "Web", "bo"]
    assert row_of(page, "r #4")[:5] == ["review", "5 h", "21 h", "Web", "ada"]
    assert row_of(page, "r #5")[0] == "merge"
    assert row_of(page, "r #5")[3:5] == [report_page.NO_FIGURE, "bo"]
    assert [text for text in page.texts if re.fullmatch("r #[0-9]", text)] == ["r #2", "r #4", "r #5"]


@pytest.mark.usefixtures("pulls")
def test_the_page_needs_nothing_else_and_holds_the_charts(resources: Resources, tmp_path: Path) -> None:
    made = make(resources, tmp_path, html=True, charts=True, as_of=AS_OF)
    html = made["report.html"].path.read_text("utf-8")
    page = Page(html)
    assert [given["alt"] for tag, given in page.tags if tag == "img"] == [
        report_page._SHOWS[name] for name in ("first_review_per_group", "first_review_by_week", "who_waits_when")
    ]
    assert {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object"} == set()
    addresses = [value for _, given in page.tags for name, value in given.items() if name in {"src", "href"}]
    assert all(str(address).startswith("data:image/png;base64,") for address in addresses)
    assert not re.search(r"url\(|@import|https?:", html)
    assert made["first_review_per_group.png"].rows == made["first_review_by_week.png"].rows == 3
    assert made["who_waits_when.png"].rows == 5


@pytest.mark.usefixtures("pulls", "undrawn")
def test_months_are_drawn_one_after_the_other(resources: Resources, tmp_path: Path) -> None:
    made = make(resources, tmp_path, charts=True, as_of=AS_OF, by="month", clock="wall")
    assert "first_review_by_month.png" in made
    assert not {"first_review_per_group.png", "first_review_by_week.png"} & made.keys()


def test_names_are_texts(load_text: LoadText, resources: Resources, tmp_path: Path) -> None:
    quoted = NASTY.replace('"', '""')
    load_text(
        "pull_requests",
        f'repo,number,team,author,created_at\n"{quoted}",1,"{quoted}","{quoted}",2024-06-03T09:00:00Z\n',
    )
    page = page_of(resources, tmp_path)
    assert page.texts.count(NASTY) == 3  # its group, its team and its author
    assert f"{NASTY} #1" in page.texts
    assert "script" not in {tag for tag, _ in page.tags}


def test_a_report_of_nothing_has_a_page(resources: Resources, tmp_path: Path) -> None:
    page = page_of(resources, tmp_path)
    assert "0 pull requests" in page.texts
    assert after(page, "first review, median") == report_page.NO_FIGURE


@pytest.mark.usefixtures("pulls")
def test_of_many_groups_the_page_lists_the_largest(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_page, "MOST_GROUPS", 1)
    monkeypatch.setattr(report_page, "MOST_OPEN", 1)
    page = page_of(resources, tmp_path)
    assert {"By team: the 1 with the most of 2", "Open now: the 1 oldest of 3"} <= set(page.texts)
    assert "none" not in page.texts


def test_a_sample_has_no_page(resources: Resources, tmp_path: Path) -> None:
    load_file(resources, "review_times", GOLDEN / "review_times" / "t1.csv", dataset_id=SAMPLE_ID)
    with pytest.raises(InvalidParameters, match="html"):
        make(resources, tmp_path, source=SAMPLE_ID, html=True)
