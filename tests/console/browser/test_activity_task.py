"""A person looks for a project, reads its months and what nobody counted, and looks at a repository: in either way."""

import pytest
from playwright.sync_api import expect

from tests.console.browser.hands import Mouse
from tests.console.browser.watched import Watched
from tests.console.examples import Made

pytestmark = pytest.mark.browser

#: What the page of a project that is drawn has.
DRAWN = "figure[data-timeline] svg"


@pytest.mark.usefixtures("made")
def test_from_a_name_to_its_months(page: Watched, hand: Mouse) -> None:
    here = page.page
    page.open("/console")
    hand.press(here.get_by_role("link", name="Activity", exact=True))
    page.at("Activity")
    hand.write(here.get_by_label("Name begins with"), "zzz")
    hand.press(here.get_by_role("button", name="Find"))
    expect(here.locator("main")).to_contain_text("Nothing begins so.")
    page.hold()
    hand.write(here.get_by_label("Name begins with"), "Openh")
    hand.press(here.get_by_role("button", name="Find"))
    hand.press(here.get_by_role("link", name="openhours", exact=True))
    page.at("Activity of openhours")
    months = here.get_by_role("region", name="Months").locator("tbody tr")
    expect(months).to_have_count(12)
    hand.choose(here.get_by_role("combobox", name="Months"), "24")
    hand.press(here.get_by_role("button", name="Show"))
    expect(months).to_have_count(24)
    page.hold_everywhere()
    expect(here.get_by_role("img", name="The badge")).to_be_visible()

    hand.press(here.get_by_role("link", name="All activity"))
    hand.press(here.get_by_role("link", name="Days that nobody counted"))
    page.at("Days that nobody counted")
    hand.press(here.get_by_role("link", name="All activity"))
    page.at("Activity")
    hand.choose(here.get_by_label("Kind"), "repository")
    hand.press(here.get_by_role("button", name="Find"))
    hand.press(here.get_by_role("link", name="openhours/api"))
    page.at("Activity of openhours/api")
    expect(page.fact("In all").locator("strong")).to_have_text("1")
    hand.choose(here.get_by_label("Day of a commit"), "committed_at")
    hand.press(here.get_by_role("button", name="Show"))
    expect(here.get_by_label("Day of a commit")).to_have_value("committed_at")
    page.hold()


def test_its_months_are_drawn(page: Watched, made: Made) -> None:
    assert made
    page.open("/console/activity/project/openhours?months=24&as_of=2023-01-25T00:00:00Z")
    expect(page.page.locator(DRAWN)).to_be_visible()
    page.hold_everywhere()
