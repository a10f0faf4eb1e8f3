"""smtplib with a deadline, which holds however slowly a server speaks or listens."""

import smtplib
import socket
from time import monotonic
from typing import Any, Final

from app.sending.mail_server import Server

#: Longest that an address of the server may take to accept a connection, and TLS that begins with it, seconds.
CONNECT_SECONDS: Final = 5.0

#: Most that a server may say in one attempt, bytes. Replies may have any number of lines.
_MOST_SAID: Final = 256 * 1024

#: Written at once, bytes; a record of TLS has no more. Each write waits no longer than until the deadline.
_WRITTEN_AT_ONCE: Final = 16 * 1024


class Deadline:
    """An instant until which everything has to be done, however slowly it comes."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._at = monotonic() + seconds

    def left(self) -> float:
        """Seconds.

        Raises:
            TimeoutError: none.
        """
        left = self._at - monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Lines:
    """Lines that a server says. A timeout of a socket begins anew with each byte; this one does not."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection, self._deadline = connection, deadline
        self._unread, self._said = bytearray(), 0

    def readline(self, most: int) -> bytes:
        while (end := self._unread.find(b"\n", 0, most)) < 0 and len(self._unread) < most:
            self._connection.settimeout(self._deadline.left())
            more = self._connection.recv(4096)
            self._said += len(more)
            if self._said > _MOST_SAID:
                return b""  # for smtplib the end of what the server says
            if not more:
                break
            self._unread += more
        length = end + 1 if end >= 0 else most
        line = bytes(self._unread[:length])
        del self._unread[:length]
        return line

    def close(self) -> None:
        """Nothing is held but the connection, which its owner closes."""


class Client(smtplib.SMTP):
    """A connection on which nothing lasts longer than until a deadline."""

    def __init__(self, deadline: Deadline, server: Server, **options: Any) -> None:
        self._deadline = deadline
        super().__init__(server.host, server.port, timeout=min(CONNECT_SECONDS, deadline.left()), **options)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Lines(self.sock, self._deadline)
        return super().getreply()

    def send(self, s: Any) -> None:
        sent = s.encode(self.command_encoding) if isinstance(s, str) else s
        for at in range(0, len(sent), _WRITTEN_AT_ONCE):
            if self.sock is not None:
                self.sock.settimeout(self._deadline.left())
            super().send(sent[at : at + _WRITTEN_AT_ONCE])


class TlsClient(Client, smtplib.SMTP_SSL):
    """The same, with TLS from the first byte."""
