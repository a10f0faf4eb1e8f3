"""A TCP proxy in front of a server that can hang, cut, refuse, or answer HTTP requests with an error itself."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread

BLOCK_BYTES = 1 << 16

#: Closes with a reset instead of an orderly end.
_RESET = struct.pack("ii", 1, 0)

#: How long an error's connection stays open for the client to read it, seconds.
_LINGER_SECONDS = 0.5


class FaultProxy:
    """Listens on ``port`` of loopback and passes everything on to ``target_port``, unless told otherwise."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._flowing = Event()
        self._flowing.set()
        self._cut_after: int | None = None
        self._status: int | None = None
        self._refuses = False
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self._thread = Thread(target=self._accept, name="fault proxy")
        self._thread.start()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Connections are accepted, nothing is passed on."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    @contextmanager
    def cutting(self, after_bytes: int) -> Iterator[None]:
        """Each connection is reset when so many bytes have gone either way."""
        self._cut_after = after_bytes
        self._reset_all()
        try:
            yield
        finally:
            self._cut_after = None

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Each connection is reset as soon as it is made."""
        self._refuses = True
        self._reset_all()
        try:
            yield
        finally:
            self._refuses = False

    @contextmanager
    def answering(self, status: int) -> Iterator[None]:
        """Every HTTP request is answered with this status, and not passed on."""
        self._status = status
        self._reset_all()
        try:
            yield
        finally:
            self._status = None
            self._reset_all()

    def close(self) -> None:
        self._flowing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self._reset_all()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with self._kept(client):
            if self._status is not None:
                self._answer(client, self._status)
            elif not self._refuses:
                self._relay(client)

    def _relay(self, client: socket.socket) -> None:
        address = ("127.0.0.1", self._target_port)
        with suppress(OSError), self._kept(socket.create_connection(address)) as server:
            counter = _Counter(self._cut_after)
            back = Thread(target=self._pump, args=(server, client, counter), daemon=True)
            back.start()
            self._pump(client, server, counter)
            back.join()

    def _pump(self, source: socket.socket, sink: socket.socket, counter: "_Counter") -> None:
        with suppress(OSError):
            while block := source.recv(BLOCK_BYTES):
                self._flowing.wait()
                sink.sendall(block[: counter.take(len(block))])
                if counter.is_used_up:
                    break
        for end in (source, sink):
            _reset(end) if counter.is_used_up else _finish(end)

    def _answer(self, client: socket.socket, status: int) -> None:
        body = b"<Error><Code>Injected</Code><Message>A fault of the tests.</Message></Error>"
        head = f"HTTP/1.1 {status} Injected\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n"
        with suppress(OSError):
            client.recv(BLOCK_BYTES)
            client.sendall(f"{head}Connection: close\r\n\r\n".encode() + body)
            client.settimeout(_LINGER_SECONDS)
            while client.recv(BLOCK_BYTES):
                pass  # to close with something unread would reset the connection before the answer was read

    @contextmanager
    def _kept(self, connection: socket.socket) -> Iterator[socket.socket]:
        with self._lock:
            self._open.add(connection)
        try:
            yield connection
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _reset_all(self) -> None:
        with self._lock:
            for connection in self._open:
                _reset(connection)


class _Counter:
    """How many bytes a connection may still carry."""

    def __init__(self, limit: int | None) -> None:
        self._left = limit
        self._lock = Lock()

    def take(self, size: int) -> int:
        with self._lock:
            if self._left is None:
                return size
            size = min(size, self._left)
            self._left -= size
            return size

    @property
    def is_used_up(self) -> bool:
        return self._left == 0


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.shutdown(socket.SHUT_RDWR)


def _finish(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def fault_proxy(target_port: int) -> Iterator[FaultProxy]:
    proxy = FaultProxy(target_port)
    try:
        yield proxy
    finally:
        proxy.close()
