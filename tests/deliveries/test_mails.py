"""Mails: what they carry, to whom they go, and how one gets no more of them."""

import email
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from app.deliveries.notify import MOST_RECIPIENTS, Notify, read_notify, require_known
from app.errors import CodeSpent, InvalidParameters
from app.storage.resources import Resources
from tests.conftest import api
from tests.deliveries.scene import NEVER, Scene, with_settings
from tests.kinds import KINDS
from tests.sending.mail_servers import Received, receiving


@contextmanager
def mailing(resources: Resources, received: Received, **settings: object) -> Iterator[Scene]:
    with receiving(received) as port:
        yield Scene(with_settings(resources, smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"), **settings))


def parsed(mail: bytes) -> EmailMessage:
    found = email.message_from_bytes(mail, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def run(scene: Scene, *, notify: object, report: str = "dummy", **params: object) -> str:
    """A report that a worker of an application has run; its id."""
    with api(scene.resources, slots=1, kinds=KINDS) as client:
        body = {"report": report, "params": params, "notify": notify}
        answer = client.post("/trigger_report?wait=30", json=body)
        assert answer.status_code == 200, answer.text
    return str(answer.json()["report_id"])


def test_a_report_arrives_with_its_table_and_its_page(resources: Resources) -> None:
    received = Received()
    with mailing(resources, received) as scene:
        report_id = run(scene, notify=["ops@example.com"], lines=2)
        scene.tell()
    (mail,) = map(parsed, received.mails)
    assert received.recipients == [["ops@example.com"]]
    assert mail["From"] == "openhours@example.com"
    assert mail["Auto-Submitted"] == "auto-generated"
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == "dummy.csv"
    assert attached.get_content().replace("\r\n", "\n") == "word\ndummy\ndummy\n"
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert f"https://openhours.example/console/reports/{report_id}" in text
    assert "The report dummy is complete." in text
    assert "X-Amz" not in str(mail)


def test_each_recipient_gets_a_mail_of_their_own(resources: Resources) -> None:
    received = Received()
    with mailing(resources, received) as scene:
        run(scene, notify=["a@example.com", "b@example.com", "a@example.com"])
        scene.tell()
    assert sorted(received.recipients) == [["a@example.com"], ["b@example.com"]]
    for mail in map(parsed, received.mails):
        assert len(mail.get_all("To", [])) == 1


def test_what_does_not_fit_is_named_instead(resources: Resources) -> None:
    received = Received()
    with mailing(resources, received, mail_attachment_bytes=10) as scene:
        run(scene, notify=["ops@example.com"], lines=2)
        scene.tell()
    (mail,) = map(parsed, received.mails)
    assert list(mail.iter_attachments()) == []
    body = mail.get_body(("plain",))
    assert body is not None
    assert "dummy.csv is not attached: it has 17 bytes." in body.get_content()


def test_a_file_that_just_fits_is_carried(resources: Resources) -> None:
    received = Received()
    with mailing(resources, received, mail_attachment_bytes=17) as scene:
        run(scene, notify=["ops@example.com"], lines=2)
        scene.tell()
    (mail,) = map(parsed, received.mails)
    assert [one.get_filename() for one in mail.iter_attachments()] == ["dummy.csv"]


def test_a_mail_need_not_carry_anything(resources: Resources) -> None:
    received = Received()
    with mailing(resources, received) as scene:
        run(scene, notify={"to": ["ops@example.com"], "attach": []})
        scene.tell()
    (mail,) = map(parsed, received.mails)
    assert list(mail.iter_attachments()) == []


def test_a_server_that_is_down_for_an_hour_loses_nothing(resources: Resources) -> None:
    received = Received(answers={"ops@example.com": "451 4.3.2 Not now"})
    with mailing(resources, received) as scene:
        run(scene, notify=["ops@example.com"])
        scene.tell()
        assert scene.statuses() == ["waiting"]
        del received.answers["ops@example.com"]
        scene.later(timedelta(hours=1))
        scene.tell()
    assert scene.statuses() == ["delivered"]
    assert len(received.mails) == 1


def test_a_mailbox_that_does_not_exist_is_not_tried_again(resources: Resources) -> None:
    received = Received(answers={"nobody@example.com": "550 5.1.1 No such user"})
    with mailing(resources, received) as scene:
        run(scene, notify=["nobody@example.com"])
        scene.tell()
    assert scene.statuses() == ["failed"]


def token_of(mail: EmailMessage) -> str:
    link = str(mail["List-Unsubscribe"]).strip("<>")
    return urlsplit(link).query.removeprefix("token=")


def test_whoever_unsubscribes_gets_no_more(resources: Resources) -> None:
    received = Received()
    with mailing(resources, received) as scene:
        run(scene, notify=["ops@example.com"])
        scene.tell()
        token = token_of(parsed(received.mails[0]))
        assert scene.deliveries.address_of(token) == "ops@example.com"
        assert scene.deliveries.unsubscribe(token) == "ops@example.com"
        with pytest.raises(CodeSpent):
            scene.deliveries.unsubscribe(token)
        run(scene, notify=["ops@example.com"])
        scene.tell()
        assert len(received.mails) == 1
        assert scene.statuses() == ["delivered", "dropped"]
        assert scene.deliveries.unsubscribed() == ["ops@example.com"]
        assert scene.deliveries.allow("ops@example.com")
        run(scene, notify=["ops@example.com"])
        scene.tell()
    assert len(received.mails) == 2


@pytest.mark.parametrize("token", ["", "x", "0" * 32 + ".proof", "ü.ü", "\0"])
def test_a_token_that_nobody_made_is_refused(scene: Scene, token: str) -> None:
    with pytest.raises(CodeSpent):
        scene.deliveries.unsubscribe(token)


def test_opening_the_link_changes_nothing_and_posting_it_does(resources: Resources) -> None:
    received = Received()
    with mailing(resources, received) as scene:
        run(scene, notify=["ops@example.com"])
        scene.tell()
        token = token_of(parsed(received.mails[0]))
        with api(scene.resources, slots=0, kinds=KINDS) as client:
            page = client.get(f"/unsubscribe?token={token}")
            assert page.status_code == 200
            assert "ops@example.com" in page.text
            assert scene.deliveries.unsubscribed() == []
            answer = client.post(f"/unsubscribe?token={token}", data={"List-Unsubscribe": "One-Click"})
            assert (answer.status_code, answer.json()) == (200, {"address": "ops@example.com"})
            again = client.post(f"/unsubscribe?token={token}", data={}, headers={"Accept": "text/html"})
            assert again.status_code == 410


@pytest.mark.parametrize(
    ("recipient", "words"),
    [
        ("nobody", "neither the name of a webhook nor a mail address"),
        ("a@elsewhere.example", "OPENHOURS_MAIL_DOMAINS allows example.com"),
        ("a@example.com\r\nBcc: b@example.com", "address"),
        ("a@example.com, b@example.com", "address"),
        ("Ada <a@example.com>", "address"),
    ],
)
def test_recipients_that_may_not_get_mail(resources: Resources, recipient: str, words: str) -> None:
    with mailing(resources, Received()) as scene, scene.engine.connect() as connection:
        with pytest.raises(InvalidParameters) as refused:
            require_known(connection, Notify(to=(recipient,)), scene.resources.settings)
        assert words in refused.value.message
        assert refused.value.details["errors"][0]["parameter"] == "notify.0"


def test_without_a_server_no_mail_is_accepted(scene: Scene) -> None:
    with scene.engine.connect() as connection, pytest.raises(InvalidParameters, match="OPENHOURS_SMTP_URL"):
        require_known(connection, Notify(to=("a@example.com",)), scene.resources.settings)


def test_ten_thousand_recipients_are_refused() -> None:
    with pytest.raises(InvalidParameters) as refused:
        read_notify([f"a{number}@example.com" for number in range(10_000)])
    assert str(MOST_RECIPIENTS) in refused.value.message
    assert len(refused.value.message) < 1000


@pytest.mark.parametrize("given", [1, [1], {"to": "x", "cc": []}, {"attach": ["everything"]}])
def test_what_is_no_list_of_recipients_is_refused(given: object) -> None:
    with pytest.raises(InvalidParameters):
        read_notify(given)


def test_a_report_that_was_removed_is_still_told(resources: Resources) -> None:
    received = Received()
    with mailing(resources, received) as scene:
        report_id = run(scene, notify=["ops@example.com"])
        scene.relay.handle_waiting(NEVER)
        scene.reports.delete(report_id)
        scene.tell()
    (mail,) = map(parsed, received.mails)
    body = mail.get_body(("plain",))
    assert body is not None
    assert "has been removed since" in body.get_content()
