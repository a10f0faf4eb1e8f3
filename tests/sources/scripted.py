"""An API on loopback that gives the answers of a script, one after the other, and keeps what it was asked."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Scripted:
    """One answer. ``cut``: so many bytes of the body are not sent, although they were announced."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    date: float | None = None
    raw: bytes | None = None
    cut: int = 0


@dataclass
class Asked:
    """A request that came."""

    target: str
    headers: Mapping[str, str]


class ScriptedApi:
    """Where it is, and what came; the last answer of the script is given for ever."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.script: list[Scripted] = []
        self.asked: list[Asked] = []

    def answers(self, *script: Scripted) -> None:
        self.script = list(script)


@contextmanager
def scripted_api() -> Iterator[ScriptedApi]:
    """The API, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            api.asked.append(Asked(self.path, dict(self.headers.items())))
            answer = api.script.pop(0) if len(api.script) > 1 else api.script[0]
            content = answer.raw if answer.raw is not None else _content(answer)
            self.send_response_only(answer.status)
            self.send_header("Date", formatdate(answer.date, usegmt=True))
            for name, value in answer.headers.items():
                self.send_header(name, value.replace("BASE", api.base_url))
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(content[: len(content) - answer.cut])

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api = ScriptedApi(f"http://127.0.0.1:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _content(answer: Scripted) -> bytes:
    return b"" if answer.status in {204, 304} else json.dumps(answer.body).encode()


def page_links(**numbers: int) -> dict[str, str]:
    """A Link header as GitHub writes it."""
    links = [f'<BASE/repositories/7/pulls?state=all&page={page}>; rel="{rel}"' for rel, page in numbers.items()]
    return {"Link": ", ".join(links)}


def targets(asked: Sequence[Asked]) -> list[str]:
    """Paths with their queries."""
    return [one.target for one in asked]
