"""uvicorn's protocol on httptools, with bounds on what a client may send and how slowly."""

from http import HTTPStatus
from typing import Any, Final, cast
from uuid import uuid4

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.errors import HeadTooLarge, OpenhoursError, ReplicaUnavailable, RequestTooSlow, UnreadableRequest
from app.routers.answers import problem_of
from app.web.connections import Connections
from app.web.gate.envelope import SECURITY_HEADERS
from app.web.held import Held
from app.web.limits import Limits
from app.web.not_understood import not_understood

#: How long a refused connection is read on, so that its client finds the answer before the reset, seconds.
LINGER_SECONDS: Final = 2

#: Requests that are taken from a connection before the one in front of them is answered.
MOST_AHEAD: Final = 16

#: What may be heads or chunks is fed to the parser so many bytes at a time, so that these bounds are kept.
PIECE_BYTES: Final = 2048

#: After so many heads and chunks of a connection others have their turn: chunks of one byte, 40,000 at a read, would
#: keep the loop busy for a tenth of a second for each connection that sends them.
TURN_PARTS: Final = 500


class BoundedProtocol(HttpToolsProtocol):
    """One connection.

    httptools buffers a head until it is whole, and uvicorn has no time limit but that between requests. Here bytes are
    counted before the parser sees them; ``check`` compares the times, called by the server every now and then.
    """

    def __init__(self, *args: Any, limits: Limits, waiting: Connections, **more: Any) -> None:
        super().__init__(*args, **more)
        self._limits = limits
        self._waiting = waiting
        self._refusal: OpenhoursError | None = None
        self._is_refused = False
        self._rest = memoryview(b"")  # received, but not fed to the parser
        self._parts = 0  # heads and chunks that the parser has found in this turn
        self._overhead_bytes = 0  # received since the last that completed a head or was content
        self._has_progressed = False
        self._has_body = False  # the head is whole, the message is not
        self._content_left = 0  # bytes of this body, if its head tells how many
        self._head_since: float | None = None
        self._body_since = 0.0
        self._body_bytes = 0
        self._late_since: float | None = None
        self._unsent_bytes = 0

    @property
    def address(self) -> str:
        """The peer."""
        return self.client[0] if self.client else ""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.flow = Held(transport)
        self._head_since = self.loop.time()
        self._waiting.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._waiting.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        if not self._has_body and self._head_since is None:
            self._head_since = self.loop.time()
        if self._rest:
            self._rest = memoryview(bytes(self._rest) + data)
            return
        self._rest = memoryview(data)
        self._go_on()

    def _go_on(self) -> None:
        """Feed the parser with what was received, until it is another's turn or enough requests wait for an answer."""
        self._parts = 0
        while self._rest and not (self._is_refused or self.transport.is_closing()):
            if len(self.pipeline) >= MOST_AHEAD:
                self._held().hold()
                return
            if self._parts > TURN_PARTS:
                self._held().hold()
                self.loop.call_soon(self._go_on)
                return
            self._feed()
        self._rest = memoryview(b"")
        self._held().let_go()

    def _feed(self) -> None:
        room = self._limits.head_bytes - self._overhead_bytes
        if room == 0:
            self._refuse(self._too_large())
            return
        room = self._content_left or min(room, PIECE_BYTES)
        piece, self._rest = self._rest[:room], self._rest[room:]
        self._has_progressed = False
        super().data_received(piece)  # type: ignore[arg-type]  # httptools takes any buffer
        self._overhead_bytes = 0 if self._has_progressed else self._overhead_bytes + len(piece)

    def _held(self) -> Held:
        return cast("Held", self.flow)

    def on_headers_complete(self) -> None:
        self._parts += 1
        self._has_progressed = self._has_body = True
        self._head_since = None
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > self._limits.head_bytes:
            self._refusal = self._too_large()
            raise ValueError  # ends the parser, which has send_400_response called
        if (refusal := not_understood(self.headers)) is not None:
            self._refusal = refusal
            raise ValueError
        self._waiting.discard(self)
        self._body_since, self._body_bytes = self.loop.time(), 0
        self._content_left = next((int(value) for name, value in self.headers if name == b"content-length"), 0)
        is_full = len(self.connections) - len(self._waiting) > self._limits.requests
        self.app = _answer_full if is_full else self.config.loaded_app
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._parts += 1
        self._has_progressed = True
        self._body_bytes += len(body)
        self._content_left = max(self._content_left - len(body), 0)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._has_progressed, self._has_body, self._content_left = True, False, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and self.cycle.response_complete:
            self._waiting.add(self)
            if self._head_since is not None:
                self._head_since = self.loop.time()
        if self._rest:
            self._go_on()

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refusal or UnreadableRequest(msg))

    def drop(self) -> None:
        self.transport.close()

    def shutdown(self) -> None:
        if self._is_refused:
            self.transport.close()
        else:
            super().shutdown()

    def check(self, now: float) -> None:
        """End the connection if the client is too slow with its head, its body, or taking its answer.

        ``now``: of the loop's clock, seconds.
        """
        is_done = self.cycle is None or self.cycle.response_complete
        if self.transport.is_closing() or self.flow.write_paused or (is_done and self._has_body):
            self._check_late(now)
            return
        self._late_since = None
        if self._is_refused:
            return
        if self._has_body:
            self._check_body(now)
        elif is_done and self._head_since is not None and now - self._head_since > self._limits.head_seconds:
            self._check_head()

    def _check_late(self, now: float) -> None:
        unsent_bytes = self.transport.get_write_buffer_size()
        if self._late_since is None or unsent_bytes < self._unsent_bytes:
            self._late_since = now
        self._unsent_bytes = unsent_bytes
        if now - self._late_since > self._limits.late_seconds:
            self.transport.abort()

    def _check_head(self) -> None:
        if self._overhead_bytes == 0:
            self.transport.close()
        else:
            seconds = self._limits.head_seconds
            self._refuse(RequestTooSlow(f"The headers of the request were not complete after {seconds:g} seconds."))

    def _check_body(self, now: float) -> None:
        limits, cycle = self._limits, self.cycle
        if self.flow.read_paused or cycle.body or cycle.waiting_for_100_continue:  # the client waits for us
            self._body_since, self._body_bytes = now, 0
        elif now - self._body_since >= limits.body_seconds:
            if self._body_bytes < limits.body_bytes_per_second * (now - self._body_since):
                self._end_slow_body()
            self._body_since, self._body_bytes = now, 0

    def _end_slow_body(self) -> None:
        if self.scope["method"] == "PATCH":
            self.transport.close()  # clients of tus resume after a cut, and give up at a status of 4xx
        else:
            rate = self._limits.body_bytes_per_second
            self._refuse(RequestTooSlow(f"The body arrived at less than {rate} bytes a second."))

    def _refuse(self, error: OpenhoursError) -> None:
        """Answer if nothing is answered yet, and read on for a while: to close at once would reset the answer."""
        self._is_refused = True
        self._unset_keepalive_if_required()
        cycle = self.cycle
        is_answering = cycle is not None and not cycle.response_complete
        if is_answering:
            cycle.disconnected = True
            cycle.message_event.set()
        if is_answering and cycle.response_started:
            self.transport.close()
            return
        self._rest = memoryview(b"")
        self._held().let_go()
        self.flow.resume_reading()
        self.transport.write(_written(error))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _too_large(self) -> HeadTooLarge:
        limit = self._limits.head_bytes
        return HeadTooLarge(f"Address and headers of the request have more than {limit} bytes, which is the limit.")


def _answer_of(error: OpenhoursError) -> Response:
    """The last answer of a connection; the application does not see the request, nor its envelope the answer."""
    answer = problem_of(error)
    request_id = (b"x-request-id", uuid4().hex.encode())
    answer.raw_headers.extend((*SECURITY_HEADERS, request_id, (b"connection", b"close")))
    return answer


def _written(error: OpenhoursError) -> bytes:
    answer = _answer_of(error)
    status = f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\n".encode()
    return status + b"".join(b"%b: %b\r\n" % pair for pair in answer.raw_headers) + b"\r\n" + bytes(answer.body)


async def _answer_full(scope: Scope, receive: Receive, send: Send) -> None:
    error = ReplicaUnavailable("This replica has reached its limit of open requests; try again soon.")
    await _answer_of(error)(scope, receive, send)
