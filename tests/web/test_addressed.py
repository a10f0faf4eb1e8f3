"""Below a path of a proxy, and with slashes at the end: every address that the service tells leads back to it."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest
from starlette.types import Message

from app.storage.resources import Resources
from app.web import application
from app.web.addressed import Addressed
from app.web.server import serving
from tests.access.services import PASSWORD, accounts_of
from tests.uploads.catalogue import Catalogue
from tests.uploads.clients import METADATA, tus_js, tuspy
from tests.uploads.conftest import client_of
from tests.uploads.test_protocol import BYTES, encoded
from tests.web.prefix_proxy import prefix_proxy

CONTENT = b"store_id,status,timestamp_utc\n" + b"1,active,2024-01-01 00:00:00.000000 UTC\n" * 100


def with_settings(resources: Resources, **settings: Any) -> Resources:
    return replace(resources, settings=resources.settings.model_copy(update=settings))


@pytest.fixture(params=[True, False], ids=["stripped", "passed on"])
def below(
    request: pytest.FixtureRequest, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Catalogue]]:
    """The address of the service below a path, and what it was told to keep."""
    catalogue = Catalogue(resources)
    monkeypatch.setattr(application, "upload_hooks", lambda _: catalogue.hooks)
    with (
        serving(with_settings(resources, root_path="/a/openhours"), slots=0) as address,
        prefix_proxy(address, "/a/openhours", strips=request.param) as proxy,
    ):
        yield proxy.address, catalogue


@pytest.mark.parametrize("client", [tuspy, tus_js])
def test_both_clients_send_files_below_a_path(below: tuple[str, Catalogue], client: Any, tmp_path: Path) -> None:
    address, catalogue = below
    (tmp_path / "polls.csv").write_bytes(CONTENT)
    client(address, tmp_path / "polls.csv")
    (accepted,) = catalogue.accepted
    assert catalogue.stored(accepted) == CONTENT
    assert accepted.upload.filename == METADATA["filename"]


def test_every_location_and_page_keeps_the_path(below: tuple[str, Catalogue]) -> None:
    address, _ = below
    with client_of(address) as http:
        sent = http.post(f"{address}/datasets", params={"kind": "polls"}, content=CONTENT)
        assert re.fullmatch(r"/a/openhours/datasets/[0-9a-f]{32}", sent.headers["location"])
        assert http.get(urljoin(address, sent.headers["location"])).json()["filename"] is None
        headers = {"Upload-Length": "3", "Upload-Metadata": encoded(kind="polls")}
        begun = http.post(f"{address}/uploads", headers=headers).headers["location"]
        assert begun.startswith("/a/openhours/uploads/")
        assert http.head(urljoin(address, begun)).headers["tus-resumable"] == "1.0.0"
        for page in (address, f"{address}/"):
            assert http.get(page).headers["location"] == "/a/openhours/console"
        docs = http.get(f"{address}/docs").text
        files = re.findall(r"[\"'](/a/openhours/[^\"']+)[\"']", docs)
        assert "/a/openhours/openapi.json" in files
        assert [http.get(urljoin(address, file)).status_code for file in files] == [200] * len(files)
        assert http.get(f"{address}/openapi.json").json()["servers"] == [{"url": "/a/openhours"}]


@pytest.mark.parametrize("strips", [True, False], ids=["stripped", "passed on"])
def test_logins_and_logouts_lead_on_below_the_path(resources: Resources, *, strips: bool) -> None:
    accounts_of(resources).person("ada")
    settings = with_settings(resources, root_path="/a/openhours", auth="on")
    with (
        serving(settings, slots=0) as address,
        prefix_proxy(address, "/a/openhours", strips=strips) as proxy,
        client_of(proxy.address) as http,
    ):
        opened = http.get("/reports?limit=5", headers={"Sec-Fetch-Mode": "navigate"})
        assert opened.headers["location"] == "/a/openhours/login?next=/reports%3Flimit%3D5"
        form = {"name": "ada", "password": PASSWORD, "next": "/reports?limit=5"}
        begun = http.post("/login", data=form)
        assert (begun.status_code, begun.headers["location"]) == (303, "/a/openhours/reports?limit=5")
        assert http.get(urljoin(proxy.address, begun.headers["location"])).json()["reports"] == []
        ended = http.post("/logout", data={"any": "field"})
        assert (ended.status_code, ended.headers["location"]) == (303, "/a/openhours/login")


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/uploads", "/uploads/0", "/datasets", "/reports", "/get_report", "/livez"])
def test_a_slash_at_the_end_changes_no_answer(refused: httpx2.Client, method: str, path: str) -> None:
    without, with_one = (refused.request(method, path + slash) for slash in ("", "/"))
    assert (with_one.status_code, with_one.headers.get("allow")) == (without.status_code, without.headers.get("allow"))
    assert with_one.headers.get("tus-resumable") == without.headers.get("tus-resumable")
    assert with_one.status_code < 300 or with_one.status_code >= 400


def test_an_upload_begins_at_the_address_with_a_slash(http: httpx2.Client) -> None:
    headers = {"Upload-Length": "3", "Upload-Metadata": encoded(kind="polls"), **BYTES}
    begun = http.post("/uploads/", headers=headers, content=b"abc")
    assert (begun.status_code, begun.headers["upload-offset"]) == (201, "3")


def test_a_slash_at_the_end_of_a_key_counts(refused: httpx2.Client) -> None:
    assert "'a/'" in refused.get("/entities/store/a/").json()["detail"]
    assert "'a'" in refused.get("/entities/store/a").json()["detail"]


@contextmanager
def seen(
    resources: Resources, trusted: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[httpx2.Client, list[Any]]]:
    """A client of a service, and what reached it of each request: client and scheme."""
    scopes: list[Any] = []

    class Noting(application.TusHeaders):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                scopes.append((scope["client"][0], scope["scheme"]))
            await super().__call__(scope, receive, send)

    monkeypatch.setattr(application, "TusHeaders", Noting)
    with serving(with_settings(resources, trusted_proxies=trusted), slots=0) as address, client_of(address) as http:
        yield http, scopes


@pytest.mark.parametrize(
    ("trusted", "client", "scheme"),
    [
        ("", "127.0.0.1", "http"),
        ("192.0.2.0/24", "127.0.0.1", "http"),
        ("127.0.0.1", "203.0.113.9", "https"),
        ("127.0.0.0/8, 203.0.113.9", "198.51.100.7", "https"),
        ("*", "198.51.100.7", "https"),
    ],
)
def test_forwarded_headers_count_from_trusted_proxies_only(
    untouched: Resources,
    stores_nothing: None,
    monkeypatch: pytest.MonkeyPatch,
    trusted: str,
    client: str,
    scheme: str,
) -> None:
    forged = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9", "X-Forwarded-Proto": "https"}
    with seen(untouched, trusted, monkeypatch) as (http, scopes):
        assert http.get("/livez", headers=forged).status_code == 200
    assert scopes == [(client, scheme)]


def test_another_server_may_have_a_root_path_of_its_own() -> None:
    """Uvicorn --root-path app.main:app: then that one counts."""
    scopes: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await send({"type": "http.response.start", "status": 201, "headers": [(b"location", b"/uploads/1")]})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "root_path": "/its", "path": "/its/uploads/", "headers": []}
    asyncio.run(Addressed(app, root_path="/ours")(scope, None, send))  # type: ignore[arg-type]
    assert (scopes[0]["path"], scopes[0]["root_path"]) == ("/its/uploads", "/its")
    assert sent[0]["headers"] == [(b"location", b"/its/uploads/1")]
