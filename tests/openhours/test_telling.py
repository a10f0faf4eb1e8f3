"""Webhooks, deliveries and rules from Python."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

import openhours
from app.deliveries.tables import unsubscribed
from app.storage.resources import Resources
from tests.cli.telling import telling_server
from tests.commands import wait_until
from tests.sending.mail_servers import Received, receiving
from tests.sending.receiver import Running, receiver

ADA = "ada@example.org"


@pytest.fixture
def received() -> Received:
    return Received()


@pytest.fixture
def client(resources: Resources, received: Received) -> Iterator[openhours.Client]:
    with (
        receiving(received) as port,
        telling_server(resources, slots=1, smtp_port=port) as address,
        openhours.Client(address) as client,
    ):
        yield client


@pytest.fixture
def running() -> Iterator[Running]:
    with receiver() as running:
        yield running


def test_a_webhook_is_made_set_tried_and_removed(client: openhours.Client, running: Running) -> None:
    url = f"http://127.0.0.1:{running.port}/x"
    made = client.add_webhook("ops", url, events=["report.failed"])
    assert made["secret"].startswith("whsec_")
    assert "secret" not in client.webhook("ops")
    assert client.set_webhook("ops", f"{url}/2", events=["*"])["events"] == ["*"]
    assert [one["url"] for one in client.webhooks()] == [f"{url}/2"]
    assert client.rotate_webhook("ops")["secret_version"] == 2
    delivery_id = client.test_webhook("ops")
    tried = client.wait_for_delivery(delivery_id)
    assert (tried["status"], tried["answer"], tried["payload"]["type"]) == ("delivered", "ok", "webhook.test")
    again = client.send_delivery(delivery_id)
    assert client.wait_for_delivery(delivery_id, after=again["tried_at"])["tried_at"] > tried["tried_at"]
    assert [one.path for one in running.requests] == ["/x/2", "/x/2"]
    assert [one["delivery_id"] for one in client.deliveries(webhook="ops", status="delivered")] == [delivery_id]
    assert client.deliveries(status="failed") == []
    assert client.disable_webhook("ops")["enabled"] is False
    assert client.enable_webhook("ops")["enabled"] is True
    assert client.send_failed("ops", since="2020-01-01T00:00:00Z") == 0
    assert "webhook.test" in client.event_types()
    client.remove_webhook("ops")
    with pytest.raises(openhours.Problem, match="There is no webhook 'ops'"):
        client.webhook("ops")


def test_what_nobody_sends_is_not_waited_for_in_vain(resources: Resources, running: Running) -> None:
    with telling_server(resources, slots=0) as address, openhours.Client(address) as client:
        client.add_webhook("ops", f"http://127.0.0.1:{running.port}/x")
        with pytest.raises(openhours.StillRunning, match=r"has not been tried within 0 seconds.*is one running\?"):
            client.wait_for_delivery(client.test_webhook("ops"), timeout_seconds=0)


def test_those_are_told_who_are_given(
    client: openhours.Client, running: Running, received: Received, tmp_path: Path
) -> None:
    client.add_webhook("ops", f"http://127.0.0.1:{running.port}/x")
    hours = tmp_path / "hours.csv"
    hours.write_text("store_id,day,start_time_local,end_time_local\n7,0,09:00:00,17:00:00\n", encoding="utf-8")
    dataset = client.load("hours", hours, notify=["ops", ADA])
    client.report("pull_requests", notify="ops")
    report_id = client.trigger("pull_requests", notify={"to": [ADA], "attach": ["page"]})
    wait_until(lambda: len(running.requests) == 2 and len(received.mails) == 2)
    assert sorted(json.loads(one.body)["type"] for one in running.requests) == ["dataset.ready", "report.complete"]
    to = {one["webhook"] or one["address"] for one in client.deliveries(subject=dataset["dataset_id"])}
    assert to == {"ops", ADA}
    assert [one["address"] for one in client.deliveries(subject=report_id)] == [ADA]


def test_a_rule_is_made_set_and_removed(client: openhours.Client) -> None:
    made = client.add_rule("late", "source_lag", {"hours": 2}, notify=[ADA])
    assert (made["options"]["hours"], made["notify"]["to"]) == (2, [ADA])
    assert client.set_rule("late", "source_lag", {"hours": 3}, notify=made["notify"])["notify"] == made["notify"]
    assert client.pause_rule("late")["enabled"] is False
    assert client.resume_rule("late")["enabled"] is True
    assert client.rule("late")["episodes"] == []
    assert [one["name"] for one in client.rules()] == ["late", "review-times-samples"]
    assert "source_lag" in [one["name"] for one in client.rule_kinds()]
    client.remove_rule("late")
    assert [one["name"] for one in client.rules()] == ["review-times-samples"]


def test_who_wants_no_mail_may_be_allowed_some_again(client: openhours.Client, resources: Resources) -> None:
    with resources.engine.begin() as connection:
        connection.execute(insert(unsubscribed).values(address=ADA))
    assert client.unsubscribed() == [ADA]
    client.allow_mail(ADA)
    assert client.unsubscribed() == []
    with pytest.raises(openhours.Problem, match=f"{ADA} has not unsubscribed"):
        client.allow_mail(ADA)
