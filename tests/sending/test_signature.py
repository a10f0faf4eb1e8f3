"""Signatures, as the library of the specification checks them."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from app.sending.signature import headers, secret

MASTER = b"0123456789abcdef0123456789abcdef"
BODY = '{"type":"report.complete","data":{"title":"Überblick"}}'.encode()


def signed(secrets: list[str], *, at: datetime | None = None) -> dict[str, str]:
    return headers(secrets, message_id="0193abcd", at=at or datetime.now(UTC), body=BODY)


def test_the_example_of_the_specification() -> None:
    found = headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1_614_265_330.9, UTC),
        body=b'{"test": 2432232314}',
    )
    assert found == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_signature_is_taken_by_who_has_the_secret() -> None:
    ours = secret(MASTER, "hook", 1)
    assert Webhook(ours).verify(BODY, signed([ours])) == {"type": "report.complete", "data": {"title": "Überblick"}}


def test_77_while_a_secret_is_replaced_the_old_one_and_the_new_one_are_both_taken() -> None:
    old, new = secret(MASTER, "hook", 1), secret(MASTER, "hook", 2)
    both = signed([new, old])
    assert Webhook(old).verify(BODY, both) == Webhook(new).verify(BODY, both)
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(old).verify(BODY, signed([new]))


@pytest.mark.parametrize("change", ["body", "webhook-id", "webhook-signature"])
def test_77_what_was_changed_on_its_way_is_not_taken(change: str) -> None:
    ours = secret(MASTER, "hook", 1)
    found = signed([ours])
    if change != "body":
        found[change] = found[change].replace("0193", "0194") if change == "webhook-id" else "v1,AAAA"
    with pytest.raises(WebhookVerificationError):
        Webhook(ours).verify(BODY + b" " if change == "body" else BODY, found)


def test_77_an_attempt_is_of_its_own_time() -> None:
    ours = secret(MASTER, "hook", 1)
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(ours).verify(BODY, signed([ours], at=datetime.now(UTC) - timedelta(seconds=302)))


def test_a_secret_is_32_bytes_and_differs_by_master_endpoint_and_version() -> None:
    found = [
        secret(MASTER, "hook", 1),
        secret(MASTER, "hook", 2),
        secret(MASTER, "other", 1),
        secret(MASTER[::-1], "hook", 1),
    ]
    assert len({*found}) == len(found)
    assert [len(base64.b64decode(one.removeprefix("whsec_"))) for one in found] == [32] * 4
    assert secret(MASTER, "hook", 1) == found[0]
