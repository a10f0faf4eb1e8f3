"""A connection to a receiver on which nothing takes longer than all of an attempt may."""

import socket
import ssl
from time import monotonic
from typing import Final

import httpcore2

#: What is read of a receiver at once, bytes: little, for most answers are a word.
_BLOCK_BYTES: Final = 4 << 10

#: What is read of a receiver in all, bytes: the head of its answer, and the beginning of the body.
MOST_READ_BYTES: Final = 64 << 10


class Deadline:
    """An instant so many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._at = monotonic() + seconds

    def left(self) -> float:
        """Seconds until then, more than 0.

        Raises:
            TimeoutError: it has passed.
        """
        if (seconds := self._at - monotonic()) <= 0:
            raise TimeoutError
        return seconds


class BoundedStream(httpcore2.NetworkStream):
    """A socket for httpcore, whose own timeouts begin anew with each byte and are not looked at.

    Args:
        connecting: until when TLS must be agreed on.
        whole: until when all must be over.
    """

    def __init__(self, connection: socket.socket, *, connecting: Deadline, whole: Deadline) -> None:
        self._socket = connection
        self._connecting = connecting
        self._whole = whole
        self._read_bytes = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - see the class
        if self._read_bytes >= MOST_READ_BYTES:
            raise httpcore2.RemoteProtocolError("too much")
        self._socket.settimeout(self._whole.left())
        block = self._socket.recv(min(max_bytes, _BLOCK_BYTES))
        self._read_bytes += len(block)
        return block

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - see the class
        rest = memoryview(buffer)
        try:
            while rest:
                self._socket.settimeout(self._whole.left())
                rest = rest[self._socket.send(rest) :]
        except OSError as error:  # httpcore reads on: the receiver may have answered before it had read all
            raise httpcore2.WriteError from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - see the class
    ) -> httpcore2.NetworkStream:
        try:
            self._socket.settimeout(self._connecting.left())
            secured = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except TimeoutError as error:
            self.close()
            raise httpcore2.ConnectTimeout from error
        except BaseException:
            self.close()
            raise
        return BoundedStream(secured, connecting=self._connecting, whole=self._whole)
