"""report.html of pull requests as a browser shows it. ``make browser`` runs this with the machine's Chromium."""

import re
from pathlib import Path

import pytest

from app.storage.resources import Resources
from tests.conftest import LoadText
from tests.reports.test_pull_requests import make
from tests.reports.test_report_page_in_browser import Browser, browser

__all__ = ["browser"]

pytestmark = pytest.mark.browser


@pytest.fixture
def page(resources: Resources, load_text: LoadText, tmp_path: Path) -> Path:
    """Of sixty pull requests of six teams, by author, with charts and names that are hard to break."""
    teams = ("Zürich Hauptbahnhof – Express & Feinkost im Untergeschoss", "A" * 60, "007", "東京駅前店", "Web", "")  # noqa: RUF001
    rows = "".join(
        f"organisation-with-a-long-name/repository-{number % 7},{number},{teams[number % 6]},author-{number % 4},"
        f"2024-06-{1 + number % 28:02}T09:00:00Z,2024-06-{1 + number % 28:02}T{10 + number % 9}:00:00Z,\n"
        for number in range(1, 61)
    )
    load_text("pull_requests", "repo,number,team,author,created_at,first_review_at,merged_at\n" + rows)
    return make(resources, tmp_path, charts=True, html=True, by="author")["report.html"].path


def test_it_says_nothing_on_the_console_as_it_asks_for_nothing_from_outside(page: Path, browser: Browser) -> None:
    ran = browser("--dump-dom", page.as_uri())
    assert "Open now: the 50 oldest of 60" in ran.stdout
    assert "CONSOLE" not in ran.stderr


@pytest.mark.parametrize("width", [320, 640, 1280])
def test_it_is_not_wider_than_its_window(page: Path, browser: Browser, tmp_path: Path, width: int) -> None:
    frame = tmp_path / "frame.html"
    told = "with (page.contentDocument.documentElement) document.title = scrollWidth + ' of ' + clientWidth"
    frame.write_text(f'<iframe id="page" width="{width}" height="800" src="report.html" onload="{told}"></iframe>')
    found = re.search(r"<title>(\d+) of (\d+)</title>", browser("--dump-dom", frame.as_uri()).stdout)
    assert found, "the page was not shown"
    assert found[1] == found[2]
