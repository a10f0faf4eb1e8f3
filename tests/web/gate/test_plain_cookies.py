"""Cookies that would take long to read are left out, and the others are read as they are."""

from http import cookies

import pytest
from starlette.requests import Request

from app.storage.resources import Resources
from app.web.gate.plain_cookies import with_plain_cookies
from tests.conftest import api

LONG = '"' + "\\" * 30_000 + '"'


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (["a=1; b=2"], {"a": "1", "b": "2"}),
        ([f"a=1; x={LONG}; b=2"], {"a": "1", "b": "2"}),
        ([f"x={LONG}"], {}),
        (["a=1", f"x={LONG}; b=2"], {"a": "1", "b": "2"}),
        (['a="in quotes"'], {"a": "in quotes"}),
    ],
)
def test_cookies_with_a_backslash_are_left_out(sent: list[str], read: dict[str, str]) -> None:
    headers = [(b"host", b"x\\y"), *((b"cookie", one.encode()) for one in sent)]
    kept = list(with_plain_cookies(headers))
    assert kept[0] == headers[0]
    assert Request({"type": "http", "headers": kept}).cookies == read


def test_the_service_reads_none_of_them(untouched: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    unquote = cookies._unquote  # type: ignore[attr-defined]

    def quick(text: str) -> str:
        assert "\\" not in text, "it takes the square of their number"
        found: str = unquote(text)
        return found

    monkeypatch.setattr(cookies, "_unquote", quick)
    with api(untouched, slots=0) as client:
        for path in ("/reports", "/console", "/login", "/livez"):
            assert client.get(path, headers={"Cookie": f"x={LONG}; a=1"}).status_code < 500
