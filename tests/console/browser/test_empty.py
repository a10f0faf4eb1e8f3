"""A service in which nothing is yet: pages say what to do, and three steps lead to the first report."""

import csv
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from app.console.registry import PAGES
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from app.web.server import serving
from tests.conftest import fresh_resources, stopping_soon
from tests.console.browser.conftest import Windows
from tests.console.browser.hands import HANDS, Mouse
from tests.console.browser.watched import Watched, watched

pytestmark = pytest.mark.browser

#: What a person has who has no file of their own.
SAMPLES = ("hours.csv", "timezones.csv", "polls.csv")

#: Pages that are there before anything else is.
PATHS = [page.path for pages in PAGES for page in pages.pages if "{" not in page.path]


@pytest.fixture(scope="module")
def empty(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    with fresh_resources(servers, session_settings) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def window(browser: Browser, empty: Resources) -> Iterator[Windows]:
    """Opens a window of the empty service."""
    with serving(empty, slots=0) as address:
        yield partial(watched, browser, address)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_says_what_to_do(path: str, window: Windows) -> None:
    with window() as opened:
        opened.open(path)
        main = opened.page.locator("main")
        assert main.inner_text() != main.locator("h1").inner_text()
        opened.hold_everywhere()


@pytest.fixture(params=HANDS)
def first(request: pytest.FixtureRequest, browser: Browser, resources: Resources) -> Iterator[tuple[Watched, Mouse]]:
    """The window of a person who has just started the service, and their hand."""
    with stopping_soon(), serving(resources, slots=2) as address, watched(browser, address) as opened:
        yield opened, HANDS[request.param](opened.page)


def test_three_steps_lead_from_an_empty_service_to_a_report_of_one_s_own(
    first: tuple[Watched, Mouse], tmp_path: Path
) -> None:
    page, hand = first
    here = page.page
    page.open("/console")
    page.hold()
    for name in SAMPLES:
        with here.expect_download() as begun:
            hand.press(here.get_by_role("link", name=name))
        begun.value.save_as(tmp_path / name)

    hand.press(here.get_by_role("button", name="Upload files"))
    page.at("Upload files")
    for count, name in enumerate(SAMPLES, 1):
        # What the file is, nobody says: it is recognized.
        hand.file(here.get_by_label("Choose files"), str(tmp_path / name))
        expect(here.locator("#inspected section")).to_be_visible()
        hand.press(here.get_by_role("button", name="Upload", exact=True))
        expect(here.get_by_role("link", name="See the file")).to_have_count(count)
    page.hold()
    hand.press(here.get_by_role("link", name="See the file").last)
    expect(here.locator(".status.is-ready")).to_be_visible()
    hand.press(here.get_by_role("link", name="Files", exact=True))
    page.at("Files")
    expect(here.locator("tbody .status.is-ready")).to_have_count(len(SAMPLES))

    hand.press(here.get_by_role("link", name="Overview"))
    hand.press(here.get_by_role("button", name="Run the uptime report"))
    page.at("New report: uptime")
    hand.press(here.get_by_role("button", name="Run the report"))
    download = here.get_by_role("button", name=re.compile("^Download uptime"))
    download.wait_for()
    with here.expect_download() as begun:
        hand.press(download)
    stores = {row["store_id"] for row in csv.DictReader(begun.value.path().read_text("utf-8").splitlines())}
    polled = csv.DictReader((tmp_path / "polls.csv").read_text("utf-8").splitlines())
    assert stores == {row["store_id"] for row in polled}
