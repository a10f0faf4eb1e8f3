"""A German without a sample comes from the empty service to a report of their own odd file: with script and without."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from app.storage.resources import Resources
from app.web.server import serving
from tests.conftest import stopping_soon
from tests.console.browser.hands import HANDS, Keyboard, Mouse
from tests.console.browser.watched import Watched, watched

pytestmark = pytest.mark.browser

#: What a monitor wrote and Excel saved: other columns and words, dates of the country, no UTF-8, two wrong rows.
CONTENT = """Filiale;Zustand;Gemessen am
Berlin-Mitte;läuft;05.01.2026 08:00
Berlin-Mitte;steht;05.01.2026 09:00
Köln "Süd";läuft;05.01.2026 08:05
Köln "Süd";Wartung;05.01.2026 09:05
Berlin-Mitte;läuft;31.02.2026 11:00
"""


class Enter(Keyboard):
    """Where a link that looks like a button is a link: script alone lets Space press it."""

    def press(self, target: Locator) -> None:
        self.reach(target)
        self.page.keyboard.press("Enter")


Person = tuple[Watched, Mouse, bool]


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def has_script(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=HANDS)
def person(
    request: pytest.FixtureRequest, browser: Browser, resources: Resources, *, has_script: bool
) -> Iterator[Person]:
    """Their window, their hand, and whether their browser runs script."""
    with (
        stopping_soon(),
        serving(resources, slots=2) as address,
        watched(browser, address, language="de-DE", java_script_enabled=has_script) as opened,
    ):
        hand = HANDS[request.param] if has_script or request.param == "mouse" else Enter
        yield opened, hand(opened.page), has_script


def _pick(page: Watched, hand: Mouse) -> None:
    """Columns and words of the file."""
    here = page.page
    hand.choose(here.locator("[name=store_id__from]"), "Filiale")
    hand.choose(here.locator("[name=status__from]"), "Zustand")
    hand.write(here.locator("[name=status__words]"), "läuft = active\nsteht = inactive")
    hand.choose(here.locator("[name=timestamp_utc__from]"), "Gemessen am")
    hand.write(here.locator("[name=timestamp_utc__date]"), "DD.MM.YYYY HH:mm")
    hand.write(here.locator("[name=timestamp_utc__zone]"), "Europe/Berlin")


def test_an_odd_file_becomes_a_report(person: Person, tmp_path: Path) -> None:
    page, hand, has_script = person
    here, file = page.page, tmp_path / "Störungen.csv"
    file.write_bytes(CONTENT.encode("cp1252"))
    page.open("/console")
    hand.press(here.get_by_role("button", name="Dateien hochladen"))
    page.at("Dateien hochladen")
    choose, upload = here.get_by_label("Wählen Sie Dateien"), here.get_by_role("button", name="Hochladen", exact=True)

    # It is recognized, but nobody knows what each word means, nor whose clock it was; so they pick.
    hand.choose(here.get_by_label("Fehlerhafte Zeilen"), "skip_rows")
    hand.file(choose, str(file))
    if has_script:
        here.locator("#inspected section[data-kind=polls]").wait_for()
        page.hold()
    else:
        hand.press(upload)
        expect(here.get_by_role("alert")).to_contain_text("Noch wurde nichts geladen")
    _pick(page, hand)
    if has_script:
        hand.press(here.get_by_role("button", name="Zeilen so lesen"))
        expect(here.locator("#inspected").get_by_role("cell", name="2026-01-05T07:00").first).to_be_visible()
        page.hold()
    else:
        hand.file(choose, str(file))
    hand.press(upload)
    if has_script:
        hand.press(here.get_by_role("link", name="Zur Datei"))
    page.at("Datei Störungen.csv")
    expect(here.locator(".status.is-ready")).to_be_visible()
    expect(page.fact("Angenommen")).to_have_text("3")
    expect(page.fact("Abgelehnt")).to_have_text("2")
    expect(here.get_by_role("region", name="Abgelehnte Zeilen")).to_contain_text("ist keine Zeit, die es gibt")

    hand.press(here.get_by_role("link", name="Übersicht"))
    hand.press(here.get_by_role("button", name="Verfügbarkeitsbericht starten"))
    page.at("Neuer Bericht: uptime")
    hand.press(here.get_by_role("button", name="Bericht starten"))
    download = here.get_by_role("button", name="uptime.csv herunterladen")
    download.wait_for()
    with here.expect_download() as begun:
        hand.press(download)
    rows = list(csv.DictReader(begun.value.path().read_text("utf-8").splitlines()))
    assert {row["store_id"] for row in rows} == {"Berlin-Mitte", 'Köln "Süd"'}
