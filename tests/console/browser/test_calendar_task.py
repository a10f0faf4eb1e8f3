"""A person makes a calendar, has a store use it, and sees in the next report what it has changed: in either way."""

import pytest
from playwright.sync_api import expect

from tests.console.browser.hands import Mouse
from tests.console.browser.watched import Watched
from tests.console.examples import Made

pytestmark = pytest.mark.browser

#: A store for each way; the report is of the week before 2023-01-25.
STORES = {"mouse": "1050565545391667097", "keyboard": "8358338731902291786"}


def test_a_calendar_from_a_country_to_a_report(
    page: Watched, hand: Mouse, made: Made, request: pytest.FixtureRequest
) -> None:
    here, way = page.page, request.node.callspec.id
    store, name = STORES[way], f"germany-{way}"
    page.open("/console/calendars")
    hand.press(here.get_by_role("button", name="From a country"))
    page.at("A calendar from a country")
    hand.choose(here.get_by_label("Country"), "DE")
    hand.press(here.get_by_role("button", name="Show its states"))
    hand.choose(here.get_by_label("State or province"), "BY")
    hand.write(here.get_by_label("Years"), "2023")
    hand.write(here.get_by_label("Name of the calendar"), name)
    hand.press(here.get_by_role("button", name="Show what would change"))
    change = here.get_by_role("region", name="What would change")
    expect(change).to_contain_text("is added")
    page.hold()
    hand.press(here.get_by_role("button", name="Save the calendar"))
    page.at(f"Calendar {name}")
    expect(here.get_by_role("status")).to_be_visible()

    hand.press(here.get_by_text("Edit the dates"))
    dates = here.locator("textarea[name=days]")
    before = dates.input_value()
    hand.write(dates, f"{before}\n2023-13-01 closed Nothing")
    hand.press(here.get_by_role("button", name="Save the dates"))
    expect(here.get_by_role("alert")).to_contain_text("2023-13-01")
    page.hold()
    if not dates.is_visible():
        hand.press(here.get_by_text("Edit the dates"))
    hand.write(dates, f"{before}\n2023-01-24 closed Stocktaking")
    hand.press(here.get_by_role("button", name="Save the dates"))
    expect(here.get_by_role("region", name="Dates")).to_contain_text("Stocktaking")

    hand.press(here.get_by_text("Have entities use it"))
    hand.write(here.locator("textarea[name=keys]"), store)
    hand.press(here.get_by_role("button", name="Assign it"))
    expect(page.fact("Used by")).to_have_text("1")
    page.open(f"/console/entities/store/{store}")
    expect(here.locator("main").get_by_role("link", name=name)).to_be_visible()
    page.hold()

    page.open(f"/console/reports/{made['report']}/entities/{store}")
    expect(here.get_by_role("region", name="Days")).not_to_contain_text("Stocktaking")
    hand.press(here.get_by_role("link", name="Back to the report"))
    page.at("Report uptime")
    hand.press(here.get_by_role("button", name="Run again"))
    page.at("New report: uptime")
    hand.press(here.get_by_role("button", name="Run the report"))
    hand.press(here.get_by_role("region", name="Rows").get_by_role("link", name=store))
    page.at(f"Why: {store}")
    expect(here.get_by_role("region", name="Days")).to_contain_text("Stocktaking")
    page.hold()
