"""No route is served that does not say what it needs."""

from collections.abc import Awaitable, Callable

import pytest
from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.staticfiles import StaticFiles

from app.access.scopes import Scope
from app.errors import SetupError
from app.routers.needed import needed_by
from app.routers.needs import Need, needs, open_to_all, open_to_users


def bare() -> FastAPI:
    return FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


async def silent() -> None: ...


def test_a_route_that_declares_nothing_keeps_the_application_from_starting() -> None:
    app = bare()
    app.add_api_route("/forgotten", silent)
    with pytest.raises(SetupError, match="/forgotten"):
        needed_by(app)


def test_it_is_found_in_a_router_of_a_router_too() -> None:
    app, outer, inner = bare(), APIRouter(), APIRouter()
    inner.add_api_route("/deep", silent)
    outer.include_router(inner)
    app.include_router(outer)
    with pytest.raises(SetupError, match="/deep"):
        needed_by(app)


@pytest.mark.parametrize("build", [FastAPI, FastAPIOffline])
def test_so_are_the_pages_that_frameworks_add(build: type[FastAPI]) -> None:
    with pytest.raises(SetupError, match="does not declare"):
        needed_by(build())


def test_so_are_files_and_sockets() -> None:
    app = bare()
    app.mount("/files", StaticFiles(directory="."))
    with pytest.raises(SetupError, match="/files"):
        needed_by(app)
    app = bare()
    app.add_api_websocket_route("/socket", open_to_all(silent))
    with pytest.raises(SetupError, match="/socket"):
        needed_by(app)


def test_a_router_with_a_prefix_elsewhere_is_refused_because_its_paths_would_be_wrong() -> None:
    app, router = bare(), APIRouter()
    router.add_api_route("/x", open_to_all(silent))
    app.include_router(router, prefix="/v1")
    with pytest.raises(SetupError, match="prefix"):
        needed_by(app)


def test_the_first_route_that_matches_counts_as_it_does_for_the_router() -> None:
    app, router = bare(), APIRouter(prefix="/things")

    @router.get("/known")
    @open_to_users
    async def known() -> None: ...

    @router.get("/{name:path}")
    @needs(Scope.DATA_READ)
    async def any_one(name: str) -> None: ...

    @router.put("/{name:path}")
    @needs(Scope.DATA_WRITE, changes=True)
    async def put(name: str) -> None: ...

    app.include_router(router)
    needed = needed_by(app)
    asked = [(method, path) for method in ("GET", "PUT") for path in ("known", "a/b")]
    found = {(method, path): needed.match(method, f"/things/{path}") for method, path in asked}
    scopes = {key: None if route is None else route.need.scope for key, route in found.items()}
    assert scopes == {
        ("GET", "known"): None,
        ("GET", "a/b"): Scope.DATA_READ,
        ("PUT", "known"): Scope.DATA_WRITE,
        ("PUT", "a/b"): Scope.DATA_WRITE,
    }
    assert needed.match("DELETE", "/things/known") is None
    assert needed.match("GET", "/other") is None


def test_the_first_route_that_matches_counts_also_before_one_without_parameters() -> None:
    app = bare()
    app.add_api_route("/things/{name}", needs(Scope.REPORTS_READ)(alone()), methods=["GET"])
    app.add_api_route("/things/all", open_to_all(alone()), methods=["GET", "POST"])
    app.add_api_route("/things/all", needs(Scope.USERS_ADMIN)(alone()), methods=["POST", "PUT"])
    needed = needed_by(app)
    found = {method: needed.match(method, "/things/all") for method in ("GET", "POST", "PUT", "DELETE")}
    needs_of = {method: None if route is None else route.need for method, route in found.items()}
    assert needs_of == {
        "GET": Need(scope=Scope.REPORTS_READ),
        "POST": Need(is_open=True),
        "PUT": Need(scope=Scope.USERS_ADMIN),
        "DELETE": None,
    }


def alone() -> Callable[[], Awaitable[None]]:
    """An endpoint of its own: what is declared stands on it."""

    async def endpoint() -> None: ...

    return endpoint
