"""A person logs in, makes a key, and revokes it; a program that has it may ask, and then may not: in either way."""

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from app.access.scopes import Role
from app.storage.resources import Resources
from tests.access.services import accounts_of
from tests.commands import wait_until
from tests.console.browser.conftest import PATIENCE_SECONDS
from tests.console.browser.doors import log_in
from tests.console.browser.hands import HANDS
from tests.console.browser.watched import watched

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("way", HANDS)
def test_a_key_from_its_form_to_its_end(way: str, browser: Browser, guarded_address: str, loaded: Resources) -> None:
    accounts_of(loaded).person(f"ada-{way}", Role.ADMIN)
    with watched(browser, guarded_address) as opened:
        here, hand = opened.page, HANDS[way](opened.page)
        log_in(opened, hand, f"ada-{way}")
        hand.press(here.get_by_role("link", name="Keys", exact=True))
        opened.at("Keys")
        hand.press(here.get_by_role("button", name="New key"))
        opened.at("New key")
        hand.write(here.get_by_label("What it is for"), "notebook")
        hand.pick(here.locator("[name=limited][value=true]"))
        hand.press(here.get_by_role("button", name="Make the key"))
        expect(here.get_by_role("alert")).to_be_visible()
        opened.hold()
        hand.tick(here.locator("[name=scopes][value='reports:read']"))
        hand.choose(here.get_by_label("How long it lasts"), "30")
        hand.press(here.get_by_role("button", name="Make the key"))
        secret = here.locator("code.secret").inner_text()
        assert secret not in here.url
        opened.hold()

        with httpx2.Client(base_url=guarded_address, timeout=PATIENCE_SECONDS) as program:
            program.headers["authorization"] = f"Bearer {secret}"
            assert program.get("/reports").status_code == 200
            assert program.get("/datasets").status_code == 403, "it may do what was ticked"
            hand.press(here.get_by_role("button", name="I have copied it"))
            opened.at("Key")
            assert secret not in here.content()
            hand.press(here.locator("summary", has_text="Revoke"))
            hand.press(here.get_by_role("button", name="Revoke the key"))
            expect(here.get_by_role("status")).to_contain_text("The key was revoked.")
            opened.hold()
            wait_until(lambda: program.get("/reports").status_code == 401)  # within a second, as the page says
