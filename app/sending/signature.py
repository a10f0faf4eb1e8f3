"""Signatures of webhooks: Standard Webhooks 1.0.0, symmetric.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

_PREFIX: Final = "whsec_"


def secret(master: bytes, endpoint_id: str, version: int) -> str:
    """The secret of an endpoint: nobody has to keep it, for it follows from the secret key of the installation.

    Args:
        master: the secret key.
        version: grows by one when the secret is replaced.
    """
    return _PREFIX + _encoded(_hmac(master, f"webhook:{endpoint_id}:{version}".encode()))


def headers(secrets: Sequence[str], *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that sign a body.

    Args:
        secrets: each signs; while one is replaced, there are two.
        message_id: the same at each attempt.
        at: of this attempt, aware; receivers refuse what is more than minutes old.
    """
    timestamp = str(int(at.timestamp()))
    signed = f"{message_id}.{timestamp}.".encode() + body
    keys = [base64.b64decode(one.removeprefix(_PREFIX)) for one in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_encoded(_hmac(key, signed))}" for key in keys),
    }


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
