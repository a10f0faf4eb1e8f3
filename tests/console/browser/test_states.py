"""Pages in other states: a thing is not there, one may not, and names are hard to show."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from urllib.parse import quote

import httpx2
import pytest
from playwright.sync_api import Browser

from app.access.scopes import Role
from app.console.registry import PAGES
from app.console.routes import Page
from app.storage.resources import Resources
from app.web.server import serving
from tests.access.services import PASSWORD, accounts_of
from tests.asking import reported
from tests.conftest import stopping_soon
from tests.console.browser.conftest import PATIENCE_SECONDS, Windows
from tests.console.browser.watched import watched
from tests.console.examples import ADDRESSES, Made

pytestmark = pytest.mark.browser

ALL = [page for pages in PAGES for page in pages.pages]

#: Pages of one thing, which may be gone; pieces of pages and files are none.
SINGLE = [page for page in ALL if "{" in page.path and not page.path.endswith(("/progress", "/samples/{name}"))]

#: Names that run script, turn the direction of what follows, or have no place to be broken. Marks that only turn the
#: direction are refused when they come in.
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "'\"><script>alert(1)</script>",
    "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED} (1)",
    "W" * 200,
    "{{ 7 * 7 }}%s",
)


@pytest.fixture(scope="module")
def guarded(loaded: Resources) -> Iterator[str]:
    """Where the application asks who it is."""
    accounts_of(loaded).person("vera", Role.VIEWER)
    settings = loaded.settings.model_copy(update={"auth": "on"})
    with stopping_soon(), serving(replace(loaded, settings=settings), slots=0) as address:
        yield address


@pytest.fixture(scope="module")
def viewer(browser: Browser, guarded: str) -> Windows:
    """A window of somebody who may look and not change."""
    with watched(browser, guarded) as opened:
        opened.page.goto(f"{guarded}/login")
        opened.hold()
        opened.page.locator("[name=name]").fill("vera")
        opened.page.locator("[name=password]").fill(PASSWORD)
        opened.page.locator("[name=password]").press("Enter")
        opened.page.wait_for_url(re.compile(r"^(?!.*/login)"))
        return partial(watched, browser, guarded, storage_state=opened.page.context.storage_state())


@pytest.mark.parametrize("page", SINGLE, ids=lambda page: page.path)
def test_what_is_not_there_is_said_on_a_page(page: Page, window: Windows) -> None:
    with window() as opened:
        opened.open(re.sub(r"\{[^}]*\}", "nobody-knows-it", page.path))
        opened.hold_everywhere()


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.path)
def test_a_page_says_which_role_may_what_a_viewer_may_not(page: Page, viewer: Windows, made: Made) -> None:
    for address in ADDRESSES[page.path](made)[:2]:
        with viewer() as opened:
            opened.open(address)
            opened.hold_everywhere()
            for button in opened.page.locator("main button:disabled").all():
                beside = button.locator("xpath=..").inner_text()
                assert "Needs one of the roles" in beside, f"{address}: why one may not stands beside the button"


@pytest.fixture(scope="module")
def hostile(address: str) -> list[str]:
    """Pages on which such names are."""
    with httpx2.Client(base_url=address, timeout=PATIENCE_SECONDS) as client:
        rows = "".join(
            f'"{name.replace(chr(34), chr(34) * 2)}",active,2023-01-25T{hour:02}:00:00Z\n'
            for name in HOSTILE
            for hour in range(10)
        )
        files = []
        for name in HOSTILE:
            content = f"store_id,status,timestamp_utc\n{rows}x,{name[:50]},2023\n".encode()
            query = {"kind": "polls", "filename": name, "wait": 30, "on_error": "skip_rows", "force": True}
            answer = client.post("/datasets", params=query, content=content)
            assert answer.status_code < 300, answer.text
            files.append(answer.json()["dataset_id"])
        report = reported(client, report="uptime", params={"stores": list(HOSTILE)})["report_id"]
        table = f'"{HOSTILE[0]}",n\nx,1\n'.encode()
        client.post("/datasets", params={"kind": "table", "filename": HOSTILE[3], "wait": 30}, content=table)
    drilled = [f"/console/reports/{report}/entities/{quote(one, safe='')}" for one in HOSTILE]
    return [
        *("/console", "/console/files", "/console/rollups", f"/console/reports/{report}"),
        *(f"/console/files/{one}" for one in files),
        *drilled,
    ]


def test_names_that_are_no_words_are_shown_as_they_are(window: Windows, hostile: list[str]) -> None:
    shown = ""
    for address in hostile:
        with window() as opened:
            opened.open(address)
            opened.hold_everywhere()
            assert opened.page.locator("main img[src=x], main script").count() == 0
            shown += opened.page.locator("main").inner_text()
    for name in HOSTILE:
        assert name in shown
