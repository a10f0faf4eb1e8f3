"""The files that pages load: those of others as their packages ship them, addresses that change with the content."""

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.console.static_files import FOLDER, address_of, static_files
from tests.console.html import read
from tests.vendor import FILES, FOR_TESTS, LOCKED, RECORD, SHIPPED

#: Of a format, by its address, which nobody opens.
NAMES = ("http://www.w3.org/2000/svg", "https://vega.github.io/schema/vega-lite/v6.json")

LOCK = json.loads((LOCKED / "package-lock.json").read_text("utf-8"))["packages"]


@pytest.mark.parametrize(("folder", "files"), [(SHIPPED, FILES), (LOCKED, FOR_TESTS)], ids=["shipped", "for tests"])
def test_files_of_others_are_those_of_the_record(folder: Path, files: dict[str, str]) -> None:
    """``make vendor`` copies them."""
    record = {one["package"]: one for one in json.loads((folder / RECORD).read_text("utf-8"))}
    assert record.keys() == files.keys()
    for package, one in record.items():
        assert hashlib.sha256((folder / one["file"]).read_bytes()).hexdigest() == one["sha256"]
        assert one["version"] == LOCK[f"node_modules/{package}"]["version"]
        assert (folder / one["licence_file"]).read_text("utf-8").strip()
        assert one["licence"]


def test_nothing_else_stands_among_them() -> None:
    record = json.loads((SHIPPED / RECORD).read_text("utf-8"))
    named = {RECORD, *(one[name] for one in record for name in ("file", "licence_file"))}
    assert {path.name for path in SHIPPED.iterdir()} == named


def test_no_file_of_ours_loads_anything_from_elsewhere() -> None:
    for path in FOLDER.glob("*.*"):
        text = path.read_text("utf-8")
        for name in NAMES:
            text = text.replace(name, "")
        assert "http:" not in text, path.name
        assert "https:" not in text, path.name


def test_every_file_is_kept_for_a_year_at_the_address_of_its_content(console: TestClient) -> None:
    for name, file in static_files().items():
        answer = console.get(address_of(name))
        assert answer.status_code == 200
        assert answer.content == file.content
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"] == file.media_type


def test_a_file_is_sent_compressed_to_who_takes_that(console: TestClient) -> None:
    address = address_of("vendor/vega.min.js")
    sizes = {}
    for encoding in ("gzip", "identity"):
        with console.stream("GET", address, headers={"accept-encoding": encoding}) as answer:
            sizes[encoding] = len(b"".join(answer.iter_raw()))
            assert answer.headers.get("content-encoding") == ("gzip" if encoding == "gzip" else None)
            assert answer.headers["vary"] == "Accept-Encoding"
    content = static_files()["vendor/vega.min.js"].content
    assert sizes["identity"] == len(content)
    assert sizes["gzip"] == len(gzip.compress(content, mtime=0))


def test_a_page_of_another_version_gets_the_file_of_this_one(console: TestClient) -> None:
    answer = console.get("/static/00000000/console.css")
    assert answer.content == static_files()["console.css"].content
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["none.js", "../view.py", "..%2fview.py", "vendor/../../view.py", "%00", ""])
def test_there_is_nothing_else_to_be_had(console: TestClient, name: str) -> None:
    assert console.get(f"/static/00000000/{name}").status_code in {404, 405}


def test_a_page_names_addresses_that_there_are(console: TestClient) -> None:
    document = read(console.get("/console/help").text)
    loaded = [one["src"] for one in document.all("script")] + [one["href"] for one in document.all("link")]
    assert len(loaded) >= 4
    for address in loaded:
        assert console.get(address).headers["cache-control"].endswith("immutable")
