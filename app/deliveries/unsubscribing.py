"""Tokens in mails by which whoever gets one wants no more: nothing has to be stored for a mail that may not arrive."""

import hmac
from base64 import urlsafe_b64encode

from app.access.server_secret import ServerSecret
from app.ids import is_id


def token(master: ServerSecret, delivery_id: str) -> str | None:
    """The token of a mail, the same at each attempt; None: the installation has no secret key."""
    ids = master.ids()
    return None if not ids else f"{delivery_id}.{_proof(master.key(ids[0]), delivery_id)}"


def delivery_of(master: ServerSecret, given: str) -> str | None:
    """The id of the mail that a token is from; None: we have not made it."""
    delivery_id, _, proof = given.partition(".")
    if not is_id(delivery_id) or not proof.isascii():
        return None
    proofs = [_proof(master.key(key_id), delivery_id) for key_id in master.ids()]
    return delivery_id if any(hmac.compare_digest(proof, one) for one in proofs) else None


def _proof(key: bytes, delivery_id: str) -> str:
    return urlsafe_b64encode(hmac.digest(key, f"unsubscribe:{delivery_id}".encode(), "sha256")).decode().rstrip("=")
