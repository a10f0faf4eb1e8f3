"""Attempts against receivers on loopback: what leaves, what counts as delivered, and that each attempt ends."""

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import httpcore2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import __version__
from app.sending import dialling
from app.sending.answers import KEPT_BYTES, LONGEST_PAUSE, retry_after
from app.sending.dialling import dial, post
from app.sending.guard import Guard
from app.sending.outcome import Outcome, Verdict
from tests.commands import free_port
from tests.sending.certificates import Authority
from tests.sending.receiver import OK, Answer, Network, receiver

LOOPBACK = Guard("127.0.0.0/8")
PUBLIC = "93.184.216.34"
NO_ANSWER = Outcome(
    verdict=Verdict.FAILED,
    error="127.0.0.1: the connection ended without an answer, or the answer does not follow HTTP.",
)
BODY = b'{"type":"webhook.test"}'


def attempt(answer: bytes | Answer, *, path: str = "/hook", body: bytes = BODY, reads_body: bool = True) -> Outcome:
    with receiver(answer, reads_body=reads_body) as there:
        return post(f"http://127.0.0.1:{there.port}{path}", body, {"webhook-id": "1"}, guard=LOOPBACK)


def answering(status: str, *headers: str, body: bytes = b"") -> bytes:
    head = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(head).encode() + body


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time for an attempt."""
    monkeypatch.setattr(dialling, "WHOLE_SECONDS", 0.4)


@pytest.fixture
def short_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time for a connection, and longer than a test may take for all else."""
    monkeypatch.setattr(dialling, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(dialling, "WHOLE_SECONDS", 1000)


def test_a_request_is_what_it_was_told_to_be_and_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as proxy, receiver(answering("200 OK", "Set-Cookie: a=b", body=b"thanks")) as there:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        for _ in range(2):
            outcome = post(f"http://127.0.0.1:{there.port}/a?b=%20c", BODY, {"webhook-id": "1"}, guard=LOOPBACK)
            assert outcome == Outcome(verdict=Verdict.DELIVERED, status=200, answer="thanks")
        assert proxy.requests == []
    for request in there.requests:
        assert (request.path, request.body) == ("/a?b=%20c", BODY)
        assert request.headers == {
            "Host": f"127.0.0.1:{there.port}",
            "User-Agent": f"Openhours-Webhooks/{__version__}",
            "Content-Type": "application/json",
            "Accept": "*/*",
            "Connection": "close",
            "webhook-id": "1",
            "Content-Length": str(len(BODY)),
        }


@pytest.mark.parametrize(
    ("status", "verdict", "error"),
    [
        ("202 Accepted", Verdict.DELIVERED, None),
        ("204 No Content", Verdict.DELIVERED, None),
        ("410 Gone", Verdict.GONE, "It answered 410 Gone: it wants no more deliveries."),
        ("404 internal banner", Verdict.FAILED, "It answered 404 Not Found."),
        ("429 Too Many Requests", Verdict.FAILED, "It answered 429 Too Many Requests."),
        ("503 Service Unavailable", Verdict.FAILED, "It answered 503 Service Unavailable."),
        ("599 What", Verdict.FAILED, "It answered 599."),
    ],
)
def test_the_status_decides(status: str, verdict: Verdict, error: str | None) -> None:
    outcome = attempt(answering(status))
    assert (outcome.verdict, outcome.status, outcome.error) == (verdict, int(status[:3]), error)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["http://169.254.169.254/latest/meta-data", "/elsewhere", "https://hooks.example"])
def test_76_a_redirect_is_a_failure_and_nobody_follows_it(status: int, location: str) -> None:
    with receiver(answering(f"{status} Found", f"Location: {location}")) as there:
        network = Network({"hooks.example": [[PUBLIC]]}, there.port)
        outcome = post(
            "http://hooks.example/",
            BODY,
            {},
            guard=Guard("hooks.example"),
            resolver=network.resolve,
            connect=network.connect,
        )
    assert (outcome.verdict, outcome.status) == (Verdict.FAILED, status)
    assert outcome.error == (
        f"It answered {status}, a redirect. Redirects are not followed: enter the address that it leads to."
    )
    assert (network.resolved, network.dialled, len(there.requests)) == (["hooks.example"], [PUBLIC], 1)


@pytest.mark.parametrize(
    ("said", "pause"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta(0)),
        ("9" * 5000, LONGEST_PAUSE),
        ("Fri, 20 Nov 2026 12:02:00 GMT", timedelta(seconds=120)),
        ("Fri, 20 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("Fri, 20 Nov 2099 11:00:00 GMT", LONGEST_PAUSE),
        ("Fri, 20 Nov 99999999999 11:00:00 GMT", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("\xb2", None),
    ],
)
def test_a_pause_that_is_asked_for_is_passed_on_up_to_a_day(said: str, pause: timedelta | None) -> None:
    for status in ("429 Too Many Requests", "503 Service Unavailable", "500 Internal Server Error"):
        head = answering(status, "Date: Fri, 20 Nov 2026 12:00:00 GMT", "Retry-After: @")
        outcome = attempt(head.replace(b"@", said.encode("latin-1")))
        assert (outcome.verdict, outcome.retry_after) == (Verdict.FAILED, pause)


@given(
    st.text(max_size=80) | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,30} [A-Z][a-z]{2} [0-9]{1,30} [0-9:]{1,20} .{0,9}")
)
def test_whatever_is_said_of_a_pause_is_a_pause_or_none(said: str) -> None:
    for headers in ({"retry-after": said}, {"retry-after": "Fri, 20 Nov 2026 12:02:00 GMT", "date": said}):
        pause = retry_after(headers, now=datetime.now(UTC))
        assert pause is None or timedelta(0) <= pause <= LONGEST_PAUSE


def test_of_a_pause_until_an_instant_without_a_date_the_own_clock_counts() -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert retry_after({"retry-after": "Fri, 20 Nov 2026 12:01:00 -0000"}, now=now) == timedelta(minutes=1)


class Counting(socket.socket):
    """A socket that counts what is read from it, bytes."""

    received = 0

    def recv(self, size: int, flags: int = 0) -> bytes:
        block = super().recv(size, flags)
        self.received += len(block)
        return block


def test_76_of_a_long_answer_the_beginning_is_read_and_kept() -> None:
    made: list[Counting] = []

    def connect(address: str, port: int, seconds: float) -> socket.socket:
        made.append(Counting(fileno=dial(address, port, seconds).detach()))
        return made[0]

    with receiver(answering("500 Oh", body=b"a" * 100_000)) as there:
        outcome = post(f"http://127.0.0.1:{there.port}/", BODY, {}, guard=LOOPBACK, connect=connect)
    assert outcome.answer == "a" * KEPT_BYTES
    assert made[0].received <= 2 * KEPT_BYTES + 200
    assert made[0].fileno() == -1  # closed


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"", None),
        (b"a\0b\xff", "a\ufffdb\ufffd"),
        ("€".encode() * 1000, "€" * (KEPT_BYTES // 3)),
        (b"\xff" * 5000, "\ufffd" * (KEPT_BYTES // 3)),
    ],
)
def test_an_answer_is_kept_as_text_that_a_column_takes(body: bytes, answer: str | None) -> None:
    assert attempt(answering("200 OK", body=body)).answer == answer


def test_an_answer_that_never_ends_is_left_when_enough_of_it_is_there() -> None:
    def endless(file: BufferedIOBase, _: threading.Event) -> None:
        file.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:  # until nobody reads any more
            file.write(b"a" * 1000)

    assert attempt(endless) == Outcome(verdict=Verdict.DELIVERED, status=200, answer="a" * KEPT_BYTES)


def test_a_receiver_that_announces_an_answer_for_ever_is_left() -> None:
    def announce(file: BufferedIOBase, _: threading.Event) -> None:
        while True:  # until nobody reads any more
            file.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    assert attempt(announce) == NO_ANSWER


def drip(head: bytes) -> Answer:
    def answer(file: BufferedIOBase, is_over: threading.Event) -> None:
        file.write(head)
        while not is_over.wait(0.02):
            file.write(b"a")

    return answer


@pytest.mark.usefixtures("short")
def test_a_head_that_comes_byte_by_byte_for_ever_ends_the_attempt_as_a_failure() -> None:
    outcome = attempt(drip(b"HTTP/1.1 200 OK\r\nX: "))
    assert (outcome.verdict, outcome.status) == (Verdict.FAILED, None)
    assert outcome.error == "127.0.0.1: it did not answer within the 0.4 seconds of an attempt."


@pytest.mark.usefixtures("short")
def test_76_a_body_that_comes_byte_by_byte_for_ever_ends_the_attempt_and_the_status_counts() -> None:
    outcome = attempt(drip(b"HTTP/1.1 200 OK\r\n\r\n"))
    assert (outcome.verdict, outcome.status) == (Verdict.DELIVERED, 200)
    assert outcome.answer
    assert {*outcome.answer} == {"a"}


@pytest.mark.usefixtures("short")
def test_a_receiver_that_never_reads_ends_the_attempt_as_a_failure() -> None:
    def wait(_: BufferedIOBase, is_over: threading.Event) -> None:
        is_over.wait()

    outcome = attempt(wait, body=b"a" * 30_000_000, reads_body=False)
    assert outcome.verdict is Verdict.FAILED
    assert outcome.error is not None
    assert "did not answer within" in outcome.error


@pytest.mark.usefixtures("short_connecting")
def test_an_encrypted_connection_that_never_comes_about_ends_the_attempt() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        outcome = post(f"https://127.0.0.1:{silent.getsockname()[1]}/", BODY, {}, guard=LOOPBACK)
    assert outcome == Outcome(verdict=Verdict.FAILED, error="127.0.0.1: the connection timed out.")


@pytest.mark.usefixtures("short_connecting")
def test_a_name_server_that_never_answers_ends_the_attempt() -> None:
    is_over = threading.Event()

    def wait(_host: str, _port: int) -> list[str]:
        is_over.wait()
        return []

    outcome = post("https://hooks.example/", BODY, {}, guard=Guard(), resolver=wait)
    is_over.set()
    assert outcome == Outcome(verdict=Verdict.FAILED, error="hooks.example: the connection timed out.")


@pytest.mark.usefixtures("short_connecting")
def test_the_time_to_connect_is_shared_by_all_addresses_of_a_name() -> None:
    asked: list[tuple[str, float]] = []

    def connect(address: str, _port: int, seconds: float) -> socket.socket:
        asked.append((address, seconds))
        raise TimeoutError

    found = [f"93.184.216.{number}" for number in range(1, 5)]
    outcome = post("https://hooks.example/", BODY, {}, guard=Guard(), resolver=lambda *_: found, connect=connect)
    assert outcome.error == "hooks.example: the connection timed out."
    assert [address for address, _ in asked] == found
    assert asked[0][1] <= 0.2 / 4


def test_of_several_addresses_the_first_that_answers_is_taken() -> None:
    with receiver() as there:

        def connect(address: str, port: int, seconds: float) -> socket.socket:
            return dial(address, port if address == "127.0.0.1" else free_port(), seconds)

        outcome = post(
            f"http://hooks.example:{there.port}/",
            BODY,
            {},
            guard=LOOPBACK,
            resolver=lambda *_: ["127.0.0.2", "127.0.0.1"],
            connect=connect,
        )
    assert outcome.verdict is Verdict.DELIVERED


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2 internal banner\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
    ],
)
def test_what_is_no_answer_is_a_failure_and_none_of_it_is_told(answer: bytes) -> None:
    assert attempt(answer) == NO_ANSWER


def test_a_connection_that_is_reset_is_a_failure() -> None:
    class Reset(socket.socket):
        def recv(self, *_: Any) -> bytes:
            raise ConnectionResetError

    def connect(address: str, port: int, seconds: float) -> socket.socket:
        return Reset(fileno=dial(address, port, seconds).detach())

    with receiver() as there:
        assert post(f"http://127.0.0.1:{there.port}/", BODY, {}, guard=LOOPBACK, connect=connect) == NO_ANSWER


def test_a_body_that_breaks_off_is_kept_as_far_as_it_came() -> None:
    assert attempt(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").answer == "abc"


def test_an_answer_that_comes_before_all_was_read_counts() -> None:
    class Broken(socket.socket):
        heads = 0

        def send(self, data: Any, flags: int = 0) -> int:
            if self.heads:
                raise BrokenPipeError
            self.heads += 1
            return super().send(data, flags)

    def connect(address: str, port: int, seconds: float) -> socket.socket:
        return Broken(fileno=dial(address, port, seconds).detach())

    with receiver(answering("413 Content Too Large"), reads_body=False) as there:
        outcome = post(f"http://127.0.0.1:{there.port}/", BODY, {}, guard=LOOPBACK, connect=connect)
    assert (outcome.verdict, outcome.status) == (Verdict.FAILED, 413)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(), "the connection was refused: nothing listens there, or a firewall blocks it"),
        (OSError(101, "Network is unreachable"), "it cannot be reached from the network of this service"),
        (TimeoutError(), "the connection timed out"),
    ],
)
def test_why_there_is_no_connection_is_said_in_our_words(error: OSError, words: str) -> None:
    def connect(*_: object) -> socket.socket:
        raise error

    outcome = post(
        "https://hooks.example/T0/secret", BODY, {}, guard=Guard(), resolver=lambda *_: [PUBLIC], connect=connect
    )
    assert outcome == Outcome(verdict=Verdict.FAILED, error=f"hooks.example: {words}.")


def test_a_name_that_nobody_knows_is_a_failure_that_may_pass() -> None:
    outcome = post("https://hooks.example/", BODY, {}, guard=Guard(), resolver=Network().resolve)
    assert outcome == Outcome(
        verdict=Verdict.FAILED, error="hooks.example: there is no such host, or the name server does not answer."
    )


def test_76_a_name_that_leads_inside_the_second_time_is_resolved_once_and_dialled_where_it_was_vetted(
    authority: Authority,
) -> None:
    with receiver(tls=authority.server("hooks.example")) as there:
        network = Network({"hooks.example": [[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]]}, there.port)
        outcome = post(
            "https://hooks.example/hook",
            BODY,
            {},
            guard=Guard(),
            resolver=network.resolve,
            connect=network.connect,
            tls=authority.client(),
        )
        assert outcome == Outcome(verdict=Verdict.DELIVERED, status=200, answer="ok")
        assert (network.resolved, network.dialled) == (["hooks.example"], [PUBLIC])
        assert [request.headers["Host"] for request in there.requests] == ["hooks.example"]
        assert there.server_names == ["hooks.example"]
        again = post(
            "https://hooks.example/hook",
            BODY,
            {},
            guard=Guard(),
            resolver=network.resolve,
            connect=network.connect,
            tls=authority.client(),
        )
        assert (again.verdict, network.dialled) == (Verdict.REFUSED, [PUBLIC])


def test_a_receiver_inside_that_is_not_allowed_is_refused_before_anything_leaves() -> None:
    with receiver() as there:
        for url in (f"https://127.0.0.1:{there.port}/", f"https://localhost:{there.port}/"):
            assert post(url, BODY, {}, guard=Guard("10.0.0.0/8"), resolver=lambda *_: ["::1"]).verdict is (
                Verdict.REFUSED
            )
        assert there.requests == []


@pytest.mark.parametrize(
    ("shown", "ends_in", "words"),
    [
        ("other.example", timedelta(hours=1), "its certificate is for another name"),
        ("hooks.example", timedelta(hours=-1), "its certificate has expired"),
    ],
)
def test_a_wrong_certificate_is_not_accepted(authority: Authority, shown: str, ends_in: timedelta, words: str) -> None:
    with receiver(tls=authority.server(shown, ends_in=ends_in)) as there:
        network = Network({"hooks.example": [[PUBLIC]]}, there.port)
        outcome = post(
            "https://hooks.example/",
            BODY,
            {},
            guard=Guard(),
            resolver=network.resolve,
            connect=network.connect,
            tls=authority.client(),
        )
    assert outcome == Outcome(verdict=Verdict.FAILED, error=f"hooks.example: {words}.")
    assert there.requests == []


def test_an_authority_that_the_system_does_not_trust_is_not_trusted(authority: Authority) -> None:
    with receiver(tls=authority.server("127.0.0.1")) as there:
        url = f"https://127.0.0.1:{there.port}/"
        assert post(url, BODY, {}, guard=LOOPBACK).error == (
            "127.0.0.1: its certificate is not from an authority that this service trusts."
        )
        assert post(url, BODY, {}, guard=LOOPBACK, tls=authority.client()).verdict is Verdict.DELIVERED


def test_the_authorities_that_the_environment_names_are_trusted(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    monkeypatch.setattr(dialling, "_trusted", httpcore2.default_ssl_context)
    with receiver(tls=authority.server("127.0.0.1")) as there:
        assert post(f"https://127.0.0.1:{there.port}/", BODY, {}, guard=LOOPBACK).verdict is Verdict.DELIVERED


def test_http_behind_an_https_address_is_told() -> None:
    with receiver() as there:
        outcome = post(f"https://127.0.0.1:{there.port}/", BODY, {}, guard=LOOPBACK)
    assert outcome.error == "127.0.0.1: TLS failed: check that it accepts https at this port."


def test_threads_make_attempts_at_the_same_time(authority: Authority) -> None:
    together = threading.Barrier(8)

    def answer(file: BufferedIOBase, _: threading.Event) -> None:
        together.wait(20)  # breaks, and no answer comes, unless all eight are there at once
        file.write(OK)

    tls = authority.client()
    with receiver(answer, tls=authority.server("127.0.0.1")) as there, ThreadPoolExecutor(8) as threads:
        url = f"https://127.0.0.1:{there.port}/"

        def send(number: int) -> Outcome:
            return post(url, json.dumps(number).encode(), {"webhook-id": str(number)}, guard=LOOPBACK, tls=tls)

        outcomes = list(threads.map(send, range(8)))
    assert {outcome.verdict for outcome in outcomes} == {Verdict.DELIVERED}
    assert {(request.headers["webhook-id"], request.body.decode()) for request in there.requests} == {
        (str(number), str(number)) for number in range(8)
    }
