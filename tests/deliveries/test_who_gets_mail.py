"""Mailboxes however they are spelt, domains that are no longer allowed, and how long a mail may take."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.deliveries.queue import LEASE_SECONDS
from app.deliveries.tables import delivery
from app.sending.smtp import ATTEMPT_SECONDS, SLOWEST_BYTES_PER_SECOND
from app.storage.resources import Resources
from tests.deliveries.scene import NEVER, Scene
from tests.deliveries.test_mails import mailing, parsed, run, token_of
from tests.sending.mail_servers import Received


def test_two_spellings_of_a_mailbox_get_one_mail(resources: Resources) -> None:
    received = Received()
    with mailing(resources, received) as scene:
        run(scene, notify=["Ops@example.com", "ops@EXAMPLE.com", "ada@example.com"])
        scene.tell()
    assert sorted(received.recipients) == [["Ops@example.com"], ["ada@example.com"]]


def test_whoever_unsubscribes_gets_no_more_however_they_are_spelt(resources: Resources) -> None:
    received = Received()
    with mailing(resources, received) as scene:
        run(scene, notify=["ops@example.com"])
        scene.tell()
        scene.deliveries.unsubscribe(token_of(parsed(received.mails[0])))
        run(scene, notify=["Ops@example.com"])
        scene.tell()
        assert scene.statuses() == ["delivered", "dropped"]
        assert scene.deliveries.allow(" Ops@Example.com")
        assert scene.deliveries.unsubscribed() == []
        run(scene, notify=["Ops@example.com"])
        scene.tell()
    assert len(received.mails) == 2


def test_what_waits_in_another_spelling_is_dropped_as_well(resources: Resources) -> None:
    received = Received(answers={"Ops@example.com": "451 4.3.2 Not now"})
    with mailing(resources, received) as scene:
        run(scene, notify=["ops@example.com"])
        run(scene, notify=["Ops@example.com"])
        scene.tell()
        assert scene.statuses() == ["delivered", "waiting"]
        scene.deliveries.unsubscribe(token_of(parsed(received.mails[0])))
        assert scene.statuses() == ["delivered", "dropped"]


def test_a_domain_that_is_taken_off_the_list_gets_nothing_more(resources: Resources) -> None:
    received = Received()
    with mailing(resources, received) as scene:
        run(scene, notify=["ops@example.com"])
        settings = scene.resources.settings
        stricter = Scene(replace(scene.resources, settings=settings.model_copy(update={"mail_domains": "example.org"})))
        stricter.tell()
        assert received.mails == []
        (one,) = scene.deliveries.page(status="waiting", webhook=None, subject=None, cursor=None, limit=9).items
        assert "OPENHOURS_MAIL_DOMAINS does not allow it" in str(one.error)
        scene.later(timedelta(hours=1))
        scene.tell()
    assert scene.statuses() == ["delivered"]
    assert len(received.mails) == 1


@pytest.mark.parametrize("most", [0, 5 << 20, 50 << 20])
def test_nobody_else_takes_a_mail_while_its_files_may_still_be_under_way(resources: Resources, most: int) -> None:
    with mailing(resources, Received(), mail_attachment_bytes=most) as scene:
        scene.webhook(9, "ops", events=())
        run(scene, notify=["ops@example.com", "ops"])
        scene.relay.handle_waiting(NEVER)
        for _ in range(2):
            assert scene.deliverer._claim() is not None
    with scene.engine.connect() as connection:
        left = select(delivery.c.channel, func.extract("epoch", delivery.c.lease_until - func.now()).label("seconds"))
        seconds = {row.channel: float(row.seconds) for row in connection.execute(left)}
    assert seconds["webhook"] <= LEASE_SECONDS
    assert seconds["mail"] > ATTEMPT_SECONDS + most * 4 / 3 * 78 / 76 / SLOWEST_BYTES_PER_SECOND
