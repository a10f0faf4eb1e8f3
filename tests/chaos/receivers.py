"""Receivers of webhooks and of mail, on loopback: what arrives is checked as they would, and written down."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from standardwebhooks import Webhook, WebhookVerificationError

from tests.chaos.delivery_failpoints import SENDING_SECONDS
from tests.commands import free_port

#: One message in so many is refused when it comes first, and one in so many is answered slowly.
REFUSED = 5
SLOW = 9

#: What a slow answer takes, seconds: other replicas look for what is due meanwhile.
SLOW_SECONDS = 1.5

#: Whether what a message says, by its type and subject, is so in Postgres at this moment.
IsSo = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One attempt, as the receiver sees it; times in seconds, monotonic."""

    receiver: str
    event_id: str
    body: bytes
    began: float
    ended: float
    is_signed: bool
    is_so: bool

    @property
    def told(self) -> tuple[str, str]:
        """Type of the event, and id of what it is about."""
        return told_by(self.body)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that was accepted or, the first time, refused."""

    message_id: str
    recipient: str
    subject: str


@dataclass(slots=True)
class Inbox:
    """All that has arrived."""

    is_so: IsSo
    secrets: dict[str, str] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    _seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def is_first(self, receiver: str, identifier: str) -> bool:
        """Whether a message comes for the first time."""
        with self._lock:
            self._seen[receiver, identifier] += 1
            return self._seen[receiver, identifier] == 1

    def note(self, arrival: Arrival) -> None:
        with self._lock:
            self.arrivals.append(arrival)

    def overlaps(self) -> list[tuple[Arrival, Arrival]]:
        """Attempts at the same delivery of which one began before the other had ended."""
        found, last = [], dict[tuple[str, str], Arrival]()
        for one in sorted(self.arrivals, key=lambda arrival: arrival.began):
            before = last.get((one.receiver, one.event_id))
            if before is not None and before.ended > one.began:
                found.append((before, one))
            last[one.receiver, one.event_id] = one
        return found


def told_by(body: bytes) -> tuple[str, str]:
    """Type of an event, and id of what it is about."""
    event: dict[str, Any] = json.loads(body)
    data = event["data"]
    return event["type"], data.get("report_id") or data.get("dataset_id") or data["title"]


class _Receivers(ThreadingHTTPServer):
    """One receiver for each path."""

    request_queue_size = 64
    daemon_threads = True

    def __init__(self, inbox: Inbox) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.inbox = inbox

    def handle_error(self, *_: object) -> None:
        """Whoever sent has died."""


class _Handler(BaseHTTPRequestHandler):
    server: _Receivers

    def do_POST(self) -> None:
        began, receiver, inbox = monotonic(), self.path.removeprefix("/"), self.server.inbox
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            return  # its sender died before it had sent all
        event_id = self.headers["webhook-id"]
        is_signed = _is_signed(inbox.secrets[receiver], body, dict(self.headers.items()))
        is_so = inbox.is_so(*told_by(body))
        is_first, dice = inbox.is_first(receiver, event_id), int(event_id[-6:], 16)
        sleep(SLOW_SECONDS if is_first and dice % SLOW == 0 else SENDING_SECONDS / 2)
        # Written down first: whoever is answered may end the delivery, and the test, at once.
        inbox.note(Arrival(receiver, event_id, body, began, monotonic(), is_signed, is_so))
        self.send_response(503 if is_first and dice % REFUSED == 0 else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def _is_signed(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


class _Postbox:
    """Takes mails for aiosmtpd."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802 - as aiosmtpd calls it
        mail = message_from_bytes(bytes(envelope.content or b""), policy=policy.default)
        message_id = str(mail["Message-ID"])
        with self._inbox._lock:
            self._inbox.mails += [Mail(message_id, one, str(mail["Subject"])) for one in envelope.rcpt_tos]
        dice = int(message_id.partition("@")[0][-6:], 16)
        if self._inbox.is_first("mail", message_id) and dice % REFUSED == 0:
            return "451 4.7.1 Try again later"
        return "250 2.0.0 Accepted"


@contextmanager
def receiving(is_so: IsSo) -> Iterator[tuple[Inbox, str, int]]:
    """What arrives, the address of the receivers, whose paths are their names, and the port of the mail server."""
    inbox = Inbox(is_so)
    server = _Receivers(inbox)
    thread = Thread(target=server.serve_forever, name="receivers")
    thread.start()
    post = Controller(_Postbox(inbox), hostname="127.0.0.1", port=free_port())
    post.start()
    try:
        yield inbox, f"http://127.0.0.1:{server.server_port}", post.port
    finally:
        post.stop()
        server.shutdown()
        thread.join()
        server.server_close()
