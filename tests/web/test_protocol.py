"""What a connection may cost: raw sockets against a server with narrow limits, on an application without servers."""

import asyncio
import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from threading import Thread
from time import monotonic, sleep
from typing import Self

import pytest
from starlette.types import Receive, Scope, Send

from app.storage.resources import Resources
from app.web.limits import Limits
from app.web.protocol import MOST_AHEAD, TURN_PARTS, BoundedProtocol
from app.web.server import BoundedServer, bounded_config, serving

#: Longest that anything may take, seconds.
PATIENCE = 20

WHOLE = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"

SMALL = Limits(
    head_bytes=4096,
    head_seconds=0.5,
    idle_seconds=60,
    body_bytes_per_second=1000,
    body_seconds=0.5,
    late_seconds=1,
    waiting=4,
    requests=3,
)


class Sink:
    """Reads each body to its end, or does not; knows how much came and what became of it."""

    def __init__(self) -> None:
        self.bodies: list[int] = []
        self.cut = 0
        self.slept = False
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path == "/early":
            await answer(send, b"early")
            return
        if path == "/held":
            await self.may_answer.wait()
        if path == "/large":
            await answer(send, bytes(64 << 20))
            return
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.cut += 1
                return
            size += len(message.get("body", b""))
            if path == "/slow" and not self.slept:
                self.slept = True
                await asyncio.sleep(2 * SMALL.body_seconds)
            if not message.get("more_body"):
                break
        self.bodies.append(size)
        await answer(send, path.encode())


async def answer(send: Send, body: bytes) -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Site:
    """A server in a thread."""

    def __init__(self, limits: Limits) -> None:
        self.sink = Sink()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.server = BoundedServer(bounded_config(self.sink, limits, lifespan="off", timeout_graceful_shutdown=1))
        self.thread = Thread(target=self.server.run, kwargs={"sockets": [self.listener]})

    @property
    def open(self) -> int:
        return len(self.server.server_state.connections)

    def connect(self, sent: bytes = b"", *, source: str = "127.0.0.1") -> "Raw":
        connection = socket.create_connection(self.listener.getsockname(), PATIENCE, source_address=(source, 0))
        connection.sendall(sent)
        return Raw(connection)


class Raw(closing[socket.socket]):
    """A socket that reads answers."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self.socket = connection
        self.send = connection.sendall

    def __enter__(self) -> Self:  # type: ignore[override]
        return self

    def answer(self) -> tuple[int, bytes]:
        """Status and body; 0 for a connection that was closed without an answer."""
        head = b""
        while b"\r\n\r\n" not in head:
            block = self.socket.recv(1)
            if not block:
                return 0, head
            head += block
        size = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        body = b""
        while len(body) < size:
            body += self.socket.recv(size - len(body))
        return int(head.split()[1]), body

    def refusal(self) -> tuple[int, str]:
        """Status and code of a problem, after which the connection is closed."""
        status, body = self.answer()
        assert self.is_closed()
        return status, json.loads(body)["code"] if body else ""

    def is_closed(self) -> bool:
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


@contextmanager
def site_with(limits: Limits) -> Iterator[Site]:
    site = Site(limits)
    site.thread.start()
    try:
        until(lambda: site.server.started)
        yield site
    finally:
        site.server.should_exit = True
        site.thread.join()
        site.listener.close()


@pytest.fixture
def site() -> Iterator[Site]:
    with site_with(SMALL) as site:
        yield site


def sends_of_one_byte(raw: Raw) -> int:
    """How many a connection takes until it is reset."""
    for number in range(PATIENCE * 50):
        try:
            raw.send(b"x")
        except OSError:
            return number
        sleep(0.02)
    raise AssertionError("it takes bytes for ever")


def until(is_so: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE
    while not is_so():
        assert monotonic() < deadline
        sleep(0.01)


def test_a_head_of_the_limit_is_taken_and_one_byte_more_refused(site: Site) -> None:
    begin = b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: "
    fits = begin + b"x" * (SMALL.head_bytes - len(begin) - 4) + b"\r\n\r\n"
    assert len(fits) == SMALL.head_bytes
    with site.connect(fits) as raw:
        assert raw.answer() == (200, b"/")
    with site.connect(fits.replace(b"xx", b"xxx", 1)) as raw:
        assert raw.refusal() == (431, "head_too_large")


def test_a_head_without_an_end_is_refused_as_soon_as_it_is_too_large(site: Site) -> None:
    with site.connect((b"GET / HTTP/1.1\r\nX-Long: ").ljust(SMALL.head_bytes + 1, b"x")) as raw:
        assert raw.refusal() == (431, "head_too_large")
    with site.connect(b"GET /" + b"x" * SMALL.head_bytes) as raw:
        assert raw.refusal() == (431, "head_too_large")
    with site.connect(b"\r\n" * SMALL.head_bytes) as raw:
        assert raw.refusal() == (431, "head_too_large")


def test_many_small_headers_and_trailers_are_counted_too(site: Site) -> None:
    many = b"".join(b"a%d: b\r\n" % number for number in range(1000))
    with site.connect(b"GET / HTTP/1.1\r\n" + many + b"\r\n") as raw:
        assert raw.refusal() == (431, "head_too_large")
    chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
    with site.connect(chunked + many) as raw:
        assert raw.refusal() == (431, "head_too_large")
    with site.connect(chunked + b"a: b\r\n\r\n") as raw:
        assert raw.answer() == (200, b"/")
    assert site.sink.cut == 1


def test_the_second_head_of_a_connection_is_bounded_as_the_first(site: Site) -> None:
    with site.connect(WHOLE % 1) as raw:
        assert raw.answer() == (200, b"/1")
        raw.send(WHOLE % 2 + WHOLE % 3)
        assert [raw.answer(), raw.answer()] == [(200, b"/2"), (200, b"/3")]
        raw.send(b"GET / HTTP/1.1\r\nX: " + b"x" * SMALL.head_bytes)
        assert raw.refusal() == (431, "head_too_large")


def test_a_body_is_no_head_however_it_is_cut(site: Site) -> None:
    size = 40 * SMALL.head_bytes
    with site.connect(b"POST /long HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size) as raw:
        for _ in range(10):
            raw.send(bytes(size // 10))
        assert raw.answer() == (200, b"/long")
    assert site.sink.bodies == [size]


def test_a_head_that_does_not_end_in_time_is_answered_with_408(site: Site) -> None:
    with site.connect(b"GET / HT") as raw, site.connect() as silent, site.connect(WHOLE % 1) as second:
        assert raw.refusal() == (408, "request_too_slow")
        assert silent.is_closed(), "nobody asked anything"
        assert second.answer()[0] == 200
        second.send(b"G")
        assert second.refusal() == (408, "request_too_slow")


def test_bytes_that_trickle_do_not_extend_the_time_for_a_head(site: Site) -> None:
    sent = 0
    with site.connect() as raw:
        raw.socket.settimeout(0.05)
        for byte in b"GET / HTTP/1.1\r\nX: " + b"x" * 4000:
            try:
                raw.send(bytes([byte]))
                sent += 1
                assert raw.refusal() == (408, "request_too_slow")
                break
            except TimeoutError:
                continue
    assert 1 < sent < 1000


def test_who_opens_many_connections_loses_their_oldest_and_nobody_elses(site: Site) -> None:
    with site_with(Limits(waiting=4)) as patient, patient.connect(b"GET /7 HT", source="127.0.0.2") as other:
        until(lambda: patient.open == 1)
        many = []
        for _ in range(12):
            many.append(patient.connect(b"GET / HT"))
            until(lambda: patient.open in {len(many) + 1, 4})
        until(lambda: patient.open == 4)
        assert [raw.is_closed() for raw in many[:9]] == [True] * 9
        other.send(b"TP/1.1\r\n\r\n")
        assert other.answer() == (200, b"/7")
        many[-1].send(b"TP/1.1\r\n\r\n")
        assert many[-1].answer() == (200, b"/")
        for raw in many:
            raw.socket.close()


def test_idle_connections_count_as_well_and_requests_do_not(site: Site) -> None:
    held = [site.connect(b"GET /held HTTP/1.1\r\n\r\n") for _ in range(3)]
    until(lambda: len(site.server.server_state.tasks) == 3)
    kept = [site.connect() for _ in range(5)]
    assert kept[0].is_closed()
    assert [raw.socket.close() for raw in held + kept]


def test_more_requests_than_the_limit_are_answered_with_503(site: Site) -> None:
    held = [site.connect(b"GET /held HTTP/1.1\r\n\r\n") for _ in range(3)]
    until(lambda: len(site.server.server_state.tasks) == 3)
    with site.connect(WHOLE % 1) as raw:
        assert raw.refusal() == (503, "replica_unavailable")
    held.pop().socket.close()
    until(lambda: site.open == 2)
    with site.connect(WHOLE % 1) as raw:
        assert raw.answer() == (200, b"/1")
    for raw in held:
        raw.socket.close()


def test_a_body_slower_than_the_lowest_rate_is_cut_with_408(site: Site) -> None:
    with site.connect(b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + b"x") as raw:
        assert raw.refusal() == (408, "request_too_slow")
    until(lambda: site.sink.cut == 1)


def test_a_slow_patch_is_cut_without_a_status_after_which_clients_of_tus_would_give_up(site: Site) -> None:
    with site.connect(b"PATCH / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + b"x") as raw:
        assert raw.answer() == (0, b"")
    until(lambda: site.sink.cut == 1)


def test_a_body_of_chunks_without_content_is_slow(site: Site) -> None:
    with site.connect(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n") as raw:
        raw.send(b"1;" + b"x" * 3000)
        assert raw.refusal() == (408, "request_too_slow")


def test_a_body_that_waits_for_the_application_is_not_slow(site: Site) -> None:
    with site.connect(b"POST /slow HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + bytes(999_999)) as raw:
        sleep(SMALL.body_seconds)
        raw.send(b"x")
        assert raw.answer() == (200, b"/slow")


def test_who_sends_on_after_the_answer_is_cut(site: Site) -> None:
    with site.connect(b"POST /early HTTP/1.1\r\nContent-Length: 100000\r\n\r\n") as raw:
        assert raw.answer() == (200, b"early")
        assert sends_of_one_byte(raw) > 1
    until(lambda: site.open == 0)


def test_who_takes_nothing_of_an_answer_is_cut(site: Site) -> None:
    with site.connect(b"GET /large HTTP/1.1\r\n\r\n"):
        until(lambda: site.open == 1)
        until(lambda: site.open == 0)


def test_requests_ahead_of_their_turn_are_left_unread(site: Site) -> None:
    """A quarter of a megabyte holds 9,000 of them, each of which takes some kilobytes until it is answered."""
    many = 9_000
    with site.connect(b"GET /held HTTP/1.1\r\n\r\n") as raw:
        until(lambda: len(site.server.server_state.tasks) == 1)
        Thread(target=raw.send, args=(b"".join(WHOLE % number for number in range(many)),)).start()
        (connection,) = site.server.server_state.connections
        until(lambda: len(connection.pipeline) >= MOST_AHEAD)  # type: ignore[union-attr]
        sleep(0.2)
        assert len(connection.pipeline) < MOST_AHEAD + 100  # type: ignore[union-attr]
        site.server.servers[0].get_loop().call_soon_threadsafe(site.sink.may_answer.set)
        assert raw.answer() == (200, b"/held")
        assert [raw.answer()[1] for _ in range(many)] == [b"/%d" % number for number in range(many)]


def test_a_body_in_tiny_chunks_leaves_others_their_turn(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    size = 200_000
    since_turn, most = 0, 0
    take = BoundedProtocol.on_body

    def count(protocol: BoundedProtocol, body: bytes) -> None:
        nonlocal since_turn, most
        if since_turn == 0:
            protocol.loop.call_soon(turn)
        since_turn += 1
        most = max(most, since_turn)
        take(protocol, body)

    def turn() -> None:
        nonlocal since_turn
        since_turn = 0

    monkeypatch.setattr(BoundedProtocol, "on_body", count)
    with site.connect(b"POST /tiny HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n") as raw:
        raw.send(b"1\r\nx\r\n" * size + b"0\r\n\r\n")
        assert raw.answer() == (200, b"/tiny")
        assert site.sink.bodies == [size]
        assert most < 3 * TURN_PARTS
        raw.send(WHOLE % 7)
        assert raw.answer() == (200, b"/7")


def test_what_is_sent_with_a_body_behind_it_is_read_after_it(site: Site) -> None:
    body = bytes(300_000)
    both = b"POST /%d HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b"
    with site.connect(both % (1, len(body), body) + WHOLE % 2 + both % (3, 5, b"abcde") + WHOLE % 4) as raw:
        assert [raw.answer()[1] for _ in range(4)] == [b"/1", b"/2", b"/3", b"/4"]
    assert site.sink.bodies == [300_000, 0, 5, 0]


def test_what_is_no_http_is_answered_with_a_problem(site: Site) -> None:
    with site.connect(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n") as raw:
        assert raw.refusal() == (400, "unreadable_request")


@pytest.mark.parametrize(
    ("header", "refusal"),
    [
        (b"Expect: 200-maybe", (417, "unknown_expectation")),
        (b"Transfer-Encoding: gzip, chunked", (501, "unknown_transfer_coding")),
        (b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", (501, "unknown_transfer_coding")),
    ],
)
def test_what_a_head_asks_for_and_nobody_does_is_refused(site: Site, header: bytes, refusal: tuple[int, str]) -> None:
    with site.connect(b"POST / HTTP/1.1\r\n" + header + b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n") as raw:
        assert raw.refusal() == refusal
    with site.connect(b"POST /a HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n") as raw:
        assert raw.answer() == (200, b"/a")


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\r\n\r\n", b"GET /" + b"x" * SMALL.head_bytes, b"of one too many"])
def test_refusals_too_are_named_and_taken_for_nothing_but_what_they_are(site: Site, sent: bytes) -> None:
    held = []
    if sent == b"of one too many":
        sent = WHOLE % 1
        held = [site.connect(b"GET /held HTTP/1.1\r\n\r\n") for _ in range(3)]
        until(lambda: len(site.server.server_state.tasks) == 3)
    with site.connect(sent) as raw:
        whole = b"".join(iter(lambda: raw.socket.recv(4096), b""))
    for one in held:
        one.socket.close()
    lines = whole.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == headers["referrer-policy"] == "same-origin"
    assert re.fullmatch("[0-9a-f]{32}", headers["x-request-id"])
    assert headers["connection"] == "close"


def test_an_answer_is_there_before_the_reset_though_the_client_sends_on(site: Site) -> None:
    with site.connect(b"GET / HTTP/1.1\r\nX: ") as raw:
        for _ in range(100):
            raw.send(b"x" * 65536)
        assert raw.answer()[0] == 431


def test_the_service_itself_has_these_bounds(untouched: Resources, stores_nothing: None) -> None:
    with serving(untouched, slots=0) as address:
        port = int(address.rpartition(":")[2])
        with Raw(socket.create_connection(("127.0.0.1", port), PATIENCE)) as raw:
            raw.send(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: %b\r\n\r\n" % (b"x" * (31 << 10)))
            assert raw.answer()[0] == 200
            raw.send(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: %b\r\n\r\n" % (b"x" * (33 << 10)))
            assert raw.refusal() == (431, "head_too_large")
