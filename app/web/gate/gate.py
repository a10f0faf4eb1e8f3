"""The gate itself: between the headers of a request and the first byte of its body."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import Headers
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.known import Known
from app.access.modes import Mode
from app.access.principal import ANONYMOUS, Principal, acting_as
from app.access.refusals import Refusals
from app.errors import AccessRefused, NotAllowed, OpenhoursError, SetupRequired
from app.routers.answers import problem_of
from app.routers.needed import Needed, needed_by
from app.routers.needs import Need, require
from app.routers.uploads import UNLIMITED
from app.settings import Settings, listed
from app.web.gate.caller import caller_of
from app.web.gate.credentials import require_single
from app.web.gate.cross_site import CrossSite, is_safe
from app.web.gate.identity import ByCredential, Identity, ThisMachine

#: What an address needs at which nothing is: a credential, so that nobody else learns what there is.
_UNKNOWN: Final = Need()


#: Makes the page of a refusal for a person in a browser, or nothing for a program.
PageOf = Callable[[Request, NotAllowed, Principal], Response | None]


def install(
    app: FastAPI, settings: Settings, *, mode: Mode, known: Known, refusals: Refusals, page_of: PageOf | None = None
) -> None:
    """Add it to an application that has all its routes.

    Raises:
        SetupError: a route does not say what it needs.
    """
    identity = ThisMachine() if mode is Mode.LOCAL else ByCredential(known, settings, mode=mode)
    app.add_middleware(
        Gate,
        needed=needed_by(app, opened={"/metrics"} if settings.metrics == "open" else ()),
        identity=identity,
        cross_site=CrossSite(public_url=settings.public_url, origins=listed(settings.cors_origins)),
        refusals=refusals,
        has_logins=mode is Mode.ON,
        page_of=page_of,
    )


class Gate:
    """ASGI middleware, the innermost: the method is the one that will be routed by."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        needed: Needed,
        identity: Identity,
        cross_site: CrossSite,
        refusals: Refusals,
        has_logins: bool,
        page_of: PageOf | None,
    ) -> None:
        self._app = app
        self._page_of = page_of
        self._has_logins = has_logins
        self._needed = needed
        self._identity = identity
        self._cross_site = cross_site
        self._refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, as who asks, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, caller = Headers(scope=scope), caller_of(scope)
        path = scope["path"].removeprefix(scope["root_path"])
        route = self._needed.match(scope["method"], path)
        need = _UNKNOWN if route is None else route.need
        changes = need.changes or not is_safe(scope["method"])
        who = replace(ANONYMOUS, address=caller.address, request_id=caller.request_id)
        try:
            require_single(headers)
            if not need.is_open:
                asker = await self._identity.of(scope, headers)
                who = replace(asker.principal, request_id=caller.request_id)
                require(need, who)
            if changes and (need.is_open or asker.is_ambient):
                may_be_listed = need.is_open or who.via == "local"
                self._cross_site.check(scope, headers, may_be_listed=may_be_listed)
        except OpenhoursError as error:
            if changes and isinstance(error, AccessRefused):
                self._refusals.note(who, method=scope["method"], path=path, code=error.code)
            # Without this a length that is announced, and too large, would be told instead.
            answer = self._login_for(error, scope, headers) or self._page_for(error, scope, who) or problem_of(error)
            await RequestBodyLimitMiddleware(answer, UNLIMITED)(scope, receive, send)
            return
        with acting_as(who):
            await self._app(scope, receive, send)

    def _page_for(self, error: OpenhoursError, scope: Scope, who: Principal) -> Response | None:
        if self._page_of is None or not isinstance(error, NotAllowed):
            return None
        return self._page_of(Request(scope), error, who)

    def _login_for(self, error: OpenhoursError, scope: Scope, headers: Headers) -> Response | None:
        """Where a person is led who opens a page in a browser without being logged in."""
        if not (self._has_logins and error.status == 401):
            return None
        if "hx-request" in headers:  # a piece of a page: the whole page is to go there
            return Response(status_code=401, headers={"HX-Redirect": f"{scope['root_path']}/login"})
        if scope["method"] != "GET" or headers.get("sec-fetch-mode") != "navigate":
            return None
        if isinstance(error, SetupRequired):
            return RedirectResponse("/setup", status_code=303)
        path, query = scope["path"].removeprefix(scope["root_path"]), scope["query_string"].decode("latin-1")
        wanted = f"{path}?{query}" if query else path
        return RedirectResponse(f"/login?next={quote(wanted, safe='/')}", status_code=303)
