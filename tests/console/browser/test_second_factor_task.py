"""A person sets up a second factor with the camera of a phone, and comes in by it: in either way."""

import pyotp
import pytest
import zxingcpp
from playwright.sync_api import Browser, expect

from app.access.scopes import Role
from app.storage.resources import Resources
from tests.access.services import PASSWORD, accounts_of
from tests.console.browser.doors import log_in
from tests.console.browser.hands import HANDS
from tests.console.browser.small_png import pixels_of
from tests.console.browser.watched import WIDE, watched

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("way", HANDS)
def test_a_phone_reads_the_picture_also_in_the_dark(
    way: str, browser: Browser, guarded_address: str, loaded: Resources
) -> None:
    accounts_of(loaded).person(f"mary-{way}", Role.VIEWER)
    with watched(browser, guarded_address) as opened:
        here, hand = opened.page, HANDS[way](opened.page)
        log_in(opened, hand, f"mary-{way}")
        opened.open("/console/account/second-factor")
        hand.write(here.get_by_label("Current password"), PASSWORD)
        hand.press(here.get_by_role("button", name="Go on"))
        opened.at("Confirm the second factor")
        opened.hold_everywhere()
        secret = "".join(here.locator("code.secret span").all_inner_texts())
        for scheme in ("light", "dark"):
            opened.look(width=WIDE, scheme=scheme)
            picture = here.get_by_role("img", name="A QR code").screenshot()
            (found,) = zxingcpp.read_barcodes(pixels_of(here.context, picture))
            assert pyotp.parse_uri(found.text).secret == secret

        hand.write(here.get_by_label("Code", exact=True), pyotp.TOTP(secret).now())
        hand.press(here.get_by_role("button", name="Confirm"))
        expect(here.locator("ul.codes li")).to_have_count(10)
        opened.hold()
