"""Pages of other origins: none may use the API unless a setting says so."""

import httpx2
import pytest

from app.storage.resources import Resources
from app.web.server import serving
from tests.uploads.conftest import client_of
from tests.web.test_addressed import with_settings

ORIGIN = "https://app.example"

#: What tus-js-client reads of answers, from its page on what a server must expose.
READ = {"Upload-Offset", "Location", "Upload-Length", "Tus-Version", "Tus-Resumable", "Tus-Max-Size", "Tus-Extension"}


def preflight(http: httpx2.Client, origin: str) -> httpx2.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "tus-resumable,upload-offset,content-type",
    }
    return http.options("/uploads/1", headers=headers)


def allowed(answer: httpx2.Response) -> str | None:
    found: str | None = answer.headers.get("access-control-allow-origin")
    return found


def test_by_default_no_other_origin_may_do_anything(refused: httpx2.Client) -> None:
    answers = [preflight(refused, ORIGIN), refused.get("/reports", headers={"Origin": ORIGIN})]
    assert [allowed(answer) for answer in answers] == [None, None]


@pytest.mark.parametrize(
    ("origins", "other"), [(f"https://first.example, {ORIGIN}", None), ("*", "*")], ids=["named", "all"]
)
def test_origins_that_are_set_may_send_files_and_read_what_tus_answers(
    untouched: Resources, stores_nothing: None, origins: str, other: str | None
) -> None:
    with serving(with_settings(untouched, cors_origins=origins), slots=0) as address, client_of(address) as http:
        asked = preflight(http, ORIGIN)
        assert asked.status_code == 200
        assert allowed(asked) in {ORIGIN, other}
        assert "PATCH" in asked.headers["access-control-allow-methods"]
        assert "tus-resumable" in asked.headers["access-control-allow-headers"].lower()
        gone = http.head("/uploads/1", headers={"Origin": ORIGIN})
        assert (gone.status_code, allowed(gone) in {ORIGIN, other}) == (404, True)
        exposed = {name.strip() for name in gone.headers["access-control-expose-headers"].split(",")}
        assert exposed >= READ
        assert allowed(http.get("/reports", headers={"Origin": "https://other.example"})) == other
        assert http.options("/uploads").headers["tus-version"] == "1.0.0"
