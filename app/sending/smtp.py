"""A mail to one recipient, over the server of ``OPENHOURS_SMTP_URL``; which addresses may have one."""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import closing, suppress
from email.message import EmailMessage
from typing import Any, Final

from app.sending.mail_address import address, domain_of, may_receive
from app.sending.mail_server import Security, Server, parse
from app.sending.one_line import one_line
from app.sending.outcome import Outcome, Verdict
from app.sending.smtp_client import CONNECT_SECONDS, Client, Deadline, TlsClient

__all__ = ["Security", "Server", "address", "domain_of", "may_receive", "parse", "reach", "send"]

#: Longest that an attempt may take, besides what its bytes take, seconds.
ATTEMPT_SECONDS: Final = 30.0

#: The slowest line on which a large mail still arrives, bytes per second: 5 MiB more are given 40 seconds more.
SLOWEST_BYTES_PER_SECOND: Final = 128 * 1024

#: Most that is kept of what the server answered, bytes.
MOST_OF_ANSWER: Final = 2048

_NO_SMTP: Final = (
    "The server at OPENHOURS_SMTP_URL does not speak SMTP, or speaks TLS where none is expected: check the port, and "
    "whether it is smtps:// or smtp://."
)

#: How a reply begins that tells what it means (RFC 3463).
_ENHANCED: Final = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")

#: No such mailbox; moved, and nobody knows where to; the domain receives no mail (RFC 7505).
_NO_MAILBOX: Final = frozenset({"5.1.1", "5.1.6", "5.1.10"})


def send(
    server: Server,
    message: EmailMessage,
    *,
    recipient: str,
    timeout_seconds: float = ATTEMPT_SECONDS,
    context: ssl.SSLContext | None = None,
) -> Outcome:
    """Hand in a mail for one recipient, and raise nothing: what went wrong is the outcome.

    A server that falls silent once it has the whole mail may have accepted it: the outcome is FAILED, and another
    attempt may arrive as a second copy, with the same Message-ID.

    Args:
        server: where.
        message: its From, one address, is also the sender of the envelope.
        recipient: one address; no other header is asked who receives the mail.
        timeout_seconds: for the whole attempt, besides what the bytes of the mail take.
        context: which certificates are accepted; those that the system trusts, for the name of the server, by default.
    """
    try:
        sender, recipient = address(str(message["From"])), address(recipient)
    except ValueError as wrong:
        return Outcome(verdict=Verdict.REFUSED, error=f"{wrong}.")
    data = message.as_bytes()
    deadline = Deadline(timeout_seconds + len(data) / SLOWEST_BYTES_PER_SECOND)
    context = context or ssl.create_default_context()
    try:
        with closing(_connected(server, deadline, domain_of(sender), context)) as client:
            _introduce(client, server, context)
            return _handed_in(client, data, sender, recipient)
    except (smtplib.SMTPException, OSError) as error:
        code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else -1
        return Outcome(verdict=Verdict.FAILED, status=_status(code), error=_words(error, deadline))


def reach(
    server: Server, *, sender: str, timeout_seconds: float = ATTEMPT_SECONDS, context: ssl.SSLContext | None = None
) -> str | None:
    """Connect to a server and log in, without a mail; returns what is wrong, for people, None if nothing is.

    Args:
        server: which.
        sender: an address, as address() returns it; with its domain we introduce ourselves.
        timeout_seconds: for all of it.
        context: as send() takes it.
    """
    deadline, context = Deadline(timeout_seconds), context or ssl.create_default_context()
    try:
        with closing(_connected(server, deadline, domain_of(sender), context)) as client:
            _introduce(client, server, context)
            with suppress(smtplib.SMTPException, OSError):
                client.putcmd("quit")
    except (smtplib.SMTPException, OSError) as error:
        return _words(error, deadline)
    return None


class _Unfit(smtplib.SMTPException):
    """The server lacks what the setting asks for; the message is for people."""


def _connected(server: Server, deadline: Deadline, name: str, context: ssl.SSLContext) -> Client:
    """A connection, which has been greeted; with a name for ourselves, because to find one asks the DNS for long."""
    if server.security is Security.TLS:
        return TlsClient(deadline, server, local_hostname=name, context=context)
    return Client(deadline, server, local_hostname=name)


def _introduce(client: Client, server: Server, context: ssl.SSLContext) -> None:
    client.ehlo_or_helo_if_needed()
    if server.security is Security.STARTTLS:
        if not client.has_extn("starttls"):
            raise _Unfit(
                "The mail server offers no STARTTLS. If it speaks TLS from the first byte, write smtps:// in "
                "OPENHOURS_SMTP_URL; if mails may be read on the way, add ?tls=none."
            )
        client.starttls(context=context)
        client.ehlo_or_helo_if_needed()
    if server.user is not None and server.password is not None:
        if not client.has_extn("auth"):
            raise _Unfit(
                "The mail server offers no login on this connection: remove user and password from "
                "OPENHOURS_SMTP_URL, or ask for TLS with smtps:// or ?tls=starttls."
            )
        try:
            client.login(server.user, server.password)
        except ValueError:
            raise _Unfit("The mail server asks for a login in an invalid way.") from None


def _handed_in(client: Client, data: bytes, sender: str, recipient: str) -> Outcome:
    options = [f"size={len(data)}"] if client.has_extn("size") else []
    code, answer = client.mail(sender, options)
    if not _is_good(code):
        wants_login = "asks for a user and a password, which OPENHOURS_SMTP_URL lacks,"
        who = f"refused {sender} (OPENHOURS_MAIL_FROM) as the sender, or the size of the mail,"
        return _refused(code, answer, wants_login if code == 530 else who)
    code, answer = client.rcpt(recipient)
    if not _is_good(code):
        verdict = Verdict.GONE if _has_no_mailbox(code, answer) else Verdict.FAILED
        return _refused(code, answer, f"refused {recipient} as the recipient", verdict)
    try:
        code, answer = client.data(data)
    except smtplib.SMTPDataError as error:
        code, answer = error.smtp_code, _bytes(error.smtp_error)
    if not _is_good(code):
        return _refused(code, answer, "refused the mail itself")
    with suppress(smtplib.SMTPException, OSError):
        client.putcmd("quit")  # whatever is said now, the server has accepted the mail
    return Outcome(verdict=Verdict.DELIVERED, status=code, answer=_said(answer))


def _is_good(code: int) -> bool:
    return 200 <= code < 300


def _has_no_mailbox(code: int, answer: bytes) -> bool:
    """Whether a refusal of the recipient is for ever.

    Servers also answer 550, 553 and 554 because they take us for a sender of spam, do not relay for us, or know no
    such sender, and some say 550 for a mailbox that is full. Who mends that wants the mails again; so the code of RFC
    3463 decides. Without it 551 (not a user here) and 553 (no name of a mailbox) can only be about the recipient.
    """
    found = _ENHANCED.match(answer.decode("ascii", "replace"))
    return found[0] in _NO_MAILBOX and code >= 500 if found else code in {551, 553}


def _refused(code: int, answer: bytes, what: str, verdict: Verdict = Verdict.FAILED) -> Outcome:
    if _status(code) is None:
        return Outcome(verdict=Verdict.FAILED, error=_NO_SMTP)
    when = " for now" if 400 <= code < 500 else ""
    error = f"The mail server {what}{when} with {code}."
    return Outcome(verdict=verdict, status=code, error=error, answer=_said(answer))


def _status(code: int) -> int | None:
    return code if 200 <= code < 600 else None


def _said(answer: bytes) -> str:
    lines = [one_line(line) for line in answer.decode("utf-8", "replace").splitlines()]
    return "\n".join(lines).encode()[:MOST_OF_ANSWER].decode("utf-8", "ignore")


def _bytes(answer: bytes | str) -> bytes:
    return answer.encode() if isinstance(answer, str) else answer


def _words(error: Exception, deadline: Deadline) -> str:
    """A sentence without what the server said: a banner names what runs inside, an answer to a login may repeat it."""
    if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, OSError):
        error = error.__context__
    words = next(words for kind, words in _WORDS if isinstance(error, kind))
    return words if isinstance(words, str) else words(error, deadline)


def _of_login(error: Any, _: Deadline) -> str:
    when = " for now" if 400 <= error.smtp_code < 500 else ""
    return (
        f"The mail server does not accept user and password of OPENHOURS_SMTP_URL{when}: it answers {error.smtp_code}."
    )


def _of_reply(error: Any, _: Deadline) -> str:
    if _status(error.smtp_code) is None:
        return _NO_SMTP
    return f"The mail server does not take mails from this installation: it answers {error.smtp_code}."


def _of_time(_: Any, deadline: Deadline) -> str:
    return (
        f"The mail server did not accept a connection within {CONNECT_SECONDS:.0f} seconds, or the mail within "
        f"{deadline.seconds:.0f}."
    )


_NO_TLS: Final = (
    "TLS with the mail server failed: check the port, and whether OPENHOURS_SMTP_URL must begin with smtps:// or "
    "smtp://."
)

_CUT: Final = "The mail server closed the connection before it had accepted the mail."

#: What each error is in words, the special ones first.
_WORDS: Final[tuple[tuple[type[Exception], str | Callable[[Any, Deadline], str]], ...]] = (
    (_Unfit, lambda error, _: str(error)),
    (smtplib.SMTPAuthenticationError, _of_login),
    (smtplib.SMTPResponseException, _of_reply),
    (smtplib.SMTPServerDisconnected, _CUT),
    (smtplib.SMTPException, "The mail server offers neither PLAIN nor LOGIN to log in."),
    (TimeoutError, _of_time),
    (ConnectionRefusedError, "Nothing listens at the host and port of OPENHOURS_SMTP_URL."),
    (ConnectionError, _CUT),
    (socket.gaierror, "The host of OPENHOURS_SMTP_URL has no address in the DNS, or the DNS does not answer."),
    (
        ssl.SSLCertVerificationError,
        lambda error, _: f"The certificate of the mail server is not accepted: {error.verify_message.rstrip('.')}.",
    ),
    (ssl.SSLEOFError, _CUT),
    (
        ssl.SSLError,
        _NO_TLS,
    ),
    (
        OSError,
        lambda error, _: f"The mail server cannot be reached: {error.strerror or 'the network gives no reason'}.",
    ),
)
