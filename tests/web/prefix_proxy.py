"""A reverse proxy that serves the API below a path, which it strips or passes on: one request for each connection."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

BLOCK_BYTES = 65536


class PrefixProxy:
    """Listens on loopback; ``address`` ends with the path."""

    def __init__(self, address: str, path: str, *, strips: bool, headers: dict[str, str]) -> None:
        host, port = address.removeprefix("http://").split(":")
        self._upstream = (host, int(port))
        self._path, self._strips = path.encode(), strips
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}{path}"
        self.paths: list[str] = []
        self._thread = Thread(target=self._accept)
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection(self._upstream) as upstream:
            head, rest = b"", b""
            while b"\r\n\r\n" not in head:
                block = client.recv(BLOCK_BYTES)
                if not block:
                    return
                head += block
            head, _, rest = head.partition(b"\r\n\r\n")
            upstream.sendall(self._passed_on(head) + rest)
            Thread(target=_pump, args=(client, upstream), daemon=True).start()
            _pump(upstream, client)

    def _passed_on(self, head: bytes) -> bytes:
        line, *headers = head.split(b"\r\n")
        method, path, version = line.split(b" ")
        self.paths.append(path.decode())
        if not path.startswith(self._path):
            path = b"/outside"  # the proxy knows nothing of it, and neither does the API
        elif self._strips:
            path = path.removeprefix(self._path) or b"/"
        kept = [one for one in headers if not one.lower().startswith(b"connection:")]
        return b"\r\n".join([b" ".join([method, path, version]), *kept]) + b"\r\n" + self._own_headers()

    def _own_headers(self) -> bytes:
        return self._headers + b"Connection: close\r\n\r\n"


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while block := source.recv(BLOCK_BYTES):
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def prefix_proxy(address: str, path: str, *, strips: bool, **headers: str) -> Iterator[PrefixProxy]:
    """In threads; ``headers`` are added to each request, with _ for -."""
    proxy = PrefixProxy(
        address, path, strips=strips, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    try:
        yield proxy
    finally:
        proxy.close()
