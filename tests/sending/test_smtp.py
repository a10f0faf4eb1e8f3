"""Mails are handed in to servers that behave and to ones that do not."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import closing, suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path
from threading import Event

import pytest

from app.sending.mail_server import Security
from app.sending.outcome import Outcome, Verdict
from app.sending.smtp import Server, send
from app.sending.smtp_client import Deadline, TlsClient
from tests.sending.mail_servers import (
    PASSWORD,
    USER,
    Received,
    Tls,
    behaving,
    knows_ada,
    receiving,
    reply,
    tls,
    until_gone,
)

RECIPIENT = "ada@example.org"


@pytest.fixture
def received() -> Received:
    return Received()


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return tls(tmp_path_factory.mktemp("tls"))


def mail(body: str = "Uptime was 99.9 %.\n.\n..two dots\n") -> EmailMessage:
    made = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    made["From"], made["To"], made["Subject"] = "reports@example.com", RECIPIENT, "Uptime"
    made.set_content(body)
    return made


def at(port: int, security: Security = Security.NONE, user: str | None = None, password: str | None = None) -> Server:
    return Server(host="localhost", port=port, security=security, user=user, password=password)


def failed(outcome: Outcome) -> str:
    """The sentence of an attempt that failed; it tells nothing of what runs inside, and no secret."""
    assert outcome.verdict is Verdict.FAILED
    assert outcome.error is not None
    assert outcome.error.endswith(".")
    assert not {"Secret-MTA", PASSWORD, "Traceback", "_ssl.c", "Errno"} & {*outcome.error.split()}
    assert PASSWORD not in outcome.error + (outcome.answer or "")
    return outcome.error


def test_a_mail_arrives_as_it_is(received: Received) -> None:
    with receiving(received) as port:
        outcome = send(at(port), mail(), recipient=RECIPIENT)
    assert outcome == Outcome(verdict=Verdict.DELIVERED, status=250, answer="2.0.0 OK: queued as 4F1")
    assert received.senders == ["reports@example.com"]
    assert received.recipients == [[RECIPIENT]]
    assert received.helo == "example.com", "the name of the machine stays here"
    [arrived] = received.mails
    parsed = message_from_bytes(arrived, policy=default)
    assert isinstance(parsed, EmailMessage)
    assert parsed.get_content().splitlines() == ["Uptime was 99.9 %.", ".", "..two dots"]
    assert parsed["Subject"] == "Uptime"


def test_only_the_recipient_of_the_envelope_has_it(received: Received) -> None:
    made = mail()
    made["Cc"], made["Bcc"] = "other@example.org", "third@example.org"
    with receiving(received) as port:
        send(at(port), made, recipient="bob@example.org")
    assert received.recipients == [["bob@example.org"]]


def test_starttls_comes_before_anything_is_said(received: Received, encrypted: Tls) -> None:
    with receiving(received, tls_context=encrypted.server, require_starttls=True) as port:
        outcome = send(at(port, Security.STARTTLS), mail(), recipient=RECIPIENT, context=encrypted.client)
    assert outcome.verdict is Verdict.DELIVERED
    assert received.over_tls


def test_tls_from_the_first_byte(received: Received, encrypted: Tls) -> None:
    with receiving(received, implicit=encrypted.server) as port:
        outcome = send(at(port, Security.TLS), mail("ä" * 300_000), recipient=RECIPIENT, context=encrypted.client)
    assert outcome.verdict is Verdict.DELIVERED
    assert received.helo == "example.com"
    parsed = message_from_bytes(received.mails[0], policy=default)
    assert isinstance(parsed, EmailMessage)
    assert parsed.get_content().strip() == "ä" * 300_000


def test_a_server_without_starttls_has_no_mail(received: Received, encrypted: Tls) -> None:
    with receiving(received) as port:
        outcome = send(at(port, Security.STARTTLS), mail(), recipient=RECIPIENT, context=encrypted.client)
    assert "offers no STARTTLS" in failed(outcome)
    assert not received.mails


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_a_certificate_of_nobody_that_is_trusted_is_refused(
    received: Received, encrypted: Tls, security: Security
) -> None:
    implicit = encrypted.server if security is Security.TLS else None
    with receiving(received, implicit=implicit, tls_context=None if implicit else encrypted.server) as port:
        outcome = send(at(port, security), mail(), recipient=RECIPIENT)
    assert "The certificate of the mail server is not accepted: self-signed certificate" in failed(outcome)
    assert not received.mails


def test_a_certificate_of_another_name_is_refused(received: Received, tmp_path: Path) -> None:
    other = tls(tmp_path, "mail.example.net")
    with receiving(received, implicit=other.server) as port:
        outcome = send(at(port, Security.TLS), mail(), recipient=RECIPIENT, context=other.client)
    assert "not valid for 'localhost'" in failed(outcome)
    assert not received.mails


def test_who_logs_in_may_send(received: Received, encrypted: Tls) -> None:
    with receiving(received, tls_context=encrypted.server, authenticator=knows_ada, auth_required=True) as port:
        server = at(port, Security.STARTTLS, USER, PASSWORD)
        outcome = send(server, mail(), recipient=RECIPIENT, context=encrypted.client)
    assert outcome.verdict is Verdict.DELIVERED
    assert received.logged_in


def test_a_wrong_password_is_told_of_and_not_repeated(received: Received, encrypted: Tls) -> None:
    with receiving(received, tls_context=encrypted.server, authenticator=knows_ada, auth_required=True) as port:
        server = at(port, Security.STARTTLS, USER, "hunter2")
        outcome = send(server, mail(), recipient=RECIPIENT, context=encrypted.client)
    words = "The mail server does not accept user and password of OPENHOURS_SMTP_URL: it answers 535."
    assert failed(outcome) == words
    assert "hunter2" not in repr(outcome)
    assert outcome.status == 535
    assert not received.mails


def test_a_password_where_nobody_can_log_in(received: Received) -> None:
    with receiving(received) as port:
        outcome = send(at(port, Security.NONE, USER, PASSWORD), mail(), recipient=RECIPIENT)
    assert "offers no login" in failed(outcome)


def test_a_server_that_wants_a_login(received: Received, encrypted: Tls) -> None:
    with receiving(received, tls_context=encrypted.server, authenticator=knows_ada, auth_required=True) as port:
        outcome = send(at(port, Security.STARTTLS), mail(), recipient=RECIPIENT, context=encrypted.client)
    assert "asks for a user and a password, which OPENHOURS_SMTP_URL lacks, with 530" in failed(outcome)
    assert not received.mails


def test_a_login_that_makes_no_sense() -> None:
    def asks_for_nonsense(connection: socket.socket) -> None:
        reply(connection, "220 mail")
        reply(connection, "250-mail", "250 AUTH LOGIN")
        reply(connection, "334 abcde")  # no base64

    with behaving(asks_for_nonsense) as port:
        outcome = send(at(port, Security.NONE, USER, PASSWORD), mail(), recipient=RECIPIENT)
    assert "asks for a login in an invalid way" in failed(outcome)


def test_a_login_of_a_sort_that_is_not_known() -> None:
    def knows_tokens_only(connection: socket.socket) -> None:
        reply(connection, "220 mail")
        reply(connection, "250-mail", "250 AUTH XOAUTH2")

    with behaving(knows_tokens_only) as port:
        outcome = send(at(port, Security.NONE, USER, PASSWORD), mail(), recipient=RECIPIENT)
    assert "neither PLAIN nor LOGIN" in failed(outcome)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("550 5.1.1 no such user", Verdict.GONE),
        ("553 5.1.1 no such user", Verdict.GONE),
        ("550 5.1.10 the domain takes no mail", Verdict.GONE),
        ("550 5.1.6 has moved", Verdict.GONE),
        ("551 user not local", Verdict.GONE),
        ("553 mailbox name not allowed", Verdict.GONE),
        ("550 mailbox unavailable", Verdict.FAILED),
        ("550 5.1.100 made up", Verdict.FAILED),
        ("550 5.7.1 you are blocked", Verdict.FAILED),
        ("553 5.7.1 sender not owned by user", Verdict.FAILED),
        ("552 5.2.2 mailbox full", Verdict.FAILED),
        ("554 5.7.1 relay access denied", Verdict.FAILED),
        ("450 4.2.0 greylisted, come back later", Verdict.FAILED),
        ("451 4.7.1 try again later", Verdict.FAILED),
        ("450 5.1.1 not verified yet", Verdict.FAILED),
        ("421 4.3.2 closing", Verdict.FAILED),
    ],
)
def test_a_recipient_that_is_refused(received: Received, answer: str, verdict: Verdict) -> None:
    received.answers[RECIPIENT] = answer
    with receiving(received) as port:
        outcome = send(at(port), mail(), recipient=RECIPIENT)
    code, _, said = answer.partition(" ")
    when = " for now" if code.startswith("4") else ""
    words = f"The mail server refused {RECIPIENT} as the recipient{when} with {code}."
    assert outcome == Outcome(verdict=verdict, status=int(code), error=words, answer=said)
    assert not received.mails


@pytest.mark.parametrize("answer", ["554 5.6.0 looks like spam", "452 4.3.1 disk full", "550 5.1.1 late"])
def test_a_mail_that_is_refused_can_be_tried_again(received: Received, answer: str) -> None:
    received.answers["DATA"] = answer
    with receiving(received) as port:
        outcome = send(at(port), mail(), recipient=RECIPIENT)
    assert "refused the mail itself" in failed(outcome)
    assert outcome.status == int(answer[:3])


def test_a_mail_larger_than_the_server_takes_is_not_sent(received: Received) -> None:
    with receiving(received, data_size_limit=1000) as port:
        outcome = send(at(port), mail("x\n" * 1000), recipient=RECIPIENT)
    assert outcome.status == 552
    assert "the size of the mail" in failed(outcome)


@pytest.mark.parametrize("wrong", ["ada@example.org, bob@example.org", "a\r\nRCPT TO:<b@c.de>@example.org", ""])
def test_what_is_no_address_does_not_leave_this_machine(wrong: str) -> None:
    # Nothing listens at port 1: the outcome would be another.
    outcome = send(at(1), mail(), recipient=wrong)
    assert outcome.verdict is Verdict.REFUSED
    assert "is not a mail address" in str(outcome.error)


def test_a_long_answer_is_cut_and_without_controls(received: Received) -> None:
    received.answers[RECIPIENT] = "550-one\x07\N{RIGHT-TO-LEFT OVERRIDE}\r\n" + "550-é\r\n" * 1500 + "550 end"
    with receiving(received, enable_SMTPUTF8=True) as port:
        outcome = send(at(port), mail(), recipient=RECIPIENT)
    assert outcome.answer is not None
    assert outcome.answer.startswith("one\né\n")
    assert 2045 <= len(outcome.answer.encode()) <= 2048


def accepted(connection: socket.socket) -> None:
    """Greets, takes sender and recipient, and asks for the mail."""
    connection.sendall(b"220 mail\r\n")
    connection.recv(65536)
    for line in ("250 mail", "250 OK", "250 OK"):
        reply(connection, line)


def says_nothing(connection: socket.socket) -> None:
    until_gone(connection)


def trickles(connection: socket.socket) -> None:
    """A letter of a greeting that never ends, well before any timeout of a socket."""
    connection.settimeout(0.05)
    connection.sendall(b"220-")
    while True:
        connection.sendall(b"x")
        with suppress(TimeoutError):
            if not connection.recv(1):
                return


def trickles_lines(connection: socket.socket) -> None:
    connection.settimeout(0.05)
    while True:
        connection.sendall(b"220-more\r\n")
        with suppress(TimeoutError):
            if not connection.recv(1):
                return


def falls_silent_after_the_mail(connection: socket.socket) -> None:
    accepted(connection)
    connection.sendall(b"354 go on\r\n")
    until_gone(connection)


@pytest.mark.parametrize("talk", [says_nothing, trickles, trickles_lines, falls_silent_after_the_mail])
def test_a_slow_server_holds_nobody_longer_than_the_attempt_may_take(talk: Callable[[socket.socket], None]) -> None:
    # Otherwise this would never end, and be ended by the timeout of the tests.
    with behaving(talk) as port:
        outcome = send(at(port), mail(), recipient=RECIPIENT, timeout_seconds=0.3)
    assert "did not accept" in failed(outcome)


def test_a_server_that_reads_little_by_little_holds_nobody_either(encrypted: Tls) -> None:
    over = Event()

    def reads_slowly(connection: socket.socket) -> None:
        with encrypted.server.wrap_socket(connection, server_side=True) as tunnel:
            tunnel.sendall(b"220 mail\r\n")
            while not over.wait(0.1):  # each write goes on, and all of them together take minutes
                tunnel.recv(16 * 1024)

    with behaving(reads_slowly) as port:
        server = at(port, Security.TLS)
        client = TlsClient(Deadline(60), server, local_hostname="example.com", context=encrypted.client)
        client._deadline = Deadline(0.3)
        with closing(client), pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
            client.send(b"x" * 50_000_000)
        over.set()


def test_a_server_that_speaks_no_tls_is_not_waited_for(encrypted: Tls) -> None:
    with behaving(says_nothing) as port:
        server = at(port, Security.TLS)
        outcome = send(server, mail(), recipient=RECIPIENT, context=encrypted.client, timeout_seconds=0.3)
    assert "did not accept" in failed(outcome)


def dies_in_the_middle(connection: socket.socket) -> None:
    accepted(connection)
    reply(connection, "354 go on")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # reset, not closed


def hangs_up(connection: socket.socket) -> None:
    reply(connection, "220 mail")


def floods(connection: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection.sendall(b"220-" + b"x" * 900 + b"\r\n")


def floods_one_line(connection: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection.sendall(b"x" * 9000)


def speaks_http(connection: socket.socket) -> None:
    reply(connection, "HTTP/1.1 400 Bad Request", "Server: Secret-MTA", "")


def is_busy(connection: socket.socket) -> None:
    reply(connection, "421 4.3.2 Secret-MTA is busy")


def refuses_us(connection: socket.socket) -> None:
    reply(connection, "554 5.7.1 Secret-MTA blocks you")


@pytest.mark.parametrize(
    ("talk", "words", "status"),
    [
        (dies_in_the_middle, "closed the connection before", None),
        (hangs_up, "closed the connection before", None),
        (floods, "closed the connection before", None),
        (floods_one_line, "it answers 500", 500),
        (speaks_http, "does not speak SMTP", None),
        (is_busy, "does not take mails from this installation: it answers 421", 421),
        (refuses_us, "does not take mails from this installation: it answers 554", 554),
    ],
)
def test_a_server_that_does_not_behave(talk: Callable[[socket.socket], None], words: str, status: int | None) -> None:
    with behaving(talk) as port:
        outcome = send(at(port), mail("x" * 50 + "\n" * 20_000), recipient=RECIPIENT)
    assert words in failed(outcome)
    assert outcome.status == status


def test_nothing_that_follows_the_acceptance_takes_it_back() -> None:
    def dies_after_it(connection: socket.socket) -> None:
        accepted(connection)
        reply(connection, "354 go on")
        connection.sendall(b"250 queued\r\n")

    with behaving(dies_after_it) as port:
        outcome = send(at(port), mail(), recipient=RECIPIENT)
    assert outcome.verdict is Verdict.DELIVERED


def test_what_is_said_before_starttls_is_not_taken_for_what_is_said_after(encrypted: Tls) -> None:
    """CVE-2011-0411: an answer that somebody on the way has put in behind that to STARTTLS."""

    def injects(connection: socket.socket) -> None:
        connection.sendall(b"220 mail\r\n")
        connection.recv(65536)
        reply(connection, "250-mail", "250 STARTTLS")
        connection.sendall(b"220 go on\r\n250-injected\r\n250 AUTH PLAIN\r\n")
        with suppress(ssl.SSLError), encrypted.server.wrap_socket(connection, server_side=True) as tunnel:
            tunnel.recv(65536)
            tunnel.sendall(b"250 mail\r\n")
            until_gone(tunnel)

    with behaving(injects) as port:
        server = at(port, Security.STARTTLS, USER, PASSWORD)
        outcome = send(server, mail(), recipient=RECIPIENT, context=encrypted.client)
    assert "TLS with the mail server failed" in failed(outcome) or "offers no login" in failed(outcome)


def test_a_port_where_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    outcome = send(at(port), mail(), recipient=RECIPIENT)
    assert failed(outcome) == "Nothing listens at the host and port of OPENHOURS_SMTP_URL."


def test_a_host_without_an_address() -> None:
    server = Server(host="nowhere.invalid", port=25, security=Security.NONE)
    assert "no address in the DNS" in failed(send(server, mail(), recipient=RECIPIENT))


def test_tls_where_none_is_spoken(received: Received, encrypted: Tls) -> None:
    with receiving(received) as port:
        outcome = send(at(port, Security.TLS), mail(), recipient=RECIPIENT, context=encrypted.client)
    assert "TLS with the mail server failed: check the port" in failed(outcome)
