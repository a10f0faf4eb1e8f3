"""A person looks for a store, sets its week, and then other hours of some dates: in either way."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.console.browser.hands import Mouse
from tests.console.browser.watched import Watched

pytestmark = pytest.mark.browser

#: A store for each way; neither has hours that hold from a date on, so those that hold always are those of its week.
STORES = {"mouse": "8358338731902291786", "keyboard": "a/b?c"}

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@pytest.mark.usefixtures("made")
def test_the_hours_of_a_store(page: Watched, hand: Mouse, request: pytest.FixtureRequest) -> None:
    here, store = page.page, STORES[request.node.callspec.id]
    page.open("/console")
    hand.press(here.get_by_role("link", name="Entities", exact=True))
    page.at("Entities")
    hand.choose(here.get_by_label("Kind"), "store")
    hand.write(here.get_by_label("Key begins with"), store)
    hand.press(here.get_by_role("button", name="Search"))
    hand.press(here.get_by_role("link", name=store, exact=True))
    page.at(store)
    week = here.get_by_role("region", name="The week, hour by hour").get_by_role("row")

    hand.press(here.get_by_text("Change the hours"))
    for day in DAYS:
        hand.write(here.get_by_label(day), "" if day == "Sunday" else "8:00-12:00, 13:30-17:00")
    hand.write(here.get_by_label("Wednesday"), "8 to 5")
    hand.pick(here.locator("[name=when][value=always]"))
    hand.press(here.get_by_role("button", name="Save the hours"))
    expect(here.get_by_role("alert")).to_contain_text("8 to 5")
    expect(here.get_by_label("Tuesday")).to_have_value("8:00-12:00, 13:30-17:00")
    page.hold()
    hand.press(here.get_by_role("alert").get_by_role("link", name="Wednesday"))
    hand.write(here.get_by_label("Wednesday"), "22:00-2:00")
    hand.press(here.get_by_role("button", name="Save the hours"))
    expect(here.get_by_role("status")).to_have_text("The change was saved.")
    expect(week.filter(has_text="Monday").locator("td.times")).to_have_text("08:00-12:00, 13:30-17:00")
    expect(week.filter(has_text="Monday").locator("td.is-open")).to_have_count(8)
    expect(week.filter(has_text="Wednesday").locator("td.times")).to_have_text("22:00-02:00")
    expect(week.filter(has_text="Sunday").locator("td.times")).to_have_text("closed")
    page.hold_everywhere()

    # Five days on: of today's date itself the zones of a store and of this test may think differently.
    first = datetime.now(UTC).date() + timedelta(days=5)
    hand.press(here.get_by_text("Change the hours"))
    for day in DAYS:
        hand.write(here.get_by_label(day), "10:00-11:00")
    hand.pick(here.locator("[name=when][value=dates]"))
    hand.write(here.get_by_label("First date"), str(first))
    hand.write(here.get_by_label("Last date"), str(first + timedelta(days=1)))
    hand.press(here.get_by_role("button", name="Save the hours"))
    expect(here.get_by_role("status")).to_have_text("The change was saved.")
    coming = here.get_by_role("region", name="The next days")
    expect(coming.get_by_text("10:00 AM – 11:00 AM")).to_have_count(2)  # noqa: RUF001 - a dash
    exceptions = here.get_by_role("region", name="Exceptions")
    rows = exceptions.locator("tbody tr", has_text="10:00-11:00")
    expect(rows).to_have_count(2)
    hand.press(rows.first.get_by_role("button", name="As usual"))
    expect(rows).to_have_count(1)
    expect(week.filter(has_text="Monday").locator("td.times")).to_have_text("08:00-12:00, 13:30-17:00")
    page.hold()
