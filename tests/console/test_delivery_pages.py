"""Pages of deliveries: narrowed, reached from a report; who wants no mail, and the page by which they say so."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import insert, text

from app.access.server_secret import server_secret
from app.deliveries.announcing import announce
from app.deliveries.notify import Notify
from app.deliveries.tables import unsubscribed
from app.deliveries.unsubscribing import token
from app.storage.resources import Resources
from tests.asking import reported
from tests.commands import wait_until
from tests.console.browsing import HOSTILE, browser_of, cannot, local_browser, main_of, opened, rows_of, said, sent
from tests.console.html import has_no_script_or_style_within, labels_its_fields, read
from tests.web.test_addressed import with_settings

#: A local part that is hard for addresses of pages.
ADDRESS = "ops/night+1@example.org"

GERMAN = {"accept-language": "de-AT,de;q=0.9"}


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    """Of a service with a mail server that nobody asks, as it has no worker."""
    mail = {
        "smtp_url": SecretStr("smtp://127.0.0.1:1"),
        "mail_from": "hours@example.org",
        "mail_domains": "example.org",
    }
    with local_browser(with_settings(resources, webhook_allow="127.0.0.1", **mail), slots=0) as made:
        for name in ("one", "other"):
            hook = {"name": name, "url": "http://127.0.0.1:1/"}
            assert made.post("/webhooks", json=hook).status_code == 201
        yield made


def told(resources: Resources, title: str, *to: str, subject: str = "5" * 32) -> str:
    """Tell somebody of something; the id of a delivery of it."""
    with resources.engine.begin() as connection:
        event = announce(connection, "alert.raised", subject, title=title, wanted=Notify(to=to), listeners=False)
        found = connection.execute(text("SELECT id FROM delivery WHERE event_id = :event"), {"event": event})
        return str(found.scalars().first())


def titles(client: TestClient, **query: str) -> list[str]:
    main = main_of(client.get("/console/deliveries", params=query))
    return [row[0] for row in rows_of(main, "Deliveries")] if main.all("div", aria_label="Deliveries") else []


def test_all_channels_are_listed_newest_first_and_narrowed(client: TestClient, resources: Resources) -> None:
    assert "Nothing was sent yet." in opened(client, "/console/deliveries").text
    told(resources, "First.", "one")
    told(resources, "Second.", "other", subject="6" * 32)
    mail = told(resources, "Third.", ADDRESS)
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE delivery SET status = 'failed' WHERE id = :id"), {"id": mail})
    rows = rows_of(opened(client, "/console/deliveries"), "Deliveries")
    assert [row[:3] for row in rows] == [
        ["Third.alert.raised", f"mail to {ADDRESS}", "✗ failed"],
        ["Second.alert.raised", "webhook other", "… waiting"],
        ["First.alert.raised", "webhook one", "… waiting"],
    ]
    assert titles(client, status="failed") == ["Third.alert.raised"]
    assert titles(client, webhook="one") == ["First.alert.raised"]
    assert titles(client, subject="6" * 32) == ["Second.alert.raised"]
    assert titles(client, webhook="one", status="failed") == []
    assert "Nobody was notified" in main_of(client.get("/console/deliveries?status=dropped")).text
    assert titles(client, limit="2") == ["Third.alert.raised", "Second.alert.raised"]
    following = opened(client, "/console/deliveries?limit=2").one("a", rel="next")["href"]
    assert [row[0] for row in rows_of(opened(client, following), "Deliveries")] == ["First.alert.raised"]
    assert main_of(client.get("/console/deliveries?webhook=on"), 404)


def test_from_a_report_one_gets_to_who_was_told_of_it(loaded: Resources) -> None:
    with local_browser(with_settings(loaded, webhook_allow="127.0.0.1"), slots=1) as client:
        hook = {"name": "of-reports", "url": "http://127.0.0.1:1/"}
        assert client.post("/webhooks", json=hook).status_code == 201
        ids = [reported(client, report="uptime", notify=["of-reports"])["report_id"] for _ in range(2)]
        main = opened(client, f"/console/reports/{ids[0]}")
        link = next(one["href"] for one in main.all("a") if one.text == "Who was told")
        rows = wait_until(lambda: (page := opened(client, link)).all("table") and rows_of(page, "Deliveries"))
        assert [row[:2] for row in rows] == [["The report uptime is complete.report.complete", "webhook of-reports"]]
        single = next(
            one["href"] for one in opened(client, link).all("a") if one.text == "The report uptime is complete."
        )
        about = next(one for one in opened(client, single).all("a") if one.text == "See what it is about")
        assert about["href"] == f"/console/reports/{ids[0]}"
        viewer = browser_of(loaded, "operator")
        assert cannot(opened(viewer, f"/console/reports/{ids[0]}"), "Who was told") == "Needs one of the roles: admin."


def test_what_one_says_is_shown_as_text(client: TestClient, resources: Resources) -> None:
    for name in HOSTILE:
        document = read(client.get(f"/console/deliveries/{told(resources, name, 'one')}").text)
        has_no_script_or_style_within(document)
        assert not document.all("img")
        assert document.one("main").text.count(name.split()[0]) >= 2, "in a sentence, and in what is sent"
    assert not opened(client, "/console/deliveries").all("img")


def test_one_that_waits_is_sent_at_once(client: TestClient, resources: Resources) -> None:
    delivery_id = told(resources, "Look.", "one")
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE delivery SET due_at = now() + interval '5 hours'"))
    page = opened(client, f"/console/deliveries/{delivery_id}")
    assert page.one("div", id="progress")["hx-trigger"] == "every 15s"
    assert "Send at once" in [one.text for one in page.all("button")]
    after = sent(client, f"/console/deliveries/{delivery_id}/send")
    assert said(after) == "It is being sent again."
    assert after.one("div", id="progress")["hx-trigger"] == "every 1s"


def test_a_webhook_that_is_called_as_an_address_is_not_taken_for_it(client: TestClient, resources: Resources) -> None:
    assert client.post("/webhooks", json={"name": "new", "url": "http://127.0.0.1:1/"}).status_code == 201
    page = opened(client, f"/console/deliveries/{told(resources, 'Look.', 'new')}")
    link = next(one["href"] for one in page.all("a") if one.text == "new")
    assert [row[1] for row in rows_of(opened(client, link), "Deliveries")] == ["webhook new"]


def test_an_unknown_one_is_a_page(client: TestClient) -> None:
    assert main_of(client.get(f"/console/deliveries/{'0' * 32}"), 404).one("h1").text == "Not found"


def test_who_wants_no_mail_is_listed_and_may_be_allowed_again(client: TestClient, resources: Resources) -> None:
    assert "Who wants no mail" not in opened(client, "/console/deliveries").text
    with resources.engine.begin() as connection:
        connection.execute(insert(unsubscribed), [{"address": ADDRESS}, {"address": "ops@example.org"}])
    main = opened(client, "/console/deliveries")
    assert [row[0] for row in rows_of(main, "Who wants no mail")] == [ADDRESS, "ops@example.org"]
    refused = main_of(client.post(f"/console/deliveries/{told(resources, 'No.', ADDRESS)}/send"), 422)
    assert "has unsubscribed" in refused.one(id="refused").text
    form = main.all("form", action="/console/unsubscribed/allow")[0]
    after = sent(client, "/console/unsubscribed/allow", address=form.one("input", name="address")["value"])
    assert said(after) == "Mail may be sent to this address again."
    assert [row[0] for row in rows_of(after, "Who wants no mail")] == ["ops@example.org"]
    assert main_of(client.post("/console/unsubscribed/allow", data={"address": ADDRESS}), 404)


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_whoever_may_not_see_them_is_told_so(client: TestClient, resources: Resources, role: str) -> None:
    person = browser_of(resources, role)
    delivery_id = told(resources, "Look.", "one")
    for path in ("", f"/{delivery_id}", f"/{delivery_id}/progress"):
        assert main_of(person.get(f"/console/deliveries{path}"), 403)
    assert main_of(person.post(f"/console/deliveries/{delivery_id}/send"), 403)
    assert main_of(person.post("/console/unsubscribed/allow", data={"address": ADDRESS}), 403)


def test_the_page_of_a_mail_asks_first_and_then_says_that_no_more_is_sent(
    client: TestClient, resources: Resources
) -> None:
    given = token(server_secret(resources.settings), told(resources, "Look.", ADDRESS))
    address = f"/unsubscribe?token={given}"
    for headers, heading, words in (
        ({}, "Stop this mail?", "will get no more mail"),
        (GERMAN, "Diese Mails beenden?", ""),
    ):
        answer = client.get(address, headers=headers)
        document = read(answer.text)
        has_no_script_or_style_within(document)
        labels_its_fields(document)
        assert document.all("nav") == []
        assert document.one("main").one("h1").text == heading
        assert ADDRESS in document.one("main").text
        assert words in document.one("main").text
    assert client.get("/unsubscribed").json() == {"addresses": []}, "a look changes nothing"
    form = read(client.get(address).text).one("main").one("form")
    done = main_of(client.post(form["action"], data={}, headers={"content-type": "application/x-www-form-urlencoded"}))
    assert done.one("h1").text == "No more mail"
    assert f"{ADDRESS} gets no more mail from this service." in done.text
    assert done.all("form") == []
    assert client.get("/unsubscribed").json() == {"addresses": [ADDRESS]}
    for again in (client.get(address), client.get("/unsubscribe"), client.get("/unsubscribe?token=%3Cimg%3E")):
        spent = main_of(again, 410)
        assert "This link was used" in spent.one(id="refused").text
        assert spent.one("h1").text == "This link no longer works"
        assert spent.all("form") == []
