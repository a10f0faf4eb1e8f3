"""Webhooks: what is told, by whom, to whom, and when it is given up."""

import json
from datetime import UTC, datetime, timedelta
from io import BufferedIOBase
from threading import Event

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update
from standardwebhooks.webhooks import Webhook as Verifier

from app.deliveries.retention import tidy
from app.deliveries.tables import delivery, webhook
from app.deliveries.webhooks import WebhookSpec
from app.errors import InvalidParameters, NameTaken, UnknownWebhook
from app.events.tables import event
from app.jobs import lifecycle
from tests.deliveries.scene import SECRET, Scene, with_settings
from tests.sending.receiver import OK, Answer, receiver

GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
BROKEN = b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops"


def in_turn(*answers: bytes) -> Answer:
    """Answers one after the other."""
    left = list(answers)

    def answer(out: BufferedIOBase, _: Event) -> None:
        out.write(left.pop(0))

    return answer


def test_the_end_of_a_report_arrives_signed(scene: Scene) -> None:
    with receiver(OK) as running:
        hook, secret = scene.webhook(running.port)
        report_id = scene.ended()
        scene.tell()
    (request,) = running.requests
    told = Verifier(secret).verify(request.body, {name.lower(): value for name, value in request.headers.items()})
    assert told["type"] == "report.complete"
    assert told["data"]["report_id"] == report_id
    assert told["data"]["page"] == f"https://openhours.example/console/reports/{report_id}"
    assert "url" not in json.dumps(told)
    assert scene.statuses() == ["delivered"]
    assert scene.webhooks.get(hook.id).delivered == 1


def test_every_way_to_end_is_told(scene: Scene) -> None:
    with receiver(OK) as running:
        scene.webhook(running.port)
        scene.ended()
        scene.ended(failed=True)
        with scene.engine.begin() as connection:
            job_id = lifecycle.create(connection, kind="dummy", params={}, params_sha256="")
            assert job_id is not None
            lifecycle.cancel(connection, job_id)
        scene.tell()
    told = sorted(json.loads(request.body)["type"] for request in running.requests)
    assert told == ["report.cancelled", "report.complete", "report.failed"]


def test_what_was_rolled_back_is_told_to_nobody(scene: Scene) -> None:
    with receiver(OK) as running:
        scene.webhook(running.port)
        with scene.engine.begin() as connection:
            job_id = lifecycle.create(connection, kind="dummy", params={}, params_sha256="")
            assert job_id is not None
        with scene.engine.connect() as connection:
            lifecycle.cancel(connection, job_id)
            connection.rollback()
        scene.tell()
    assert running.requests == []
    assert scene.events() == []


def test_a_webhook_hears_only_what_it_listens_to(scene: Scene) -> None:
    with receiver(OK) as one, receiver(OK) as other:
        scene.webhook(one.port, "failures", events=("report.failed",))
        scene.webhook(other.port, "nothing", events=())
        scene.ended()
        scene.ended(failed=True)
        scene.tell()
    assert [json.loads(request.body)["type"] for request in one.requests] == ["report.failed"]
    assert other.requests == []


def test_an_event_that_nobody_listens_to_leaves_nothing(scene: Scene) -> None:
    scene.ended()
    scene.tell()
    assert scene.events() == []


def test_jobs_that_are_no_reports_are_not_told_as_such(scene: Scene) -> None:
    with receiver(OK) as running:
        scene.webhook(running.port)
        scene.ended(kind="seal")
        scene.tell()
    assert running.requests == []
    assert scene.events() == []


def test_each_attempt_has_the_same_id_and_body(scene: Scene) -> None:
    with receiver(BROKEN) as running:
        scene.webhook(running.port)
        scene.ended()
        scene.tell()
        scene.later(timedelta(hours=1))
        scene.tell()
    first, second = running.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    (one,) = scene.deliveries.page(status=None, webhook=None, subject=None, cursor=None, limit=10).items
    assert (one.status, one.attempts, one.status_code) == ("waiting", 2, 500)
    assert one.answer == "oops"


def test_ten_attempts_and_it_has_failed(scene: Scene) -> None:
    with receiver(BROKEN) as running:
        scene.webhook(running.port)
        scene.ended()
        for _ in range(12):
            scene.tell()
            scene.later(timedelta(hours=30))
    assert len(running.requests) == 10
    assert scene.statuses() == ["failed"]


def test_nothing_is_sent_before_it_is_due(scene: Scene) -> None:
    with receiver(BROKEN) as running:
        scene.webhook(running.port)
        scene.ended()
        for _ in range(3):
            scene.tell()
    assert len(running.requests) == 1


def test_a_receiver_that_is_gone_is_left_alone(scene: Scene) -> None:
    with receiver(GONE) as gone, receiver(OK) as other:
        hook, _ = scene.webhook(gone.port, "gone", events=("report.complete",))
        scene.webhook(other.port, "other", events=("webhook.disabled",))
        scene.ended()
        scene.tell()
        scene.ended()
        scene.tell()
    found = scene.webhooks.get(hook.id)
    assert not found.enabled
    assert "410" in str(found.disabled_reason)
    assert len(gone.requests) == 1
    assert [json.loads(request.body)["data"]["name"] for request in other.requests] == ["gone"]


def test_five_days_without_success_disable_it_and_drop_what_waits(scene: Scene) -> None:
    with receiver(BROKEN) as running:
        hook, _ = scene.webhook(running.port)
        scene.ended()
        scene.ended()
        scene.tell()
        with scene.engine.begin() as connection:
            connection.execute(update(webhook).values(failing_since=webhook.c.failing_since - timedelta(days=5)))
        with scene.engine.begin() as connection:
            first = connection.scalars(select(delivery.c.id).order_by(delivery.c.id)).first()
            connection.execute(
                update(delivery).where(delivery.c.id == first).values(due_at=datetime.now(UTC) - timedelta(seconds=1))
            )
        scene.tell()
    found = scene.webhooks.get(hook.id)
    assert (found.enabled, found.waiting) == (False, 0)
    assert scene.statuses() == ["dropped", "dropped"]


def test_a_success_begins_the_five_days_anew(scene: Scene) -> None:
    with receiver(in_turn(BROKEN, OK, BROKEN)) as running:
        hook, _ = scene.webhook(running.port)
        for _ in range(2):
            scene.ended()
            scene.tell()
        assert scene.webhooks.get(hook.id).failing_since is None
        scene.ended()
        scene.tell()
    assert scene.webhooks.get(hook.id).failing_since is not None


def test_both_secrets_sign_while_one_replaces_the_other(scene: Scene) -> None:
    with receiver(OK) as running:
        hook, before = scene.webhook(running.port)
        _, after = scene.webhooks.rotate(hook.name)
        scene.ended()
        scene.tell()
        with scene.engine.begin() as connection:
            connection.execute(update(webhook).values(previous_until=datetime.now(UTC) - timedelta(seconds=1)))
        scene.ended()
        scene.tell()
    overlapping, single = running.requests
    assert before != after
    for secret in (before, after):
        Verifier(secret).verify(overlapping.body, {k.lower(): v for k, v in overlapping.headers.items()})
    assert len(single.headers["webhook-signature"].split()) == 1
    Verifier(after).verify(single.body, {k.lower(): v for k, v in single.headers.items()})


def test_a_key_that_was_taken_off_after_a_rotation_keeps_nothing_from_being_sent(scene: Scene) -> None:
    def keyed(keys: str) -> Scene:
        return Scene(with_settings(scene.resources, secret_key=SecretStr(keys)))

    with receiver(OK) as running:
        hook, _ = scene.webhook(running.port)
        _, after = keyed(f"{'n' * 40},{SECRET}").webhooks.rotate(hook.name)
        alone = keyed("n" * 40)
        alone.ended()
        alone.tell()
    (sent,) = running.requests
    assert len(sent.headers["webhook-signature"].split()) == 1
    Verifier(after).verify(sent.body, {k.lower(): v for k, v in sent.headers.items()})


def test_no_secret_is_stored(scene: Scene) -> None:
    hook, secret = scene.webhook(9)
    with scene.engine.connect() as connection:
        row = connection.execute(select(webhook).where(webhook.c.id == hook.id)).one()
    assert secret.removeprefix("whsec_") not in str(row)


def test_a_test_goes_to_this_webhook_alone(scene: Scene) -> None:
    with receiver(OK) as one, receiver(OK) as other:
        scene.webhook(one.port, "one", events=())
        scene.webhook(other.port, "other")
        delivery_id = scene.webhooks.test("one")
        scene.tell()
    assert [json.loads(request.body)["type"] for request in one.requests] == ["webhook.test"]
    assert other.requests == []
    assert scene.deliveries.get(delivery_id).status == "delivered"


def test_what_failed_is_sent_again_with_its_id(scene: Scene) -> None:
    with receiver(in_turn(GONE, OK)) as running:
        hook, _ = scene.webhook(running.port)
        scene.ended()
        scene.tell()
        failed = scene.deliveries.page(status="failed", webhook=None, subject=None, cursor=None, limit=1).items[0]
        with pytest.raises(InvalidParameters, match="disabled"):
            scene.deliveries.send(failed.id)
        scene.webhooks.enable(hook.name)
        assert scene.webhooks.send_failed(hook.name, since=datetime.now(UTC) - timedelta(hours=1)) == 1
        scene.tell()
    first, second = running.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert scene.statuses() == ["delivered"]


def test_a_disabled_webhook_hears_nothing_and_forgets_what_waited(scene: Scene) -> None:
    with receiver(OK) as running:
        hook, _ = scene.webhook(running.port)
        scene.ended()
        scene.relay.handle_waiting(Event())
        scene.webhooks.disable(hook.name)
        scene.ended()
        scene.tell()
    assert running.requests == []
    assert scene.statuses() == ["dropped"]


def test_private_addresses_are_refused_when_made_and_when_sent(scene: Scene) -> None:
    for url in ("http://10.0.0.1/", "https://169.254.169.254/latest", "ftp://example.com/"):
        with pytest.raises(InvalidParameters) as refused:
            scene.webhooks.add(WebhookSpec(name="inside", url=url))
        (wrong,) = refused.value.details["errors"]
        assert wrong["parameter"] == "url"
        assert refused.value.message.startswith(f"url: '{url}' is refused: ")
        assert not refused.value.message.endswith(".")
    hook, _ = scene.webhook(9)
    with scene.engine.begin() as connection:  # as one that was made when the settings still allowed it
        connection.execute(update(webhook).values(url="https://10.0.0.1/in"))
    scene.ended()
    scene.tell()
    (one,) = scene.deliveries.page(status="waiting", webhook=hook.name, subject=None, cursor=None, limit=9).items
    assert one.status_code is None
    assert "10.0.0.1" in str(one.error)


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"name": "No name"}, "name"),
        ({"events": ("report.done",)}, "events.0"),
        ({"format": "xmpp"}, "format"),
        ({"url": "nowhere"}, "url"),
    ],
)
def test_what_is_refused_says_where(scene: Scene, changes: dict[str, object], parameter: str) -> None:
    given = {"name": "hook", "url": "https://example.com/", **changes}
    with pytest.raises(InvalidParameters) as refused:
        scene.webhooks.add(WebhookSpec(**given))  # type: ignore[arg-type]
    assert [wrong["parameter"] for wrong in refused.value.details["errors"]] == [parameter]


def test_names_are_unique_and_found(scene: Scene) -> None:
    scene.webhook(9, "ops")
    with pytest.raises(NameTaken):
        scene.webhook(9, "ops")
    with pytest.raises(UnknownWebhook, match="did you mean 'ops'"):
        scene.webhooks.get("opps")


def test_a_slow_receiver_does_not_hold_up_others(scene: Scene) -> None:
    with receiver(lambda out, over: (over.wait(1), out.write(OK), None)[-1]) as slow, receiver(OK) as fast:
        scene.webhook(slow.port, "slow")
        for _ in range(6):
            scene.ended()
        scene.relay.handle_waiting(Event())
        scene.webhook(fast.port, "fast")
        scene.ended()
        scene.tell()
    with scene.engine.connect() as connection:
        query = (
            select(webhook.c.name).join(delivery, delivery.c.webhook_id == webhook.c.id).order_by(delivery.c.tried_at)
        )
        order = list(connection.scalars(query))
    assert len(order) == 8
    assert order.index("fast") < 3  # two may go to one receiver at the same time


def test_events_and_deliveries_are_kept_for_some_days(scene: Scene) -> None:
    with receiver(BROKEN) as running:
        scene.webhook(running.port, events=("report.complete",))
        scene.ended()
        scene.tell()
        with scene.engine.begin() as connection:
            connection.execute(update(event).values(handled_at=event.c.handled_at - timedelta(days=31)))
        tidy(scene.engine, days=30, stopping=Event())
        assert scene.statuses() == ["waiting"]  # it may still arrive
        with scene.engine.begin() as connection:
            connection.execute(update(delivery).values(status="failed"))
        tidy(scene.engine, days=30, stopping=Event())
    assert scene.statuses() == []
    assert scene.events() == []
