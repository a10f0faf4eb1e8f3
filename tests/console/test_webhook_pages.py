"""Pages of webhooks: made, shown, tested, changed, disabled, removed; what is refused, at its field."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.storage.resources import Resources
from tests.commands import wait_until
from tests.console.browsing import (
    browser_of,
    error_at,
    local_browser,
    main_of,
    opened,
    rows_of,
    said,
    sent,
)
from tests.console.html import Element
from tests.sending.receiver import OK, Answer, receiver
from tests.web.test_addressed import with_settings

OPS = {"name": "ops-channel", "url": "http://127.0.0.1:1/hook?token=hidden", "format": "standard"}

FAILS = b"HTTP/1.1 500 Oops\r\nContent-Length: 16\r\n\r\n<b>no, never</b>"

GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def browser(resources: Resources, *, slots: int = 0) -> Iterator[TestClient]:
    """Of a service that may send to this machine, and does so with a slot."""
    with local_browser(with_settings(resources, webhook_allow="127.0.0.1"), slots=slots) as client:
        yield client


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    """Nothing is sent."""
    with browser(resources) as made:
        yield made


@pytest.fixture
def sending(resources: Resources) -> Iterator[TestClient]:
    """Everything is sent."""
    with browser(resources, slots=1) as made:
        yield made


def make(client: TestClient, **changes: Any) -> Element:
    return main_of(client.post("/console/webhooks/new", data={**OPS, **changes}))


def secret_in(main: Element) -> str:
    return main.one("code", class_="secret").text


def status_of(client: TestClient, address: str, *, until: str) -> Element:
    """The page of a delivery, once its status begins so."""

    def looked() -> Element | None:
        main = opened(client, address)
        return main if main.one("p", role="status").text.startswith(until) else None

    return wait_until(looked)


def test_the_secret_of_a_new_one_is_shown_once_with_what_to_do_with_it(client: TestClient) -> None:
    assert "There is no webhook yet." in opened(client, "/console/webhooks").text
    main = make(client)
    secret = secret_in(main)
    assert secret.startswith("whsec_")
    assert main.one("code", class_="secret")["data-copy"] == "Copy"
    assert "webhook-signature" in main.one("ol").text
    after = client.get(main.one("a", role="button")["href"])
    assert main_of(after).one("h1").text == "Webhook ops-channel"
    assert secret not in after.text


def test_whoever_makes_one_for_a_chat_reads_that_nothing_is_checked_there(client: TestClient) -> None:
    main = make(client, format="slack")
    assert secret_in(main)
    assert not main.all("ol")
    assert "Chats do not check it" in main.text


def test_one_is_shown_changed_disabled_enabled_and_removed(client: TestClient) -> None:
    make(client, events=["report.failed", "report.complete"], description="For those on duty")
    listed = opened(client, "/console/webhooks")
    row = rows_of(listed, "Webhooks")[0]
    assert row[:2] == ["ops-channelFor those on duty", "127.0.0.1:1Standard Webhooks, for programs"]
    assert row[2:] == ["report.failed report.complete", "nothing was sent yet", "0", "0", "0"]
    assert "hidden" not in listed.text, "what follows the host may be a secret of the receiver"

    form = opened(client, "/console/webhooks/ops-channel/edit").one("form", method="post")
    ticked = [one["value"] for one in form.all("input", type="checkbox") if "checked" in one.attributes]
    assert sorted(ticked) == ["report.complete", "report.failed"]
    assert form.one(id="field-url")["value"] == OPS["url"]
    assert "webhook.test" not in [one["value"] for one in form.all("input", type="checkbox")]
    fields = {**OPS, "name": "duty", "events": ["*"], "description": ""}
    assert said(main_of(client.post("/console/webhooks/ops-channel/edit", data=fields))) == "The change was saved."
    stored = client.get("/webhooks/duty", headers={"accept": "application/json"}).json()
    assert (stored["events"], stored["description"], stored["secret_version"]) == (["*"], None, 1)
    assert rows_of(opened(client, "/console/webhooks"), "Webhooks")[0][2] == "everything"

    disabled = sent(client, "/console/webhooks/duty/disable")
    assert said(disabled) == "Nothing is sent to it until somebody enables it."
    assert "It is disabled: nothing is sent to it. Disabled by local." in disabled.one("p", class_="warnings").text
    assert "Send a test" not in [one.text for one in disabled.all("button")]
    changed = main_of(client.post("/console/webhooks/duty/edit", data=fields))
    assert "It is disabled" in changed.text, "a change enables nothing"
    assert said(sent(client, "/console/webhooks/duty/enable")) == "It receives events from now on."
    assert said(sent(client, "/console/webhooks/duty/delete")) == "It was removed."
    assert client.get("/webhooks").json() == {"webhooks": []}


def test_a_new_secret_is_shown_once_and_the_one_of_before_signs_along(client: TestClient) -> None:
    first = secret_in(make(client))
    main = main_of(client.post("/console/webhooks/ops-channel/rotate"))
    assert main.one("h1").text == "The new secret of the webhook ops-channel"
    assert secret_in(main) not in {first, ""}
    assert "Messages are also signed with the previous secret until" in main.text
    facts = opened(client, "/console/webhooks/ops-channel").text
    assert "number 2; the previous one also signs until" in facts


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"name": "No good"}, "name", "is not a name of a webhook"),
        ({"url": "http://192.168.0.1/hook"}, "url", "192.168.0.1"),
        ({"url": "hooks.example.com"}, "url", "hooks.example.com"),
        ({"format": "smoke"}, "format", "is not known"),
        ({"events": ["report.complete", "report.completed"]}, "events", '"report.completed" is not known'),
    ],
)
def test_what_is_refused_stands_at_its_field_and_nothing_that_was_typed_is_lost(
    client: TestClient, changes: dict[str, Any], field: str, words: str
) -> None:
    fields = {**OPS, "events": ["report.complete"], "description": "Mine", **changes}
    main = main_of(client.post("/console/webhooks/new", data=fields), 422)
    assert words in error_at(main, field)
    for name in ("name", "url", "description"):
        assert main.one(id=f"field-{name}")["value"] == fields[name]
    assert "checked" in main.one("input", value="report.complete").attributes
    assert client.get("/webhooks").json() == {"webhooks": []}


def test_a_name_that_is_taken_is_told(client: TestClient) -> None:
    make(client)
    again = main_of(client.post("/console/webhooks/new", data=OPS), 409)
    assert "There is a webhook 'ops-channel' already" in again.one(id="refused").text


def test_one_that_is_called_as_an_address_is_found_by_its_id(client: TestClient) -> None:
    make(client, name="new")
    link = next(one["href"] for one in opened(client, "/console/webhooks").all("a") if one.text == "new")
    assert opened(client, link).one("h1").text == "Webhook new"
    assert said(sent(client, f"{link}/disable")) == "Nothing is sent to it until somebody enables it."


def test_an_unknown_one_is_a_page_that_tells_what_was_meant(client: TestClient) -> None:
    make(client)
    assert "ops-channel" in main_of(client.get("/console/webhooks/ops-chanel"), 404).text


def test_a_test_arrives_and_its_page_tells_so(sending: TestClient) -> None:
    with receiver(OK) as running:
        make(sending, url=f"http://127.0.0.1:{running.port}/")
        answer = sending.post("/console/webhooks/ops-channel/test")
        assert said(main_of(answer)) == "A test is on its way. Its outcome will be shown here."
        main = status_of(sending, answer.url.path, until="✓ delivered")
        facts = dict(zip([one.text for one in main.all("dt")], [one.text for one in main.all("dd")], strict=True))
        assert (facts["Attempts"], facts["Code of the answer"], facts["To"]) == ("1", "200", "webhook ops-channel")
        assert main.one("div", id="progress").one("pre").text == "ok"
        assert "hx-get" not in main.one("div", id="progress").attributes
        assert '"type": "webhook.test"' in main.all("pre")[-1].text
        assert facts["Id of the event"] == running.requests[0].headers["webhook-id"]
        piece = sending.get(f"{answer.url.path}/progress")
        assert (piece.headers["hx-refresh"], piece.text) == ("true", "")
        row = rows_of(opened(sending, "/console/webhooks"), "Webhooks")[0]
        assert row[3].startswith("✓ works, last tried")
        assert row[4:] == ["0", "1", "0"]

        again = main_of(sending.post(f"{answer.url.path}/send"))
        assert said(again) == "It is being sent again."
        wait_until(lambda: len(running.requests) == 2)
        assert running.requests[1].headers["webhook-id"] == facts["Id of the event"]


def test_what_does_not_arrive_is_told_with_the_reason_and_when_it_is_tried_again(sending: TestClient) -> None:
    with receiver(FAILS) as running:
        make(sending, url=f"http://127.0.0.1:{running.port}/")
        address = sending.post("/console/webhooks/ops-channel/test").url.path
        wait_until(lambda: sending.get(f"/deliveries/{address[-32:]}").json()["tried_at"])
        main = opened(sending, address)
        progress = main.one("div", id="progress")
        assert progress.one("p", role="status").text.startswith("… waiting It answered 500")
        assert progress.one("pre").text == "<b>no, never</b>"
        assert "Next attempt" in [one.text for one in progress.all("dt")]
        assert progress["hx-get"] == f"{address}/progress"
        piece = sending.get(f"{address}/progress")
        assert "500" in piece.text
        assert "<html" not in piece.text
        page = opened(sending, "/console/webhooks/ops-channel")
        assert "Messages to it do not arrive." in page.one("p", class_="warnings").text
        assert rows_of(page, "Deliveries")[0][2] == "1"
        assert not opened(sending, "/console/webhooks/ops-channel?status=delivered").all("table")
        assert rows_of(opened(sending, "/console/webhooks"), "Webhooks")[0][3].startswith("✗ failing since")


def test_what_failed_is_sent_again_from_an_instant_on(sending: TestClient) -> None:
    answers = [GONE]
    answering: Answer = lambda into, _: into.write(answers[-1]) and None  # noqa: E731 - a protocol of one line
    with receiver(answering) as running:
        make(sending, url=f"http://127.0.0.1:{running.port}/")
        address = sending.post("/console/webhooks/ops-channel/test").url.path
        status_of(sending, address, until="✗ failed")
        page = opened(sending, "/console/webhooks/ops-channel")
        assert "It is disabled" in page.text
        refused = main_of(sending.post("/console/webhooks/ops-channel/test"), 422)
        assert "is disabled; enable it first" in refused.one(id="refused").text
        refused = main_of(sending.post(f"{address}/send"), 422)
        assert "is disabled; enable it first" in refused.one(id="refused").text

        answers.append(OK)
        sent(sending, "/console/webhooks/ops-channel/enable")
        wrong = main_of(sending.post("/console/webhooks/ops-channel/send_failed", data={"since": "of late"}), 422)
        error_at(wrong, "since")
        assert wrong.one(id="field-since")["value"] == "of late"
        nothing = sent(sending, "/console/webhooks/ops-channel/send_failed", since="2099-01-01 00:00")
        assert said(nothing).startswith("Everything since then has arrived")
        since = opened(sending, "/console/webhooks/ops-channel").one(id="field-since")["value"]
        again = sent(sending, "/console/webhooks/ops-channel/send_failed", since=since)
        assert said(again) == "Deliveries that have not arrived since then are being sent again."
        status_of(sending, address, until="✓ delivered")


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_whoever_may_not_see_webhooks_is_told_which_role_may(
    client: TestClient, resources: Resources, role: str
) -> None:
    make(client)
    person = browser_of(resources, role)
    menu = [one.text for one in main_of(person.get("/console/webhooks"), 403).all("a")]
    assert "Webhooks" not in menu
    for path in ("", "/new", "/ops-channel", "/ops-channel/edit"):
        assert main_of(person.get(f"/console/webhooks{path}"), 403).one("h1").text == "You may not do this"
    for action in ("/new", *(f"/ops-channel/{one}" for one in ("test", "rotate", "disable", "delete", "send_failed"))):
        assert main_of(person.post(f"/console/webhooks{action}", data=OPS), 403)
    assert client.get("/webhooks/ops-channel", headers={"accept": "application/json"}).json()["enabled"]
