"""The uptime report for people: one page of HTML, and a table that Excel opens unharmed."""

import csv
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from app.files.artifact import Artifact
from app.reports.kinds import uptime
from app.reports.kinds.uptime import UptimeParams
from app.reports.uptime import report_page
from app.reports.uptime.for_excel import write_for_excel
from app.storage.resources import Resources
from tests.conftest import LoadText
from tests.kinds import context_of

#: Wednesday noon.
NOON = datetime(2023, 1, 25, 12, tzinfo=UTC)

HEADER = "store_id,status,timestamp_utc\n"

NASTY = '<script>alert("x")</script>'


class Page(HTMLParser):
    """Tags with their attributes, and texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data.strip())


def make(resources: Resources, folder: Path, **params: Any) -> dict[str, Path]:
    with resources.engine.connect() as connection:
        resolved, _ = uptime.resolve(connection, UptimeParams.model_validate({"as_of": NOON, **params}))
    return {one.path.name: one.path for one in uptime.produce(context_of(resources, folder), resolved)}


@pytest.fixture
def two_stores(load_text: LoadText) -> None:
    """Around the clock, a poll holding for 12 hours: the first is up for 12 of 24 hours, the other never seen."""
    load_text(
        "timezones", f'store_id,timezone_str\n1050565545391667097,UTC\n"{NASTY.replace(chr(34), chr(34) * 2)}",UTC\n'
    )
    load_text(
        "polls",
        HEADER
        + "1050565545391667097,active,2023-01-24 00:00:00 UTC\n"
        + "1050565545391667097,inactive,2023-01-24 12:00:00 UTC\n",
    )


@pytest.mark.usefixtures("two_stores")
def test_the_page_tells_the_figures_and_needs_nothing_else(resources: Resources, tmp_path: Path) -> None:
    made = make(resources, tmp_path, accounting="exact", max_gap_minutes=720, html=True)
    assert list(made) == ["uptime.csv", "outages.csv", "summary.json", "report.html"]
    html = made["report.html"].read_text(encoding="utf-8")
    page = Page(html)
    # Of 2 x 168 hours 12 are up and 12 down: 50 %, between 12 / 336 and 324 / 336.
    shown = page.texts
    assert {"Uptime of 2 stores", "50.0000 %", "3.5714 % … 96.4286 %", "12.00 h", "312.00 h"} <= set(shown)
    assert "2023-01-18 12:00 to 2023-01-25 12:00 UTC, exact accounting" in shown
    assert shown.index("1050565545391667097") < shown.index(NASTY), "worst first; who was never seen comes last"
    assert shown[shown.index("max_gap_minutes") + 1] == "720"
    assert {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object"} == set()
    addresses = [value for _, given in page.tags for name, value in given.items() if name in {"src", "href"}]
    assert all(str(address).startswith("data:") for address in addresses)
    assert not re.search(r"url\(|@import|https?:", html)


@pytest.mark.usefixtures("two_stores")
def test_the_page_holds_the_charts_that_are_drawn(resources: Resources, tmp_path: Path) -> None:
    made = make(resources, tmp_path, charts=True, html=True)
    pictures = [given for tag, given in Page(made["report.html"].read_text(encoding="utf-8")).tags if tag == "img"]
    assert [given["alt"] for given in pictures] == ["availability", "worst stores", "open time per day"]
    assert all(str(given["src"]).startswith("data:image/png;base64,iVBORw0KGgo") for given in pictures)


def test_of_many_stores_the_page_lists_the_worst(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_page, "MOST_ROWS", 2)
    names = ",".join(f"{status}_last_week" for status in ("uptime", "downtime", "unknown"))
    path = tmp_path / "uptime.csv"
    path.write_text(
        f"store_id,{names}\ngood,9.00,1.00,0.00\nbad,1.00,9.00,0.00\nworse,0.00,1.00,9.00\nnone,0.00,0.00,1.00\n"
    )
    facts = report_page.Facts("a week", "exact", {}, warnings=["Half of it is <unknown>."])
    made = report_page.write_page([Artifact(path, "text/csv", rows=4)], facts)
    texts = Page(made.path.read_text(encoding="utf-8")).texts
    assert "The 2 of lowest availability, of 4 stores, worst first" in texts
    assert [name for name in texts if name in {"good", "bad", "worse", "none"}] == ["worse", "bad"]
    assert "Half of it is <unknown>." in texts


@pytest.mark.parametrize(("style", "separator", "half"), [("en", ",", "12.00"), ("de", ";", "12,00")])
@pytest.mark.usefixtures("two_stores")
def test_excel_gets_its_separator_its_decimal_sign_and_ids_as_text(
    resources: Resources, tmp_path: Path, style: str, separator: str, half: str
) -> None:
    made = make(resources, tmp_path, accounting="exact", max_gap_minutes=720, excel=style)
    content = made["uptime_excel.csv"].read_bytes()
    assert content.startswith(b"\xef\xbb\xbfstore_id" + separator.encode())
    assert content.count(b"\r\n") == 3
    rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines(), delimiter=separator))
    assert [row["store_id"] for row in rows] == ['="1050565545391667097"', f'="{NASTY.replace(chr(34), chr(34) * 2)}"']
    assert (rows[0]["uptime_last_week"], rows[0]["outages_last_week"]) == (half, "1")


def test_a_key_is_never_more_than_a_text_to_excel(tmp_path: Path) -> None:
    path = tmp_path / "uptime.csv"
    long = "9" * 300
    path.write_text(f'store_id,uptime_last_week\n"a""&cmd()&""",1.00\n{long},2.00\n')
    made = write_for_excel(Artifact(path, "text/csv", rows=2), "en")
    cells = [row[0] for row in csv.reader(made.path.read_text(encoding="utf-8-sig").splitlines())]
    assert cells == ["store_id", '="a""&cmd()&"""', long]
