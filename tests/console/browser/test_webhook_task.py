"""A person makes a webhook, sends a test, has a rule tell it something, and gives it another secret: in either way."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import insert, select

from app.access.server_secret import server_secret
from app.deliveries.announcing import announce
from app.deliveries.notify import Notify
from app.deliveries.tables import delivery, unsubscribed
from app.deliveries.unsubscribing import token
from app.storage.resources import Resources
from tests.console.browser.conftest import Windows
from tests.console.browser.hands import Mouse
from tests.console.browser.watched import Watched
from tests.sending.receiver import OK, receiver

pytestmark = pytest.mark.browser


def test_a_webhook_from_its_form_to_its_removal(page: Watched, hand: Mouse, request: pytest.FixtureRequest) -> None:
    here, name = page.page, f"ops-{request.node.callspec.id}"
    with receiver(OK) as running:
        page.open("/console")
        hand.press(here.get_by_role("link", name="Webhooks", exact=True))
        page.at("Webhooks")
        hand.press(here.get_by_role("button", name="New webhook"))
        page.at("New webhook")
        hand.write(here.locator("[name=name]"), name)
        hand.write(here.locator("[name=url]"), "http://192.168.0.1/hook")
        hand.tick(here.locator("[name=events][value='report.failed']"))
        hand.press(here.get_by_role("button", name="Make the webhook"))
        expect(here.get_by_role("alert")).to_contain_text("192.168.0.1")
        expect(here.locator("[name=events][value='report.failed']")).to_be_checked()
        page.hold()

        hand.write(here.locator("[name=url]"), f"http://127.0.0.1:{running.port}/hook")
        hand.press(here.get_by_role("button", name="Make the webhook"))
        page.at(f"The secret of the webhook {name}")
        secret = here.locator("code.secret").inner_text()
        assert secret.startswith("whsec_")
        page.hold_everywhere()
        hand.press(here.get_by_role("button", name="I have copied it"))
        page.at(f"Webhook {name}")
        assert secret not in here.content()

        hand.press(here.get_by_role("button", name="Send a test"))
        page.at("Delivery")
        expect(here.locator("#progress .status.is-delivered")).to_be_visible()
        expect(page.fact("Code of the answer")).to_have_text("200")
        page.hold_everywhere()
        assert running.requests[0].headers["webhook-signature"].startswith("v1,")
    hand.press(here.get_by_role("button", name="Send again"))
    expect(here.locator("#progress")).to_contain_text(re.compile("waiting"))
    expect(page.fact("Next attempt")).to_be_visible()
    page.hold()

    hand.press(here.get_by_role("link", name="Back to the webhook"))
    page.at(f"Webhook {name}")
    hand.press(here.locator("summary", has_text="New secret"))
    hand.press(here.get_by_role("button", name="Make a new secret"))
    page.at(f"The new secret of the webhook {name}")
    assert here.locator("code.secret").inner_text() != secret
    hand.press(here.get_by_role("button", name="I have copied it"))
    page.at(f"Webhook {name}")
    hand.press(here.locator("summary", has_text="Remove"))
    hand.press(here.get_by_role("button", name="Remove the webhook"))
    page.at("Webhooks")
    expect(here.get_by_role("link", name=name, exact=True)).to_have_count(0)


def test_a_rule_from_its_kind_to_its_pause(
    page: Watched, hand: Mouse, request: pytest.FixtureRequest, made: object
) -> None:
    here, name = page.page, f"down-{request.node.callspec.id}"
    assert made, "a webhook that is named below"
    page.open("/console/rules")
    hand.press(here.get_by_role("button", name="New rule"))
    page.at("New rule")
    page.hold()
    hand.press(here.get_by_role("link", name="store_down"))
    page.at("New rule: store_down")
    hand.write(here.locator("[name=name]"), name)
    hand.write(here.locator("[name=minutes]"), "45")
    hand.press(here.get_by_role("button", name="Save the rule"))
    expect(here.get_by_role("alert")).to_contain_text("Who is told")
    page.hold()
    hand.write(here.locator("[name=notify]"), "ops-channel")
    hand.press(here.get_by_role("button", name="Save the rule"))
    page.at(f"Rule {name}")
    expect(page.fact("Who is told")).to_have_text("ops-channel")
    page.hold_everywhere()
    hand.press(here.get_by_role("button", name="Pause"))
    expect(here.locator(".warnings")).to_contain_text("It is paused")
    hand.press(here.locator("summary", has_text="Remove"))
    hand.press(here.get_by_role("button", name="Remove the rule"))
    page.at("Rules")


def test_mail_is_allowed_again(page: Watched, hand: Mouse, loaded: Resources) -> None:
    here = page.page
    with loaded.engine.begin() as connection:
        connection.execute(insert(unsubscribed).values(address="ops/night@example.org"))
    page.open("/console/deliveries")
    page.hold_everywhere()
    hand.press(here.get_by_role("button", name="Allow again"))
    expect(here.get_by_role("status")).to_contain_text("Mail may be sent to this address again.")
    expect(here.get_by_role("button", name="Allow again")).to_have_count(0)


@pytest.mark.parametrize("language", ["en-US", "de-DE"])
def test_whoever_gets_a_mail_wants_no_more(language: str, window: Windows, loaded: Resources) -> None:
    address = f"{language}@example.org"
    with loaded.engine.begin() as connection:
        announce(connection, "alert.raised", "5" * 32, title="Look.", wanted=Notify(to=(address,)), listeners=False)
        found = connection.execute(select(delivery.c.id).where(delivery.c.address == address)).scalar_one()
    with window(language=language) as opened:
        link = f"/unsubscribe?token={token(server_secret(loaded.settings), found)}"
        main = opened.page.locator("main")
        for _ in range(2):  # to look at it changes nothing
            opened.open(link)
            expect(main).to_contain_text(address)
            opened.hold_everywhere()
        main.get_by_role("button").click()
        expect(main.get_by_role("button")).to_have_count(0)
        expect(main).to_contain_text(address)
        opened.hold_everywhere()
        opened.open(link)
        expect(opened.page.get_by_role("alert")).to_contain_text("This link was used")
        opened.hold_everywhere()
