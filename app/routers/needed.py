"""What each route of an application needs, by method and path, in the order in which the router matches them."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount, Route

from app.errors import SetupError
from app.routers.needs import Need, leaves, need_of


@dataclass(frozen=True, slots=True)
class Declared:
    """A route and what it needs; no methods: whatever is below a path, for any method."""

    path: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    need: Need


@dataclass(frozen=True, slots=True)
class Needed:
    """The routes of one application."""

    routes: Sequence[Declared]
    _fixed: dict[tuple[str, str], Declared] = field(default_factory=dict, init=False, repr=False, compare=False)

    def match(self, method: str, path: str) -> Declared | None:
        """The route that will answer, as Starlette chooses it: the first whose path and method match."""
        # Routes without parameters, most of all polls, are found at once when they are asked for again.
        if (known := self._fixed.get((method, path))) is not None:
            return known
        found = self._first(method, path)
        if found is not None and found.path == path and method in found.methods:
            self._fixed[method, path] = found
        return found

    def _first(self, method: str, path: str) -> Declared | None:
        for route in self.routes:
            if (not route.methods or method in route.methods) and route.pattern.match(path):
                return route
        return None


def needed_by(app: FastAPI, *, opened: Collection[str] = ()) -> Needed:
    """The needs of all routes, also of those that FastAPI adds and nests; paths of ``opened`` are open to all.

    Raises:
        SetupError: a route does not say what it needs, or is of a sort that the gate cannot match.
    """
    routes = [declared(route) for route in leaves(app.routes)]
    return Needed([replace(one, need=Need(is_open=True)) if one.path in opened else one for one in routes])


def declared(route: BaseRoute) -> Declared:
    """A route with its need."""
    endpoint = route.app if isinstance(route, Mount) else getattr(route, "endpoint", None)
    need = need_of(endpoint)
    if need is None or not isinstance(route, Route | Mount):
        path = getattr(route, "path", repr(route))
        raise SetupError(
            f"The route {path} does not declare the access that it needs: add @needs(Scope.…), @open_to_users or "
            f"@open_to_all of "
            "app/routers/needs.py to its function."
        )
    methods = frozenset() if isinstance(route, Mount) else frozenset(route.methods or ())
    return Declared(route.path, route.path_regex, methods, need)
