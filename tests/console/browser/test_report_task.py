"""A person makes a report, looks into one store, and downloads the file: by mouse, and by keyboard alone."""

import csv
import re

import pytest
from playwright.sync_api import expect

from tests.console.browser.hands import Mouse
from tests.console.browser.watched import Watched

pytestmark = pytest.mark.browser


def test_a_report_from_the_form_to_the_file(page: Watched, hand: Mouse) -> None:
    here = page.page
    page.open("/console")
    hand.press(here.get_by_role("link", name="Reports", exact=True))
    page.at("Reports")
    hand.press(here.get_by_role("button", name="New report"))
    page.at("New report")
    hand.press(here.get_by_role("link", name="uptime", exact=True))
    page.at("New report: uptime")

    # What is wrong is said at its field, and what was typed stays.
    hours = here.locator("[name=lookback_hours]")
    hand.write(hours, "-5")
    hand.tick(here.locator("[name=charts]"))
    hand.press(here.get_by_role("button", name="Run the report"))
    expect(here.get_by_role("alert")).to_be_focused()
    expect(hours).to_have_attribute("aria-invalid", "true")
    expect(hours).to_have_value("-5")
    expect(here.locator("[name=charts]")).to_be_checked()
    page.hold()

    hand.press(here.get_by_role("alert").get_by_role("link"))
    expect(hours).to_be_focused()
    hand.write(hours, "168")
    hand.press(here.get_by_role("button", name="Run the report"))
    download = here.get_by_role("button", name=re.compile(r"^Download uptime.*\.csv"))
    download.wait_for()
    page.settle()
    page.hold()
    shared = here.url

    with here.expect_download() as begun:
        hand.press(download)
    rows = list(csv.DictReader(begun.value.path().read_text("utf-8").splitlines()))

    store = here.get_by_role("region", name="Rows").get_by_role("link", name=re.compile(r"^\d+$")).first
    key = store.inner_text()
    hand.press(store)
    page.at(f"Why: {key}")
    page.hold()
    expect(here.get_by_role("region", name="Figures")).to_be_visible()
    hand.press(here.get_by_role("link", name="Back to the report"))
    page.at("Report uptime")
    assert here.url == shared

    shown = here.get_by_role("region", name="Rows").locator("tbody th").all_inner_texts()
    assert shown == [row["store_id"] for row in rows]
    assert key in shown
