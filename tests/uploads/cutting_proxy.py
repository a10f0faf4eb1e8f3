"""A TCP proxy in front of replicas that cuts connections at random, in the middle of what a client sends."""

import random
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from urllib.parse import urlsplit

from tests.chaos.fault_proxy import BLOCK_BYTES, _finish, _reset

#: Of so many cuts one is silent: the client is cut off, and the replica hears nothing more on a connection that stays
#: open.
SILENT_ONE_IN = 20


class CuttingProxy:
    """Listens on loopback; each connection goes to the next address that accepts it."""

    def __init__(self, addresses: Callable[[], list[str]], *, cuts: int, mean_bytes: int, seed: int) -> None:
        """``mean_bytes``: what a connection carries until it is cut, on the average; after ``cuts`` none is."""
        self._addresses = addresses
        self._left = cuts
        self._mean_bytes = mean_bytes
        self._dice = random.Random(seed)
        self._turn = 0
        self._lock = Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._silent: list[socket.socket] = []
        self._clients: set[socket.socket] = set()
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cuts = 0
        self.relayed_bytes = 0
        self.bytes_by_port: Counter[int] = Counter()
        self.last_port = 0
        self._thread = Thread(target=self._accept, name="cutting proxy")
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for connection in self._silent:
            connection.close()

    def break_off(self) -> None:
        """Cut off every client; the replicas do not notice."""
        with self._lock:
            for client in self._clients:
                _reset(client)
                client.close()  # or the client would wait for us to read on

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, self._kept(client):
            server = self._connected()
            if server is None:
                _reset(client)
                return
            back = Thread(target=self._pump_back, args=(server, client), daemon=True)
            back.start()
            if self._pump(client, server):
                back.join()
                server.close()

    @contextmanager
    def _kept(self, client: socket.socket) -> Iterator[None]:
        with self._lock:
            self._clients.add(client)
        try:
            yield
        finally:
            with self._lock:
                self._clients.discard(client)

    def _connected(self) -> socket.socket | None:
        addresses = self._addresses()
        with self._lock:
            self._turn += 1
            turn = self._turn % max(len(addresses), 1)
        for address in addresses[turn:] + addresses[:turn]:
            port = urlsplit(address).port or 0
            with suppress(OSError):
                server = socket.create_connection(("127.0.0.1", port), timeout=1)
                server.settimeout(None)
                self.last_port = port
                return server
        return None

    def _pump(self, client: socket.socket, server: socket.socket) -> bool:
        """Pass on to the end or to the cut; False for a cut that the server does not notice."""
        with self._lock:
            budget = int(self._dice.expovariate(1 / self._mean_bytes)) if self._left > 0 else None
        with suppress(OSError):
            while block := client.recv(BLOCK_BYTES):
                if budget is not None and len(block) > budget and (kind := self._cut()):
                    server.sendall(block[:budget])
                    _reset(client)
                    if kind == "silent":
                        self._silent.append(server)
                        return False
                    _reset(server)
                    return True
                server.sendall(block)
                self.relayed_bytes += len(block)
                self.bytes_by_port[server.getpeername()[1]] += len(block)
                budget = None if budget is None else max(budget - len(block), 0)
        _finish(client)
        _finish(server)
        return True

    def _cut(self) -> str:
        with self._lock:
            if self._left <= 0:
                return ""
            self._left -= 1
            self.cuts += 1
            return "silent" if self._dice.randrange(SILENT_ONE_IN) == 0 else "loud"

    @staticmethod
    def _pump_back(server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while block := server.recv(BLOCK_BYTES):
                client.sendall(block)
        _finish(client)


@contextmanager
def cutting_proxy(
    addresses: Callable[[], list[str]], *, cuts: int = 0, mean_bytes: int = 1 << 40, seed: int = 0
) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(addresses, cuts=cuts, mean_bytes=mean_bytes, seed=seed)
    try:
        yield proxy
    finally:
        proxy.close()
