"""One attempt to post a webhook: to an address that was vetted, in a time that is bounded, and nowhere else.

There is a new connection for each attempt: a pool would keep connections to addresses that were vetted long ago. No
proxy of the environment is used, no redirect is followed, no cookie is kept.
"""

import socket
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from functools import cache
from threading import Thread
from typing import Final

import httpcore2

from app import __version__
from app.sending.answers import outcome_of
from app.sending.failures import words_of
from app.sending.guard import Guard, Receiver, Refused, Resolver
from app.sending.outcome import Outcome, Verdict
from app.sending.stream import BoundedStream, Deadline

#: For the name server, the connection and TLS together, seconds.
CONNECT_SECONDS: Final = 5.0

#: For all of an attempt, seconds.
WHOLE_SECONDS: Final = 15.0

#: Connects to an address, given as a text, and a port, within so many seconds.
Connect = Callable[[str, int, float], socket.socket]


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, by the resolver of the system."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def dial(address: str, port: int, seconds: float) -> socket.socket:
    """A connection to an address."""
    return socket.create_connection((address, port), seconds)


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    guard: Guard,
    resolver: Resolver = resolve,
    connect: Connect = dial,
    tls: ssl.SSLContext | None = None,
) -> Outcome:
    """Make one attempt; threads may do so at the same time.

    Once the head of an answer is there, its status counts, however the rest of the answer ends.

    Args:
        body: JSON.
        headers: ASCII, beside those of every request.
        tls: which certificates are trusted; those that the system trusts, unless told otherwise.
    """
    whole = Deadline(WHOLE_SECONDS)
    try:
        receiver = guard.check_url(url)
    except Refused as refused:
        return Outcome(verdict=Verdict.REFUSED, error=str(refused))
    backend = _Backend(receiver, guard=guard, resolver=resolver, connect=connect, whole=whole)
    scheme, default = (b"https", tls or _trusted()) if receiver.is_tls else (b"http", None)
    address = httpcore2.URL(scheme=scheme, host=receiver.host, port=receiver.port, target=receiver.target)
    try:
        with (
            httpcore2.HTTPConnection(address.origin, ssl_context=default, network_backend=backend) as connection,
            connection.stream("POST", address, headers=_headers(receiver, headers), content=body) as response,
        ):
            return outcome_of(response)
    except Refused as refused:
        return Outcome(verdict=Verdict.REFUSED, error=str(refused))
    except (OSError, httpcore2.ConnectTimeout, httpcore2.NetworkError, httpcore2.RemoteProtocolError) as error:
        words = words_of(error, connected=backend.is_connected, seconds=WHOLE_SECONDS)
        return Outcome(verdict=Verdict.FAILED, error=f"{receiver.host}: {words}.")


class _Backend(httpcore2.NetworkBackend):
    """Dials what the guard has vetted, whatever it is asked for; the name stays in ``Host`` and in TLS."""

    def __init__(
        self, receiver: Receiver, *, guard: Guard, resolver: Resolver, connect: Connect, whole: Deadline
    ) -> None:
        self._receiver = receiver
        self._guard = guard
        self._resolver = resolver
        self._connect = connect
        self._whole = whole
        self.is_connected = False

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - that of the receiver
        port: int,  # noqa: ARG002 - as above
        timeout: float | None = None,  # noqa: ARG002 - there is a deadline
        local_address: str | None = None,  # noqa: ARG002 - none is given
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002 - as above
    ) -> httpcore2.NetworkStream:
        connecting, receiver = Deadline(min(CONNECT_SECONDS, self._whole.left())), self._receiver
        addresses = self._guard.vet(
            receiver.host, receiver.port, _in_time(self._resolver, connecting), is_tls=receiver.is_tls
        )
        connection = self._first(list(map(str, addresses)), connecting)
        self.is_connected = True
        return BoundedStream(connection, connecting=connecting, whole=self._whole)

    def _first(self, addresses: Sequence[str], connecting: Deadline) -> socket.socket:
        """A connection to the first of them that answers; each has its share of the time."""
        for number, address in enumerate(addresses):
            remaining = len(addresses) - number
            try:
                return self._connect(address, self._receiver.port, connecting.left() / remaining)
            except OSError:
                if remaining == 1:
                    raise
        raise AssertionError("no address was vetted")


def _in_time(resolver: Resolver, deadline: Deadline) -> Resolver:
    """The same, until a deadline: the resolver of the system has none, so a thread that may be left behind asks it."""

    def resolved(host: str, port: int) -> Sequence[str]:
        answer: Future[Sequence[str]] = Future()

        def ask() -> None:
            try:
                answer.set_result(resolver(host, port))
            except OSError as error:
                answer.set_exception(error)

        Thread(target=ask, name="resolving", daemon=True).start()
        return answer.result(deadline.left())

    return resolved


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that the system trusts, or those that SSL_CERT_FILE names; read once, they are many."""
    return httpcore2.default_ssl_context()


def _headers(receiver: Receiver, headers: Mapping[str, str]) -> list[tuple[bytes | str, bytes | str]]:
    return [
        ("Host", receiver.authority),
        ("User-Agent", f"Openhours-Webhooks/{__version__}"),
        ("Content-Type", "application/json"),
        ("Accept", "*/*"),
        ("Connection", "close"),
        *headers.items(),
    ]
