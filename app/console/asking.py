"""Asks routes of the API within this process, for the person who has opened a page, and with their rights."""

import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import anyio
from fastapi import FastAPI, Request
from starlette.types import Message, Receive, Scope, Send

from app.access.principal import actor
from app.errors import OpenhoursError
from app.routers.key_route import SLASH
from app.routers.needed import Needed
from app.routers.needs import require

#: Headers of the page's request that are about its own body, its own answer or its own conditions.
_OWN: Final = frozenset(
    {
        *(b"accept", b"accept-encoding", b"content-length", b"content-type", b"content-encoding", b"transfer-encoding"),
        *(b"if-match", b"if-none-match", b"if-modified-since", b"if-range", b"range", b"x-http-method-override"),
    }
)

#: A query. None and "" are left out; a list has each of its values, also an empty one.
Query = Mapping[str, Any]


class Refused(Exception):
    """A route answered with a problem document.

    Attributes:
        problem: the document, RFC 9457: ``code``, ``title``, ``detail`` and perhaps ``errors``.
        status: of the answer.
        headers: of the answer, names in small letters.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        super().__init__(problem.get("detail", problem.get("title", "")))
        self.status, self.problem, self.headers = status, problem, headers

    @property
    def errors(self) -> dict[str, str]:
        """What is said of single parameters, by their names."""
        found: dict[str, str] = {}
        for one in self.problem.get("errors") or ():
            name, reason, allowed = one.get("parameter", ""), one.get("reason", ""), one.get("allowed")
            more = f" Allowed: {_listed(allowed)}." if allowed and _listed(allowed) not in reason else ""
            received = json.dumps(one["received"], ensure_ascii=False) + " " if "received" in one else ""
            found.setdefault(name, f"{received}{reason}.{more}")
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answered.

    Attributes:
        status: below 400.
        headers: names in small letters.
        body: bytes.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON; None if there is none."""
        return json.loads(self.body) if self.body else None


class Api:
    """The API as whoever sent a request may use it.

    The gate has let the request of the page in; what each route needs is asked here once more, so a page gives nobody
    more than the API does.
    """

    def __init__(self, request: Request, needed: Needed) -> None:
        self._request, self._needed = request, needed

    async def get(self, path: str, **query: Any) -> Any:
        """The document of a GET.

        Raises:
            Refused: the route refuses.
        """
        return (await self.ask("GET", path, query=query)).document

    async def send(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The document that answers a JSON body, or none.

        Raises:
            Refused: the route refuses.
        """
        return (await self.ask(method, path, query=query, body=body)).document

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The whole answer, in memory. ``body`` is sent as it is if it is bytes, as JSON otherwise.

        Raises:
            Refused: the route refuses.
        """
        given = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            given["content-type"] = "application/json"
        content = b"" if body is None else body
        if content or method not in {"GET", "HEAD", "DELETE"}:
            given["content-length"] = str(len(content))
        messages: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

        async def receive() -> Message:
            if not messages:  # a route that sends a file listens whether its caller has gone
                await anyio.sleep_forever()
            return messages.pop()

        return await self._asked(method, path, query, given, receive)

    async def pass_on(
        self, method: str, path: str, blocks: AsyncIterator[bytes | bytearray], *, query: Query | None = None
    ) -> Answer:
        """Have a route read a body as it comes in, such as a file of a form.

        Raises:
            Refused: the route refuses.
        """

        async def receive() -> Message:
            async for block in blocks:
                return {"type": "http.request", "body": bytes(block), "more_body": True}
            return {"type": "http.request", "body": b"", "more_body": False}

        return await self._asked(method, path, query, {"content-type": "application/octet-stream"}, receive)

    async def answer(self, path: str, send: Send, *, without: Collection[str]) -> None:
        """Have a route answer the page's own request: its query and its conditions count, and its answer is sent.

        Parameters of the query that the page alone has are left out: those of ``without``.
        """
        pairs = [pair for pair in self._request.query_params.multi_items() if pair[0] not in without]
        scope = self._scope("GET", path, urlencode(pairs).encode(), self._request.scope["headers"])
        await self._app.router(scope, self._request.receive, send)

    @property
    def _app(self) -> FastAPI:
        app: FastAPI = self._request.scope["app"]
        return app

    async def _asked(
        self, method: str, path: str, query: Query | None, headers: Mapping[str, str], receive: Receive
    ) -> Answer:
        own = [pair for pair in self._request.scope["headers"] if pair[0] not in _OWN]
        raw = [*own, *((name.encode(), value.encode("latin-1")) for name, value in headers.items())]
        text = urlencode(list(_pairs(query or {})))
        status, found, blocks = 500, {}, []

        async def send(message: Message) -> None:
            nonlocal status, found
            if message["type"] == "http.response.start":
                status = message["status"]
                found = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
            elif message["type"] == "http.response.body":
                blocks.append(message.get("body", b""))

        scope = self._scope(method, path, text.encode(), raw)
        if receive is not self._request.receive:
            # The limit of the page's own body is not that of this one.
            scope = {name: scope[name] for name in scope if "body_limit" not in name and "max_body" not in name}
        await self._app.router(scope, receive, send)
        body = b"".join(blocks)
        if status >= 400:
            raise Refused(status, _problem(status, body), found)
        return Answer(status, found, body)

    def _scope(self, method: str, path: str, query: bytes, headers: Sequence[tuple[bytes, bytes]]) -> Scope:
        """A request like that of the page, for another route.

        Raises:
            NotAllowed: whoever asks may not use it.
            Refused: there is no such route.
        """
        parts = path.split(SLASH)
        path = "/".join(parts)
        route = self._needed.match(method, path)
        if route is None:
            # A name that somebody has typed may have a slash where the API takes none.
            detail = f"The API has no address {path[:200]!r} that takes {method}"
            raise Refused(404, {"code": "not_found", "title": "Not found", "detail": detail}, {})
        require(route.need, actor())
        root = self._request.scope["root_path"]
        raw = "%2F".join(quote(part, safe="/:@!$&'()*+,;=-._~") for part in [root + parts[0], *parts[1:]])
        kept = {
            name: value
            for name, value in self._request.scope.items()
            if name not in {"route", "endpoint", "path_params", "router"}
        }
        return {
            **kept,
            "method": method,
            "path": root + path,
            "raw_path": raw.encode(),
            "query_string": query,
            "headers": list(headers),
        }


def path_of(*parts: str) -> str:
    """A path of such parts, each of which may have any characters: ``path_of("entities", "store", "a/b")``.

    It is for routes of the API alone: a slash within a part is told from those between them.
    """
    return "/" + "/".join(map(_part, parts))


def filled(address: str, parts: Mapping[str, str]) -> str:
    """A path of such an address, whose names in braces are parts: ``/entities/{kind}/{key}``."""
    return address.format_map({name: _part(value) for name, value in parts.items()})


def refused(error: OpenhoursError) -> Refused:
    """A refusal as a route would have sent it."""
    problem = {"code": error.code, "title": error.title, "detail": error.message, **dict(error.details)}
    return Refused(error.status, problem, {})


def wrong(parameter: str, reason: str) -> Refused:
    """A refusal of a field that a page itself cannot read; worded like those of the API."""
    return wrong_fields({parameter: reason})


def wrong_fields(reasons: Mapping[str, str]) -> Refused:
    """The same of several fields, by their names."""
    errors = [{"parameter": parameter, "reason": reason} for parameter, reason in reasons.items()]
    detail = "; ".join(reasons.values())
    problem = {"code": "invalid_parameters", "title": "Parameters not accepted", "detail": detail, "errors": errors}
    return Refused(422, problem, {})


def at_fields(refusal: Refused, field_of: Callable[[str], str]) -> Refused:
    """A refusal whose parameters are called as the fields of a form are; ``field_of`` tells the field of each."""
    errors = [
        {**one, "parameter": field_of(str(one.get("parameter", "")))} for one in refusal.problem.get("errors") or ()
    ]
    return Refused(refusal.status, {**refusal.problem, "errors": errors}, refusal.headers)


def _part(text: str) -> str:
    return text.replace("/", SLASH)


def _pairs(query: Query) -> list[tuple[str, str]]:
    pairs = []
    for name, value in query.items():
        if isinstance(value, list | tuple):
            pairs += [(name, _text(one)) for one in value]
        elif value is not None and value != "":
            pairs.append((name, _text(value)))
    return pairs


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _problem(status: int, body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    return {"code": "http_error", "title": "Request not accepted", "detail": f"The answer was {status}."}


def _listed(allowed: Any) -> str:
    return ", ".join(map(str, allowed)) if isinstance(allowed, list) else str(allowed)
