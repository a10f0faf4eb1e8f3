"""Declares pages and what they do: their address, what they need, the API's address of the same, their queries."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from fastapi import Request, Response
from starlette.routing import Route
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from app.access.principal import actor
from app.access.scopes import Scope
from app.console.asking import Refused, filled, refused
from app.console.view import View
from app.errors import NotAllowed
from app.routers.needed import Needed
from app.routers.needs import needs, open_to_all, open_to_users
from app.routers.uploads import UNLIMITED

Handler = Callable[[View], Awaitable[Response]]

#: Below which path pages are.
ROOT: Final = "/console"


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was declared.

    Attributes:
        path: of the route.
        need: the scope; None: whoever has come in.
        api: address of the API's document of the same, with the same names in braces; None if there is none.
        own: parameters of the query that the page has and the API has not.
        queries: that the page makes in Postgres, at most.
        handler: answers it.
    """

    path: str
    need: Scope | None
    api: str | None
    own: Sequence[str]
    queries: int
    handler: Handler


@dataclass(frozen=True, slots=True)
class Action:
    """What a form of a page does.

    Attributes:
        path: of the route.
        need: the scope; None: whoever has come in.
        takes_files: whether its body may be as long as a file; whoever reads it then has limits of their own.
        is_open: whether it is also for who has not come in.
        handler: does it.
    """

    path: str
    need: Scope | None
    takes_files: bool
    is_open: bool
    handler: Handler


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages and actions of one file."""

    pages: list[Page] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)

    def page(
        self, path: str, need: Scope | None, *, queries: int, api: str | None = None, own: Sequence[str] = ()
    ) -> Callable[[Handler], Handler]:
        """Declare a page. ``path`` is relative to ``/console``."""

        def declare(handler: Handler) -> Handler:
            self.pages.append(Page(ROOT + path, need, api, own, queries, handler))
            return handler

        return declare

    def action(
        self, path: str, need: Scope | None, *, takes_files: bool = False, is_open: bool = False
    ) -> Callable[[Handler], Handler]:
        """Declare what a form does that is posted there; a page may have the same path."""

        def declare(handler: Handler) -> Handler:
            self.actions.append(Action(ROOT + path, need, takes_files, is_open, handler))
            return handler

        return declare

    def routes(self, needed: Callable[[], Needed]) -> list[Route]:
        """Routes of Starlette for them; ``needed`` is what routes of the API need."""
        made = [_route(page, "GET", _Answered(page.handler, needed, page.api, page.own)) for page in self.pages]
        return made + [_route(action, "POST", _Answered(action.handler, needed)) for action in self.actions]


class _Answered:
    """Calls a handler, and makes pages of refusals."""

    def __init__(
        self, handler: Handler, needed: Callable[[], Needed], api: str | None = None, own: Sequence[str] = ()
    ) -> None:
        self._handler, self._needed, self._api, self._own = handler, needed, api, own

    async def __call__(self, request: Request) -> Response:
        view = View(request, actor(), self._needed())
        if self._api is not None and _prefers_json(request.headers.get("accept", "")):
            return _Same(view, filled(self._api, request.path_params), self._own)
        try:
            return await self._handler(view)
        except Refused as refusal:
            return view.refused(refusal)
        except NotAllowed as error:
            return view.refused(refused(error))
        finally:
            await request.close()  # the files of its form


class _Same(Response):
    """What the API answers at its own address of the same."""

    def __init__(self, view: View, path: str, own: Sequence[str]) -> None:
        super().__init__()
        self._view, self._path, self._own = view, path, own

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - Starlette's
        await self._view.api.answer(self._path, send, without=("said", *self._own))


def _route(declared: Page | Action, method: str, answered: _Answered) -> Route:
    async def endpoint(request: Request) -> Response:
        return await answered(request)

    declare = open_to_users if declared.need is None else needs(declared.need)
    if isinstance(declared, Action) and declared.is_open:
        declare = open_to_all
    limit = UNLIMITED if isinstance(declared, Action) and declared.takes_files else None
    name = f"{method} {declared.path}"
    return Route(declared.path, declare(endpoint), methods=[method], name=name, max_body_size=limit)


def _prefers_json(accept: str) -> bool:
    """Whether a client asks for JSON rather than for a page; browsers name text/html first."""
    names = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    if "application/json" not in names:
        return False
    return "text/html" not in names or names.index("application/json") < names.index("text/html")
