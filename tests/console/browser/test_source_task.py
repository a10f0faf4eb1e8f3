"""A person adds a source, has it read, looks at what came of it, and has it read again: in either way."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.console.browser.hands import Mouse
from tests.console.browser.watched import Watched
from tests.github import Github, World, serve
from tests.github.changes import Changes

pytestmark = pytest.mark.browser

#: Things that have happened in the repository.
STEPS = 30


@pytest.fixture(scope="module")
def github() -> Iterator[Github]:
    """An organisation with a repository that is worked on."""
    world = World(seed=3)
    world.token("ghp_" + "x" * 36)
    world.create_repository("acme/shop")
    changes = Changes(world, 3)
    for _ in range(STEPS):
        changes.step()
    with serve(world) as served:
        yield served


def test_a_source_from_its_form_to_its_rows(
    page: Watched, hand: Mouse, github: Github, request: pytest.FixtureRequest
) -> None:
    here, name = page.page, f"acme-{request.node.callspec.id}"
    add(page, hand, github, name)
    read = here.get_by_role("region", name="Streams").get_by_role("row").filter(has_text="pull_requests")
    expect(page.fact("Last sync")).to_contain_text("complete")
    expect(read.locator("time")).to_be_visible()
    hand.press(here.get_by_role("button", name="Sync now"))
    expect(here.get_by_role("status").first).to_be_visible()
    expect(page.fact("Last sync")).to_contain_text("complete")
    page.hold_everywhere()

    again = here.locator("details.confirm", has_text="Read everything again")
    hand.press(again.locator("summary"))
    hand.choose(again.get_by_label("Stream"), "pull_requests")
    hand.write(again.get_by_label("Changed since (UTC)"), "last week")
    hand.press(again.get_by_role("button", name="Reset its position, and read again"))
    expect(here.get_by_role("alert")).to_contain_text("last week")
    page.hold()
    hand.write(again.get_by_label("Changed since (UTC)"), "")
    hand.press(again.get_by_role("button", name="Reset its position, and read again"))
    expect(page.fact("Last sync")).to_contain_text("complete")
    expect(read.locator("time")).to_be_visible()

    hand.press(here.get_by_role("button", name="Set up events"))
    page.at(f"Events of {name}")
    expect(here.locator("code.secret").first).to_have_text(f"{page.address}/sources/github/events")
    page.hold_everywhere()
    hand.press(here.get_by_role("link", name="Back to the source"))
    page.at(f"Source {name}")
    hand.press(here.get_by_role("link", name="list them"))
    page.at(f"Repositories of {name}")
    hand.press(here.get_by_role("link", name="acme/shop"))
    page.at("Activity of acme/shop")
    expect(page.fact("In all").locator("strong")).to_be_visible()
    page.hold()


def add(page: Watched, hand: Mouse, github: Github, name: str) -> None:
    """Add it; one of which nothing can be read is refused before."""
    here = page.page
    page.open("/console/sources")
    hand.press(here.get_by_role("button", name="New source: GitHub"))
    page.at("New source: GitHub")
    hand.write(here.get_by_label("Name"), name)
    hand.write(here.get_by_label("Repositories, one pattern per line"), "acne/*")
    hand.write(here.get_by_label("Streams, one a line"), "pull_requests\ncommits")
    hand.write(here.get_by_label("Address of the API"), github.address)
    hand.write(here.get_by_label("Token", exact=True), "ghp_" + "x" * 36)
    hand.press(here.get_by_role("button", name="Add the source"))
    expect(here.get_by_role("alert")).to_be_visible()
    expect(here.locator("main")).to_contain_text("acne")
    page.hold()
    hand.write(here.get_by_label("Repositories, one pattern per line"), "acme/*")
    hand.write(here.get_by_label("Token", exact=True), "ghp_" + "x" * 36)
    hand.press(here.get_by_role("button", name="Add the source"))
    go_on = here.get_by_role("button", name="Go to the source")
    at_source = here.get_by_role("heading", level=1, name=f"Source {name}")
    expect(go_on.or_(at_source)).to_be_visible()
    page.hold()
    if go_on.is_visible():
        hand.press(go_on)
    page.at(f"Source {name}")
