"""One attempt at one delivery: what is sent, and by which means."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.access.server_secret import ServerSecret
from app.deliveries import unsubscribing
from app.deliveries.announcing import addressed
from app.deliveries.means import Means
from app.deliveries.queue import Claimed
from app.deliveries.webhooks import secrets_of
from app.errors import OpenhoursError, SetupError
from app.sending import dialling, signature, smtp
from app.sending.formats import body_of
from app.sending.letter import Letter, message
from app.sending.outcome import Outcome, Verdict

#: Writes the mail of an event: of its payload, and of what the mail is to carry.
Compose = Callable[[Mapping[str, Any], tuple[str, ...]], Letter]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempts:
    """Makes attempts; safe to use from several threads.

    Attributes:
        means: what sends.
        master: the secret key of the installation.
        compose: writes mails.
        base: address of the service, for links; None: mails carry none.
    """

    means: Means
    master: ServerSecret
    compose: Compose
    base: str | None

    def make(self, claimed: Claimed) -> Outcome:
        """Send once."""
        try:
            return self._mail(claimed) if claimed.webhook is None else self._post(claimed, claimed.webhook)
        except SetupError as error:
            return Outcome(verdict=Verdict.FAILED, error=error.message)
        except OpenhoursError as error:
            return Outcome(verdict=Verdict.FAILED, error=f"The message could not be written: {error.message}")
        except Exception:  # noqa: BLE001 - a defect that one delivery meets must not keep the others from going out
            _log.exception("delivery %s failed", claimed.id)
            return Outcome(verdict=Verdict.FAILED, error="The message could not be written; the log gives the reason.")

    def _post(self, claimed: Claimed, hook: Mapping[str, Any]) -> Outcome:
        now = datetime.now(UTC)
        body = body_of(hook["format"], addressed(claimed.payload, self.base))
        signing = secrets_of(self.master, hook, now)
        headers = signature.headers(signing, message_id=claimed.event_id, at=now, body=body)
        return dialling.post(hook["url"], body, headers, guard=self.means.guard)

    def _mail(self, claimed: Claimed) -> Outcome:
        server, sender, recipient = self.means.server, self.means.sender, claimed.address
        if server is None or sender is None or recipient is None:
            words = "No mail server is set: set OPENHOURS_SMTP_URL and OPENHOURS_MAIL_FROM."
            return Outcome(verdict=Verdict.REFUSED, error=words)
        if not smtp.may_receive(recipient, self.means.domains):  # somebody may have taken its domain off the list since
            words = f"{recipient} is in a domain to which no mail is sent: OPENHOURS_MAIL_DOMAINS does not allow it."
            return Outcome(verdict=Verdict.REFUSED, error=words)
        token = unsubscribing.token(self.master, claimed.id)
        mail = message(
            self.compose(addressed(claimed.payload, self.base), claimed.attach),
            sender=sender,
            recipient=recipient,
            message_id=claimed.id,
            unsubscribe=None if self.base is None or token is None else f"{self.base}/unsubscribe?token={token}",
            at=datetime.now(UTC),
        )
        return smtp.send(server, mail, recipient=recipient)
