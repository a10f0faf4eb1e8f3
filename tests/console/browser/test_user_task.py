"""An administrator invites a person, who comes in, gets another role and is disabled: in either way."""

import pytest
from playwright.sync_api import Browser, expect

from app.access.scopes import Role
from app.storage.resources import Resources
from tests.access.services import PASSWORD, accounts_of
from tests.commands import wait_until
from tests.console.browser.doors import log_in
from tests.console.browser.hands import HANDS
from tests.console.browser.watched import watched

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("way", HANDS)
def test_a_person_from_the_invitation_to_the_end(
    way: str, browser: Browser, guarded_address: str, loaded: Resources
) -> None:
    accounts_of(loaded).person(f"root-{way}", Role.ADMIN)
    name = f"bob-{way}"
    with watched(browser, guarded_address) as opened, watched(browser, guarded_address) as other:
        here, hand = opened.page, HANDS[way](opened.page)
        log_in(opened, hand, f"root-{way}")
        hand.press(here.get_by_role("link", name="Users", exact=True))
        opened.at("Users")
        hand.press(here.get_by_role("button", name="Add a person"))
        opened.at("Add a person")
        hand.write(here.get_by_label("Name"), f"root-{way}")
        hand.press(here.get_by_role("button", name="Add", exact=True))
        expect(here.get_by_role("alert")).to_contain_text(f"root-{way}")
        opened.hold()
        hand.write(here.get_by_label("Name"), name)
        hand.choose(here.get_by_label("Role"), "viewer")
        hand.press(here.get_by_role("button", name="Add", exact=True))
        opened.at(f"An invitation for {name}")
        opened.hold()
        link = here.locator("code.secret").inner_text()
        assert link.startswith(f"{guarded_address}/invite#"), "the link is complete"
        hand.press(here.get_by_role("button", name="I have copied it"))
        opened.at(name)
        assert link not in here.content()
        expect(opened.fact("Logs in")).to_contain_text("has not chosen a password yet")

        there, bob = other.page, HANDS[way](other.page)
        other.open(link.removeprefix(guarded_address))
        other.at("Choose a password")
        bob.write(there.get_by_label("New password"), PASSWORD)
        bob.press(there.get_by_role("button", name="Set the password"))
        other.at("Log in")
        expect(there.get_by_role("status")).to_have_text("Your password was set. Log in with it.")
        other.hold_everywhere()
        log_in(other, bob, name)
        expect(there.locator("footer")).to_contain_text("viewer")

        hand.choose(here.get_by_label("Role"), "operator")
        hand.press(here.get_by_role("button", name="Save"))
        expect(here.get_by_role("status")).to_have_text("The change was saved.")
        footer = there.locator("footer")
        wait_until(lambda: there.reload() is not None and "operator" in footer.inner_text())  # within a second
        hand.press(here.locator("summary", has_text="Disable"))
        hand.press(here.get_by_role("button", name="Disable").and_(here.locator("form *")))
        expect(here.get_by_role("status")).to_contain_text("The user was disabled")
        expect(opened.fact("Logs in")).to_contain_text("disabled")
        opened.hold_everywhere()
        wait_until(lambda: there.reload() is not None and there.url.startswith(f"{guarded_address}/login"))
