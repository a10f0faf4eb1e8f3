"""A reverse proxy as nginx does it: readiness decides who gets requests, and only a refused connection is retried."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Event, Thread
from urllib.parse import urlsplit

from tests.chaos.asking import NoAnswer, ask

#: How often each replica is asked whether it is ready, seconds.
CHECK_SECONDS = 0.2

#: Longer than any answer takes, seconds.
UPSTREAM_SECONDS = 60

#: Headers of one connection, not of the request.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class ReverseProxy(ThreadingHTTPServer):
    """Listens on a free port of loopback; ``addresses`` gives the replicas that exist."""

    request_queue_size = 256
    daemon_threads = True

    def __init__(self, addresses: Callable[[], list[str]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self._all = addresses
        self._ready: list[str] = []
        self._turns = count()
        self._closing = Event()

    def upstreams(self) -> list[str]:
        """The ready replicas, in turns."""
        ready = self._ready
        turn = next(self._turns) % max(len(ready), 1)
        return ready[turn:] + ready[:turn]

    def check(self) -> None:
        """Keep asking who is ready, until closed."""
        with ThreadPoolExecutor(8) as pool:
            while not self._closing.wait(CHECK_SECONDS):
                addresses = self._all()
                ready = pool.map(_is_ready, addresses)
                found = [address for address, yes in zip(addresses, ready, strict=True) if yes]
                self._ready = found or self._ready  # all are busy: better to wait for one than to refuse

    def close(self) -> None:
        self._closing.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: ReverseProxy

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        for address in self.server.upstreams():
            url = urlsplit(address)
            upstream = HTTPConnection(str(url.hostname), url.port, timeout=UPSTREAM_SECONDS)
            try:
                upstream.connect()
            except OSError:
                continue
            try:
                return self._pass_on(upstream, body)
            except (OSError, HTTPException):
                return self.send_error(502, "The replica did not answer")
            finally:
                upstream.close()
        return self.send_error(502, "No replica is ready")

    do_POST = do_DELETE = do_GET  # noqa: N815 - the names that the base class looks for

    def _pass_on(self, upstream: HTTPConnection, body: bytes) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        upstream.request(self.command, self.path, body=body, headers=headers | {"Connection": "close"})
        response = upstream.getresponse()
        content = response.read()
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the method it replaces
        """Say nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True  # the client left


@contextmanager
def reverse_proxy(addresses: Callable[[], list[str]]) -> Iterator[ReverseProxy]:
    """A proxy in threads; returns when somebody is ready."""
    proxy = ReverseProxy(addresses)
    threads = [Thread(target=proxy.serve_forever, args=(0.05,)), Thread(target=proxy.check)]
    for thread in threads:
        thread.start()
    try:
        while not proxy.upstreams():
            Event().wait(CHECK_SECONDS)
        yield proxy
    finally:
        proxy.close()
        for thread in threads:
            thread.join()


def _is_ready(address: str) -> bool:
    try:
        return ask(f"{address}/readyz", timeout_seconds=1).status == 200
    except NoAnswer:
        return False
