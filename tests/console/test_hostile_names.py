"""Names that are markup, quotes, templates, letters from right to left or very long: on every page they are text."""

import csv
import io
import json
from collections.abc import Iterator
from itertools import count
from typing import Any, Final
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from app.access.user_records import MOST_OF_NAME
from app.console.registry import PAGES
from app.storage.resources import Resources
from tests.asking import reported
from tests.commands import wait_until
from tests.console.browsing import local_browser
from tests.console.filling import sent_by
from tests.console.html import Element, has_no_script_or_style_within, read
from tests.strategies import PROFILE
from tests.web.test_addressed import with_settings

#: Names that the service accepts. What they would make of a page that does not escape them begins with x-evil.
NAMES: Final = {
    "an element": "<img src=x onerror=alert(1)><x-evil>",
    "quotes": '"\'><script>alert(1)</script><x-evil x-evil="a',
    "a template": "{{ 7 * 7 }}{% raw %}%(name)s</title></textarea></select><x-evil>",
    "right to left": "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET} \N{ARABIC LETTER ALEF}\N{ARABIC LETTER BEH} 1-2 (3)",
    "an address": "a/b?c#d&amp;e=1",
    "long": "W" * 255,
}

#: What is refused as a name, and shown where it was found.
REFUSED: Final = {
    "bidi controls": "a\N{RIGHT-TO-LEFT OVERRIDE}b\N{LEFT-TO-RIGHT ISOLATE}c",
    "a line": "a\nb",
    "a line separator": "a\N{LINE SEPARATOR}b",
    "a next line": "a\x85b",
}

#: Elements in which a name does not turn round what stands beside it, or that have nothing beside it.
ISOLATING: Final = frozenset({"bdi", "option", "textarea", "title", "pre", "code"})

STRONG: Final = "\N{HEBREW LETTER ALEF}"


def table(*rows: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def upload(client: TestClient, kind: str, filename: str, content: bytes) -> Any:
    query = {"kind": kind, "filename": filename, "wait": 30, "on_error": "skip_rows"}
    answer = client.post("/datasets", params=query, content=content)
    assert answer.status_code < 400, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def client(kept: Resources) -> Iterator[TestClient]:
    with local_browser(with_settings(kept, webhook_allow="127.0.0.1"), slots=2, follows=False) as made:
        yield made


@pytest.fixture(scope="module")
def addresses(client: TestClient) -> dict[str, list[str]]:
    """By the path of a page, where it has hostile names to show."""
    names = list(NAMES.values())
    found: dict[str, list[str]] = {
        "/console": ["/console"],
        "/console/files": ["/console/files"],
        "/console/entities": ["/console/entities"],
        "/console/calendars": ["/console/calendars"],
        "/console/users": ["/console/users"],
        "/console/keys": ["/console/keys?user_id=all"],
        "/console/audit": ["/console/audit"],
        "/console/rollups": ["/console/rollups"],
        "/console/reports": ["/console/reports"],
    }
    for at, name in enumerate(names):
        hook = {"name": f"hook-{at}", "url": "http://127.0.0.1:1/", "events": ["dataset.ready"], "description": name}
        client.post("/webhooks", json=hook).raise_for_status()
    polls = [["store_id", "status", "timestamp_utc"]]
    polls += [[name, "active", f"2023-01-25T1{at}:00:00Z"] for name in names for at in range(3)]
    files = [upload(client, "polls", name, table(*polls[:1], polls[1 + at])) for at, name in enumerate(names)]
    files.append(upload(client, "polls", "polls.csv", table(*polls)))
    wrong = [["1", one, "2023-01-25T10:00:00Z"] for one in (*names, *REFUSED.values())]
    files.append(upload(client, "polls", "wrong.csv", table(*polls[:2], *wrong)))
    plays = upload(client, "table", "plays.csv", table([*names, "n"], *[[*names, "1"]] * 3))
    files += [plays, upload(client, "polls", "other.csv", table(names, names))]
    found["/console/files/{dataset_id}"] = [f"/console/files/{one['dataset_id']}" for one in files]
    for name in names:
        days = [{"date": "2026-12-25", "name": name}]
        calendar = name[:MOST_OF_NAME]
        answer = client.put(f"/calendars/{quote(calendar, safe='')}", json={"days": days, "source": calendar})
        assert answer.status_code < 400, answer.text
        user = client.post("/users", json={"name": name[:MOST_OF_NAME], "role": "operator", "kind": "service"})
        assert user.status_code == 201, user.text
        key = client.post("/keys", json={"name": name[:60], "user_id": user.json()["id"], "scopes": ["data:read"]})
        assert key.status_code == 201, key.text
        found.setdefault("/console/users/{user_id}", []).append(f"/console/users/{user.json()['id']}")
        found.setdefault("/console/keys/{key_id}", []).append(f"/console/keys/{key.json()['id']}")
        uses = {"calendars": [{"calendar": calendar}]}
        client.put(f"/entities/store/{quote(name, safe='')}/calendars", json=uses).raise_for_status()
        said = {"name": name[:200], "group": name[:200]}
        client.put(f"/entities/store/{quote(name, safe='')}", json=said).raise_for_status()
    found |= _watched(client, names)
    found["/console/calendars/{name:path}"] = [
        f"/console/calendars/{quote(name[:MOST_OF_NAME], safe='')}" for name in names
    ]
    found["/console/entities/{kind}/{key:path}"] = [f"/console/entities/store/{quote(name, safe='')}" for name in names]
    uptime = reported(client, report="uptime", params={"html": True, "accounting": "exact"})
    columns = {"by": names[:2], "sum": ["n"], "names": [*names[2:4], "n"]}
    rollup = reported(client, report="rollup", params={"datasets": [plays["dataset_id"]], **columns})
    failed = reported(
        client, report="rollup", params={"datasets": [plays["dataset_id"]], "by": ["n"], "sum": names[:1]}
    )
    assert [one["status"] for one in (uptime, rollup, failed)] == ["Complete", "Complete", "Failed"]
    reports = [one["report_id"] for one in (uptime, rollup, failed)]
    found["/console/reports/{report_id}"] = [f"/console/reports/{one}" for one in reports]
    found["/console/reports/{report_id}/entities/{key:path}"] = [
        f"/console/reports/{reports[0]}/entities/{quote(name, safe='')}" for name in names
    ]
    params = json.dumps({"stores": names, "zone": names[0]})
    found["/console/reports/new"] = [f"/console/reports/new?kind=uptime&params={quote(params)}"]
    found["/console/schedules/new"] = [f"/console/schedules/new?kind={quote(one)}&params={quote(one)}" for one in names]
    return found


def _watched(client: TestClient, names: list[str]) -> dict[str, list[str]]:
    """Rules that name stores, and what was told of files; there is a page of each."""
    down = {"name": "down", "kind": "store_down", "options": {"stores": names}, "notify": ["hook-0"]}
    client.post("/rules", json=down).raise_for_status()

    def told() -> list[Any]:
        """Of what is called so the file of that name is told to each webhook."""
        query = {"limit": 200, "webhook": "hook-0"}
        deliveries = client.get("/deliveries", params=query, headers={"accept": "application/json"}).json()
        return deliveries["deliveries"] if len(deliveries["deliveries"]) >= len(names) else []

    return {
        "/console/webhooks": ["/console/webhooks"],
        "/console/webhooks/{name}": [f"/console/webhooks/hook-{at}" for at in range(len(names))],
        "/console/webhooks/{name}/edit": [f"/console/webhooks/hook-{at}/edit" for at in range(len(names))],
        "/console/deliveries": ["/console/deliveries?limit=200"],
        "/console/deliveries/{delivery_id}": [f"/console/deliveries/{one['delivery_id']}" for one in wait_until(told)],
        "/console/rules/{name}": ["/console/rules/down"],
        "/console/rules/{name}/edit": ["/console/rules/down/edit"],
    }


def is_harmless(answer: Response) -> Element:
    """The page, which has no element and no attribute that a name has brought."""
    assert answer.status_code < 500, answer.text
    assert answer.headers["content-type"].startswith("text/html"), answer.headers
    document = read(answer.text)
    has_no_script_or_style_within(document)
    for element in document.all():
        assert not element.tag.startswith("x-evil"), "an element of a name"
        assert not [name for name in element.attributes if name.startswith("x-evil")], "an attribute of a name"
        if element.tag in {"img", "script"}:
            assert element["src"].startswith("/"), "an element of a name"
    assert "49" not in [part.strip() for part in document.text.split("{% raw %}")], "a name was read as a template"
    turning = sorted(set(_turning(document)))
    assert not turning, f"a name from right to left may turn round what stands beside it: {turning}"
    return document


def _turning(element: Element) -> Iterator[str]:
    """Texts with letters from right to left that stand beside others, without an element that keeps them apart."""
    for part in element.parts:
        if isinstance(part, Element):
            if part.tag not in ISOLATING and part.attributes.get("dir") is None:
                yield from _turning(part)
        elif STRONG in part:
            yield f"<{element.tag}> {part.strip()[:60]}"


def test_names_are_text_on_every_page_that_shows_them(client: TestClient, addresses: dict[str, list[str]]) -> None:
    unseen, wrong = {}, []
    for path, opened in addresses.items():
        texts = []
        for address in opened:
            answer = client.get(address)
            assert answer.status_code == 200, f"{address}: {read(answer.text).one('main').text}"
            try:
                document = is_harmless(answer)
            except AssertionError as error:
                wrong.append(f"{path}: {error}")
                document = read(answer.text)
            texts.append(document.text + "".join(one.attributes.get("value") or "" for one in document.all("input")))
        if not any("onerror=alert(1)" in text for text in texts):
            unseen[path] = opened
    assert not wrong, "\n".join(dict.fromkeys(wrong))
    assert unseen == {}, "these show no name"


def test_the_title_of_a_page_keeps_a_name_apart(client: TestClient, addresses: dict[str, list[str]]) -> None:
    for path in (
        "/console/files/{dataset_id}",
        "/console/entities/{kind}/{key:path}",
        "/console/calendars/{name:path}",
    ):
        for name, address in zip(NAMES.values(), addresses[path], strict=False):
            heading = read(client.get(address).text).one("h1")
            shown = name.rpartition("/")[2] if "files" in path else name  # of a path the last part is a file's name
            assert " ".join(shown.split())[:100] in heading.one("bdi").text


def test_values_that_were_refused_are_shown_whole_and_apart(
    client: TestClient, addresses: dict[str, list[str]]
) -> None:
    wrong = next(
        document
        for address in addresses["/console/files/{dataset_id}"]
        if "wrong.csv" in (document := read(client.get(address).text)).one("h1").text
    )
    shown = [one.text for one in wrong.one("main").all("bdi")]
    for value in (*NAMES.values(), *REFUSED.values()):
        assert [text for text in shown if repr(value)[1:41].strip() in text], f"{value!r} is not in {shown}"


IN_ADDRESSES: Final = [*NAMES.values(), *REFUSED.values(), "\ud7ff", "\0"]


@pytest.mark.parametrize("name", IN_ADDRESSES, ids=repr)
def test_names_in_an_address_are_text(client: TestClient, name: str) -> None:
    """Each parameter of each page is tried with one of the names, with ``make fuzz`` with all of them."""
    turns = 1 if PROFILE == "long" else len(IN_ADDRESSES)
    turn = IN_ADDRESSES.index(name) % turns
    known = client.get("/reports", headers={"accept": "application/json"}).json()["reports"]
    parameters = ("kind", "status", "state", "prefix", "cursor", "sort", "said", "user_id", "actor", "params", "limit")
    parameters += ("webhook", "subject", "notify")
    for number, page in enumerate(page for pages in PAGES for page in pages.pages):
        path = page.path
        for part in (
            "{kind}",
            "{name}",
            "{dataset_id}",
            "{report_id}",
            "{user_id}",
            "{key_id}",
            "{delivery_id}",
            "{key:path}",
            "{name:path}",
        ):
            path = path.replace(part, quote(name, safe=""))
        for place, parameter in enumerate(parameters if "{" not in page.path else ("said",), number):
            if "{" not in page.path and place % turns != turn:
                continue
            answer = client.get(path, params={parameter: name})
            assert answer.status_code < 500, f"{path}?{parameter}: {answer.text}"
            if answer.headers.get("content-type", "").startswith("text/html") and answer.status_code != 404:
                is_harmless(answer)
    for one in known[:1]:
        is_harmless(
            client.get(f"/console/reports/{one['report_id']}", params={"sort": name, "desc": "1", "said": name})
        )


IN_FORMS: Final = [NAMES["an element"], NAMES["quotes"], "a\0b"]


@pytest.mark.parametrize("name", IN_FORMS, ids=repr)
def test_names_in_forms_are_taken_or_refused_as_text(
    client: TestClient, addresses: dict[str, list[str]], name: str
) -> None:
    """Every form of every page, with the name in all of its fields, and in each that has its turn.

    All of them together are refused for the first that is wrong, so each is also sent alone: with one of the names,
    with ``make fuzz`` with all of them.
    """
    turns = 1 if PROFILE == "long" else len(IN_FORMS)
    alone = count(IN_FORMS.index(name))
    opened = [opened[-1] for opened in addresses.values()]
    opened += ["/console/users/new", "/console/keys/new", "/console/sources/new", "/console/calendar-of-file"]
    for address in opened:
        for form in read(client.get(address).text).one("main").all("form", method="post"):
            fields = sent_by(form)
            typed = [
                one["name"]
                for tag in ("input", "textarea", "select")
                for one in form.all(tag)
                if "name" in one.attributes and one.attributes.get("type") not in {"checkbox", "file"}
            ]
            if not typed:
                continue
            for changed in (dict.fromkeys(typed, name), *({one: name} for one in typed if next(alone) % turns == 0)):
                answer = client.post(form.attributes.get("action") or address, data={**fields, **changed})
                assert answer.status_code < 500, f"{address} {changed}: {answer.text}"
                if answer.status_code != 303 and answer.headers["content-type"].startswith("text/html"):
                    is_harmless(answer)
