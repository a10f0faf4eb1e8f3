"""A mail as a browser shows it. ``make browser`` runs this with the machine's Chromium; make test does not."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from app.sending.letter import Letter
from tests.chromium import OPTIONS, program
from tests.sending.letters import REPORT, made, read

pytestmark = pytest.mark.browser

AXE: Final = Path(__file__).parent.parent / "console" / "vendor" / "axe.min.js"

_OVERFLOW: Final = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"

_VIOLATIONS: Final = """
() => axe.run(document, {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}}).then(
  (found) => found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html}`)))
"""

#: Its names are as long as names get, with and without a place to break.
WIDE_LETTER: Final = replace(
    REPORT,
    title="W" * 300,
    sentences=("A" * 300, "Sentence " * 40),
    columns=("store", *(f"column {at}" for at in range(12))),
    rows=tuple((name, *["1,234.56"] * 12) for name in ("W" * 255, "Long name " * 20, "東京" * 60)),
    notes=("https://openhours.example.com/" + "a" * 300,),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=list(OPTIONS))
        yield browser
        browser.close()


def opened(browser: Browser, letter: Letter, *, width: int, scheme: Any) -> tuple[Page, list[str]]:
    """A mail in a window, as a reader of mail shows it, with its pictures in it; and what goes wrong there."""
    mail, faults = read(made(letter)), list[str]()
    html = mail.html
    for content_id, part in mail.pictures.items():
        picture = base64.b64encode(part.get_content()).decode()
        html = html.replace(f"cid:{content_id}", f"data:image/png;base64,{picture}")
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.on("console", lambda said: faults.append(f"console: {said.text}"))
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("request", lambda one: None if one.url.startswith("data:") else faults.append(f"asks {one.url}"))
    page.set_content(html)
    return page, faults


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 800])
@pytest.mark.parametrize("letter", [REPORT, WIDE_LETTER], ids=["a report", "very wide"])
def test_it_fits_asks_for_nothing_and_can_be_read(browser: Browser, letter: Letter, width: int, scheme: str) -> None:
    page, faults = opened(browser, letter, width=width, scheme=scheme)
    assert page.evaluate(_OVERFLOW) == 0
    assert page.locator("img").evaluate("(one) => one.complete && one.naturalWidth") == 1200
    assert page.locator("img").evaluate("(one) => one.clientWidth") <= min(width, 680)
    page.add_script_tag(path=AXE)
    assert page.evaluate(_VIOLATIONS) == []
    page.close()
    assert faults == []


def test_what_goes_wrong_would_be_noticed(browser: Browser) -> None:
    page, faults = opened(browser, REPORT, width=320, scheme="light")
    wrong = '<img src="http://127.0.0.1:1/x.png"><p style="width:900px;color:#eee;background:#fff">hard to read</p>'
    page.set_content(f"<html lang=en><title>x</title>{wrong}<script>console.log(1); missing()</script>")
    assert page.evaluate(_OVERFLOW) > 0
    page.add_script_tag(path=AXE)
    assert {one.partition(":")[0] for one in page.evaluate(_VIOLATIONS)} == {"image-alt", "color-contrast"}
    page.close()
    assert {one.split()[0] for one in faults} == {"asks", "console:", "script:"}


def test_dark_letters_are_not_on_a_dark_ground(browser: Browser) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        page, _ = opened(browser, REPORT, width=800, scheme=scheme)
        shown = "(one) => [getComputedStyle(one).color, getComputedStyle(document.body).backgroundColor]"
        grounds[scheme] = page.locator("h1").evaluate(shown)
        page.close()
    assert grounds == {
        "light": ["rgb(31, 41, 51)", "rgb(255, 255, 255)"],
        "dark": ["rgb(228, 231, 235)", "rgb(22, 27, 34)"],
    }
