"""The fake over HTTP, on a free port of loopback: tokens, limits, ETags, versions, faults, and what happens between."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic_core import to_json

from tests.github.answers import Answer, Request, refusal
from tests.github.faults import Faults, instead, spoil
from tests.github.limits import exhausted, headers, window
from tests.github.model import Token
from tests.github.routes import answer
from tests.github.world import World

#: Versions of the API that a request may name, and the one for those that name none.
VERSIONS = ("2022-11-28", "2026-03-10")
_ENTERPRISE_VERSIONS = ("2022-11-28",)
#: Where an Enterprise Server has its API; the fake answers with it and without.
_PREFIX = "/api/v3"
#: What a request takes of the world's time.
_SECONDS_PER_REQUEST = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that has come in: `charged` ones count against the limit."""

    address: str
    status: int
    charged: bool


@dataclass(slots=True)
class Github:
    """A running fake.

    `between` is called after each answer with the address that was asked: there a test lets the world change.
    `most_per_page` is what a page holds at most: few, so that a small world has many pages.
    """

    world: World
    address: str = ""
    faults: Faults = field(default_factory=Faults)
    between: Callable[[str], None] = lambda _: None
    most_per_page: int = 100
    asked: list[Asked] = field(default_factory=list)
    answers: list[tuple[Request, Answer]] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def addresses(self) -> list[str]:
        """What has been asked, in order, path and query."""
        return [one.address for one in self.asked]

    def charged(self) -> int:
        """How many requests have counted against a limit."""
        return sum(one.charged for one in self.asked)


def _token(world: World, authorization: str | None) -> Token | str | None:
    """The token of a request; None: it bears none; text: it bears one that nobody knows or that has expired."""
    if not authorization:
        return None
    value = authorization.partition(" ")[2]
    found = world.tokens.get(value)
    if found is None or found.revoked or (found.expires_at is not None and world.now >= found.expires_at):
        return value
    return found


def respond(github: Github, method: str, target: str, asked: dict[str, str]) -> tuple[Answer, bytes, str | None]:
    """Answer a request: the answer, its bytes, and the fault that the connection shall show."""
    world = github.world
    world.pass_seconds(_SECONDS_PER_REQUEST)
    split = urlsplit(target)
    path = split.path.removeprefix(_PREFIX)
    address = path + (f"?{split.query}" if split.query else "")
    prefix = _PREFIX if split.path.startswith(_PREFIX) else ""
    token = _token(world, asked.get("authorization"))
    known = token if isinstance(token, Token) else None
    request = Request(
        method=method,
        path=path,
        params=dict(parse_qsl(split.query, keep_blank_values=True)),
        address=f"http://{asked.get('host', '')}{prefix}",
        login=known.user.login if known else None,
        token=known.value if known else token,
        most_per_page=github.most_per_page,
    )
    refused = _refused(world, request, known, asked)
    fault = github.faults.next(address) if known and not refused else None
    spoilt = instead(fault, world, known) if fault and known else None
    made = refused or spoilt or answer(world, request)
    if fault and not spoilt:
        spoil(fault, made)
    if github.answers is not None and refused is None and fault is None:
        github.answers.append((request, made))
    body = made.body if isinstance(made.body, bytes) else to_json(made.body)
    if made.status == 200 and known and not isinstance(made.body, bytes):
        body = _with_etag(made, body, known, asked)
    free = made.status == 304 or path == "/rate_limit" or refused is not None
    if known:
        known.used += 0 if free else 1
        _tell(world, made, known, asked)
    made.headers.setdefault("content-type", "application/json; charset=utf-8")
    made.headers["date"] = format_datetime(world.now, usegmt=True)
    github.asked.append(Asked(address, made.status, charged=not free))
    github.between(address)
    return made, body, fault


def _refused(world: World, request: Request, known: Token | None, asked: dict[str, str]) -> Answer | None:
    """What stands in the way before a request is even looked at."""
    if "user-agent" not in asked:
        return refusal(403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent")
    allowed = _ENTERPRISE_VERSIONS if world.enterprise else VERSIONS
    version = asked.get("x-github-api-version", VERSIONS[0])
    if version not in allowed:
        return refusal(400, f'Invalid "X-GitHub-Api-Version" header: {version}. Use one of {", ".join(allowed)}.')
    if known is None and request.path.startswith("/app/"):
        return None
    if known is None:
        return refusal(401, "Requires authentication" if request.token is None else "Bad credentials")
    window(world, known)
    return None if request.path == "/rate_limit" else exhausted(known)


def _with_etag(made: Answer, body: bytes, token: Token, asked: dict[str, str]) -> bytes:
    """Give the answer an ETag, bound to its token; leave out a body that the caller has."""
    etag = f'W/"{hashlib.sha256(token.value.encode() + body).hexdigest()}"'
    made.headers["etag"] = etag
    if asked.get("if-none-match") == etag:
        made.status = 304
        return b""
    return body


def _tell(world: World, made: Answer, token: Token, asked: dict[str, str]) -> None:
    if not world.enterprise:
        made.headers.update(headers(token))
    if not token.installation:
        made.headers["x-oauth-scopes"] = ", ".join(token.scopes)
    if token.expires_at:
        made.headers["github-authentication-token-expiration"] = _day(token.expires_at)
    made.headers["x-github-api-version-selected"] = asked.get("x-github-api-version", VERSIONS[0])


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    github: Github

    def do_GET(self) -> None:
        asked = {name.lower(): text for name, text in self.headers.items()}
        self.rfile.read(int(asked.get("content-length", 0)))
        with self.github.lock:
            made, body, fault = respond(self.github, self.command, self.path, asked)
        length = len(body)
        if fault == "broken json":
            body, length = body[: length // 2], length // 2
        self.send_response_only(made.status)
        for name, text in made.headers.items():
            self.send_header(name, text)
        if made.status != 304:
            self.send_header("content-length", str(length))
        self.end_headers()
        if fault == "cut":
            body = body[: length // 2]
            self.close_connection = True
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that goes away in the middle of an answer is part of the tests."""


@contextmanager
def serve(world: World, *, keep_answers: bool = False) -> Iterator[Github]:
    """Run the fake on a free port of loopback until the block ends.

    Args:
        world: what it shows.
        keep_answers: whether to keep every right answer in `answers`, for a check against schemas.
    """
    github = Github(world, answers=[] if keep_answers else None)
    handler = type("Handler", (_Handler,), {"github": github})
    with _Server(("127.0.0.1", 0), handler) as server:
        github.address = f"http://127.0.0.1:{server.server_address[1]}"
        running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        running.start()
        try:
            yield github
        finally:
            with suppress(OSError):
                server.shutdown()
            running.join()
