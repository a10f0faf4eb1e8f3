"""How somebody comes in."""

from playwright.sync_api import expect

from tests.access.services import PASSWORD
from tests.console.browser.hands import Mouse
from tests.console.browser.watched import Watched


def log_in(window: Watched, hand: Mouse, name: str) -> None:
    """Log in with the password of everybody; a wrong one is refused before."""
    here = window.page
    window.open("/login")
    for password in ("wrong", PASSWORD):
        hand.write(here.get_by_label("Name"), name)
        hand.write(here.get_by_label("Password"), password)
        hand.press(here.get_by_role("button", name="Log in"))
        if password == "wrong":
            expect(here.get_by_role("alert")).to_be_visible()
            window.hold()
    window.at("Overview")
