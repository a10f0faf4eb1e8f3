"""Why a request got no answer, in words that say where to look."""

import errno
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Final

import httpx2

_UNREACHABLE: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})

#: What the system has answered, the innermost cause.
_OF_THE_SYSTEM: Final[Mapping[type[BaseException], str]] = {
    socket.gaierror: "there is no such host, or the name server does not answer",
    ssl.SSLCertVerificationError: "its certificate is not trusted",
    ssl.SSLError: "it shares no version of TLS with this machine; check that it uses https, and the port",
    ConnectionRefusedError: "the connection was refused: nothing listens there, or a firewall blocks it",
}

#: What the client has found, the first that fits.
_OF_THE_CLIENT: Final[Mapping[type[BaseException], str]] = {
    httpx2.ConnectTimeout: "the connection timed out",
    httpx2.TimeoutException: "it timed out",
    httpx2.ProxyError: "the proxy set in the environment refuses the connection",
    httpx2.ConnectError: "no connection came about",
    httpx2.NetworkError: "the connection ended before the response was complete",
    httpx2.RemoteProtocolError: "the connection ended before the response was complete",
    httpx2.DecodingError: "its answer is compressed and cannot be read",
    ValueError: "its answer is not JSON",
}


def words_of(error: Exception) -> str:
    """What has happened to a request, as the end of a sentence."""
    for one in _causes(error):
        if isinstance(one, OSError) and one.errno in _UNREACHABLE:
            return "it cannot be reached from this machine's network"
        for kind, words in _OF_THE_SYSTEM.items():
            if isinstance(one, kind):
                reason = getattr(one, "verify_message", "")
                return f"{words} ({reason})" if reason else words
    return next(
        (words for kind, words in _OF_THE_CLIENT.items() if isinstance(error, kind)), "its answer does not follow HTTP"
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what has caused it: one of them says what the system has answered."""
    following: BaseException | None = error
    seen: set[int] = set()
    while following is not None and id(following) not in seen:
        yield following
        seen.add(id(following))
        following = following.__cause__ or following.__context__
