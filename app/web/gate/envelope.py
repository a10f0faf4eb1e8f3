"""Around every request and answer, refused and failed ones included: its id, its caller, security headers."""

from typing import Final
from uuid import uuid4

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.settings import Settings, listed
from app.telemetry.logs import bind
from app.web.gate.caller import KEY, Caller, TrustedProxies, ip_of
from app.web.gate.plain_cookies import with_plain_cookies

#: What a page may load and do: what comes from this service, and no inline script.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)

#: Of every answer, those included that the protocol gives before there is a request.
SECURITY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

_CSP: Final = (b"content-security-policy", CONTENT_SECURITY_POLICY.encode())

#: Browsers are to use https alone for a year.
_HSTS: Final = (b"strict-transport-security", b"max-age=31536000")

_NO_STORE: Final = (b"cache-control", b"no-store")


def install(app: FastAPI, settings: Settings) -> None:
    """Put it around everything, also around what answers for an error that nobody expected."""
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: Envelope(build(), settings)  # type: ignore[method-assign]


class Envelope:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._proxies = TrustedProxies(listed(settings.trusted_proxies))
        self._is_https = (settings.public_url or "").startswith("https:")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = self._addressed({**scope, "headers": with_plain_cookies(scope["headers"])}, uuid4().hex)
        request_id = scope[KEY].request_id
        bind(request_id=request_id)
        own = [*SECURITY_HEADERS, (b"x-request-id", request_id.encode())]
        if self._is_https or scope["scheme"] == "https":
            own.append(_HSTS)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *own, *_more(message["headers"])]
            await send(message)

        await self._app(scope, receive, answer)

    def _addressed(self, scope: Scope, request_id: str) -> Scope:
        """The request with its caller; client and scheme are those that trusted proxies tell."""
        client = scope.get("client")
        peer = ip_of(client[0]) if client else None
        if not (self._proxies and peer is not None and self._proxies.trusts(peer)):
            return {**scope, KEY: Caller(request_id, peer, peer, is_proxied=False)}
        headers = Headers(scope=scope)
        forwarded = [one for text in headers.getlist("x-forwarded-for") for one in text.split(",")]
        address = self._proxies.client(peer, forwarded)
        if address != peer:
            client = (address, 0)
        scheme = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        scheme = scheme if scheme in {"http", "https"} else scope["scheme"]
        caller = Caller(request_id, peer, address, is_proxied=True)
        return {**scope, KEY: caller, "client": client, "scheme": scheme}


def _more(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What a page has besides; and that nothing is kept of what says neither how long it may be nor its version."""
    named = {name.lower(): value for name, value in headers}
    is_page = named.get(b"content-type", b"").startswith(b"text/html")
    more = [_CSP] if is_page and b"content-security-policy" not in named else []
    may_be_kept = b"cache-control" in named or (b"etag" in named and not is_page)
    return more if may_be_kept else [*more, _NO_STORE]
