"""A person has figures made, looks at one, writes a metric of their own, mends it, and finds it in the next report."""

import json

import pytest
from playwright.sync_api import expect

from tests.console.browser.hands import Mouse
from tests.console.browser.watched import Watched
from tests.console.examples import Made

pytestmark = pytest.mark.browser

WRONG = {
    "pillar": "team",
    "title": "Large merges",
    "from": "pull_requests",
    "when": "merged_at",
    "where": [["lines", ">", 100], ["autor", "is", "known"]],
    "value": {"count": "*"},
}


@pytest.mark.usefixtures("made")
def test_from_figures_to_a_metric_of_one_s_own_in_the_next_report(page: Watched, hand: Mouse) -> None:
    here, name = page.page, f"large_merges_{type(hand).__name__.lower()}"
    page.open("/console")
    hand.press(here.get_by_role("link", name="Engineering", exact=True))
    page.at("Engineering")
    hand.press(here.get_by_role("button", name="Newer figures"))
    expect(here.locator("p.said")).to_have_text("It was started.")
    expect(here.locator("#progress")).to_have_count(0)
    page.at("Engineering")
    hand.press(here.get_by_role("link", name="Pickup time"))
    page.at("Pickup time")
    page.hold_everywhere()
    expect(here.get_by_role("region", name="Definition")).to_contain_text('"from": "pull_requests"')
    expect(here.get_by_role("region", name="Rows that count").locator("tbody tr")).to_have_count(20)

    hand.press(here.get_by_role("button", name="Start your own metric from it"))
    page.at("New metric")
    hand.write(here.get_by_label("Name", exact=True), name)
    hand.write(here.get_by_label("The definition, as JSON"), json.dumps(WRONG, indent=1))
    hand.press(here.get_by_role("button", name="Check it"))
    expect(here.locator("#error-document li")).to_have_count(1)
    expect(here.locator("#error-document")).to_contain_text("where.1.0 (line 13)")
    expect(here.locator("#error-document")).to_contain_text("author")
    page.hold_everywhere()
    hand.write(here.get_by_label("The definition, as JSON"), json.dumps(WRONG, indent=1).replace("autor", "author"))
    hand.press(here.get_by_role("button", name="Check it"))
    expect(here.locator("p.said")).to_contain_text("Nothing is wrong with it.")
    hand.press(here.get_by_role("button", name="Store it"))
    page.at(f"Metric {name}")
    expect(here.locator("p.said")).to_have_text("It was saved.")
    page.hold_everywhere()

    hand.press(here.get_by_role("button", name="Its figures and the rows that count"))
    page.at("Large merges")
    hand.press(here.get_by_role("link", name="Make newer figures"))
    page.at("Engineering")
    hand.press(here.get_by_role("button", name="Newer figures"))
    expect(here.locator("#progress")).to_have_count(0)
    mine = here.locator(f"ul.metrics > li:has(a[href$='/{name}'])")
    expect(mine.locator("strong")).to_have_count(1)
    page.hold_everywhere()


def test_a_line_is_told_in_words(page: Watched, made: Made) -> None:
    page.open(f"/console/engineering?report={made['figures']}")
    picture = page.page.get_by_role("img", name="From 2024-W36 to 2024-W52").first
    expect(picture).to_be_visible()
    page.hold_everywhere()
