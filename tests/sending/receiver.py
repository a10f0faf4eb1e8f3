"""A receiver of webhooks on loopback that answers what a test has it answer, and what stands in for the network."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from ipaddress import ip_address, ip_network

from app.sending.dialling import dial

#: The registries of special addresses of IANA, and multicast: nobody receives webhooks there.
#: https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry
SPECIAL = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
            *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
            *("::/3", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "4000::/2", "8000::/1"),
        ),
    )
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Running:
    port: int
    requests: list[Request] = field(default_factory=list)
    server_names: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)


#: Writes an answer, byte by byte; it is told when the test is over.
Answer = Callable[[BufferedIOBase, threading.Event], None]


@contextmanager
def receiver(
    answer: bytes | Answer = OK, *, tls: ssl.SSLContext | None = None, reads_body: bool = True
) -> Iterator[Running]:
    """A server on a free port, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if reads_body:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                running.requests.append(Request(self.path, dict(self.headers), body))
            self.close_connection = True
            with suppress(OSError):  # whoever asked has gone
                if isinstance(answer, bytes):
                    self.wfile.write(answer)
                else:
                    answer(self.wfile, running.is_over)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        running = Running(server.server_port)
        if tls is not None:
            tls.sni_callback = lambda _connection, name, _context: running.server_names.append(name)
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield running
        finally:
            running.is_over.set()
            server.shutdown()
            thread.join()


def is_public(address: str) -> bool:
    """Whether an address is none of the registries, by a table of the tests' own."""
    return not any(ip_address(address) in network for network in SPECIAL)


@dataclass
class Network:
    """Stands in for name servers and for the way to public addresses.

    Attributes:
        names: the addresses of each name; of several lists, each is given once, in order.
        port: where a receiver is on loopback, to which every public address leads; none is there by default.
    """

    names: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    port: int | None = None
    resolved: list[str] = field(default_factory=list)
    dialled: list[str] = field(default_factory=list)

    def resolve(self, host: str, _port: int) -> Sequence[str]:
        """As the resolver of a system does, which takes every spelling of an address that inet_aton takes."""
        self.resolved.append(host)
        with suppress(OSError):
            return [socket.inet_ntoa(socket.inet_aton(host))]
        if not self.names.get(host):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        answers = self.names[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def connect(self, address: str, _port: int, seconds: float) -> socket.socket:
        """Fails the test if the address is not public."""
        assert is_public(address), f"{address} was dialled"
        self.dialled.append(address)
        if self.port is None:
            raise ConnectionRefusedError
        return dial("127.0.0.1", self.port, seconds)
