"""A person makes a schedule of a report, looks when it runs, runs it now, pauses it, and removes it: in either way."""

import pytest
from playwright.sync_api import expect

from tests.console.browser.hands import Mouse
from tests.console.browser.watched import Watched

pytestmark = pytest.mark.browser


def test_a_schedule_from_a_report_to_its_removal(page: Watched, hand: Mouse, request: pytest.FixtureRequest) -> None:
    here, name = page.page, f"weekly-{request.node.callspec.id}"
    page.open("/console/reports/new?kind=uptime")
    hand.tick(here.locator("[name=charts]"))
    hand.press(here.get_by_role("button", name="Save as a schedule"))
    page.at("New schedule")
    assert '"charts": true' in here.locator("[name=params]").input_value()
    hand.write(here.locator("[name=name]"), name)
    hand.choose(here.locator("[name=every]"), "week")
    hand.write(here.locator("[name=on]"), "someday")
    hand.write(here.locator("[name=at]"), "06:30")
    hand.write(here.locator("[name=timezone]"), "Europe/Berlin")
    hand.press(here.get_by_role("button", name="Show when it would be due"))
    expect(here.get_by_role("alert")).to_contain_text("someday")
    expect(here.locator("[name=name]")).to_have_value(name)
    page.hold()

    hand.write(here.locator("[name=on]"), "monday")
    hand.press(here.get_by_role("button", name="Show when it would be due"))
    expect(here.get_by_role("status")).to_contain_text("6:30")
    assert here.get_by_role("status").locator("time").count() >= 3
    hand.press(here.get_by_role("button", name="Save the schedule"))
    page.at(f"Schedule {name}")
    expect(page.fact("Next").locator("time")).to_have_count(3)
    page.hold()

    hand.press(here.get_by_role("button", name="Run now"))
    here.get_by_role("button", name="Download uptime").wait_for()
    page.settle()
    page.hold()
    hand.press(here.get_by_role("link", name="Schedules"))
    page.at("Schedules")
    hand.press(here.get_by_role("link", name=name, exact=True))
    page.at(f"Schedule {name}")
    hand.press(here.get_by_role("button", name="Pause"))
    expect(here.locator(".warnings")).to_contain_text("It is paused")
    hand.press(here.get_by_role("button", name="Resume"))
    expect(page.fact("Next").locator("time")).to_have_count(3)
    hand.press(here.locator("summary", has_text="Remove"))
    hand.press(here.get_by_role("button", name="Remove the schedule"))
    page.at("Schedules")
    expect(here.get_by_role("link", name=name, exact=True)).to_have_count(0)
