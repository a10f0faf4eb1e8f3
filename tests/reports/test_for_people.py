"""The uptime report for people: one page of HTML, and a table that Excel opens unharmed."""

import csv
import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.files.artifact import Artifact
from app.reports import uptime_summary
from app.reports.kinds import uptime
from app.reports.kinds.uptime import UptimeParams
from app.reports.uptime import report_page
from app.reports.uptime.for_excel import write_for_excel
from app.reports.uptime_summary import SummaryWarning, Tally, UptimeSummary, totals
from app.storage.resources import Resources
from app.timeline import HOUR
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
    assert [given["alt"] for given in pictures] == [
        "Chart: number of stores by availability in the week",
        "Chart: the stores with the lowest availability; the table of stores has their figures",
        "Chart: open time of all stores by UTC day, divided into up, down and unknown",
    ]
    assert all(str(given["src"]).startswith("data:image/png;base64,iVBORw0KGgo") for given in pictures)


def test_of_many_stores_the_page_lists_the_worst(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uptime_summary, "LISTED", 2)
    tally = Tally(None)
    hours = np.array([[9, 1, 0], [1, 9, 0], [0, 1, 9], [0, 0, 1]]) * HOUR
    for part in (slice(0, 2), slice(2, 4)):
        of_part = hours[part]
        tally.add(["good", "bad", "worse", "none"][part], ["total"], [of_part[:, [status]] for status in range(3)])
    stores = tally.listed({"bad": "Bad & Sons"})
    summary = UptimeSummary(
        accounting="exact",
        as_of=NOON,
        as_known_at=None,
        begin=None,
        end=None,
        period=None,
        by=None,
        zone=None,
        target_percent=None,
        stores_below_target=None,
        error_budgets=None,
        stores=4,
        totals=totals(tally.whole),
        periods={},
        worst=stores,
        notes=[],
        warnings=[SummaryWarning(code="a_code", message="Half of it is <unknown>", count=2, examples=["one"])],
    )
    made = report_page.write_page(tmp_path, summary, report_page.Facts("a week", {}, stores))
    texts = Page(made.path.read_text(encoding="utf-8")).texts
    assert "The 2 with the lowest availability, of 4 stores, worst first" in texts
    assert [name for name in texts if name in {"good", "bad", "worse", "none"}] == ["worse", "bad"]
    assert texts[texts.index("bad") - 1] == "Bad & Sons"
    assert "warning: Half of it is <unknown> (one, …)" in texts


@pytest.mark.usefixtures("two_stores")
def test_the_page_of_a_range_has_its_periods_names_and_warnings(
    resources: Resources, tmp_path: Path, load_text: LoadText
) -> None:
    load_text("entities", "store_id,name\n1050565545391667097,Kiosk am See\n")
    asked = {"from": "2023-01-24", "to": "2023-01-26", "by": "day", "target_percent": 99.5}
    made = make(resources, tmp_path, accounting="exact", max_gap_minutes=720, html=True, **asked)
    shown = Page(made["report.html"].read_text(encoding="utf-8")).texts
    # On the 24th one of two stores is up for 12 hours, then down for 12; on the 25th nothing is known until noon.
    day = shown.index("2023-01-24")
    assert shown[day + 1 : day + 7] == ["50.0000 %", "25.0000 %", "75.0000 %", "12.00 h", "12.00 h", "24.00 h"]
    day = shown.index("2023-01-25", day)
    assert shown[day + 1 : day + 7] == ["–", "0.0000 %", "100.0000 %", "0.00 h", "0.00 h", "24.00 h"]  # noqa: RUF001
    assert shown[shown.index("Kiosk am See") + 1] == "1050565545391667097"
    assert shown[shown.index("stores below 99.5 %") + 1] == "1"
    subtitle = "From 2023-01-24 to before 2023-01-26 on each store's own clock, as of"
    assert f"{subtitle} 2023-01-25 12:00 UTC, exact accounting" in shown
    summary = json.loads(made["summary.json"].read_bytes())
    assert [(one["code"], one["count"], one["examples"]) for one in summary["warnings"]] == [
        ("stores_without_polls", 1, [NASTY]),
        ("mostly_unknown", 1, [NASTY]),
    ]
    assert all(any(text.startswith(f"warning: {one['message']}") for text in shown) for one in summary["warnings"])


@pytest.mark.usefixtures("two_stores")
def test_the_page_of_a_range_has_its_groups(resources: Resources, tmp_path: Path, load_text: LoadText) -> None:
    header = "store_id,name,group\n"
    load_text(
        "entities", f'{header}1050565545391667097,Kiosk am See,South\n"{NASTY.replace(chr(34), chr(34) * 2)}",,-5\n'
    )
    asked = {"from": "2023-01-24", "to": "2023-01-26", "by": "day", "accounting": "exact", "max_gap_minutes": 720}
    shown = Page(make(resources, tmp_path, html=True, **asked)["report.html"].read_text(encoding="utf-8")).texts
    # Each group has a store that is open for 36 hours; one of them is never seen.
    first = shown.index("Groups, worst first")
    south = shown.index("South", first)
    assert shown[south + 1 : south + 7] == ["50.0000 %", "33.3333 %", "66.6667 %", "12.00 h", "12.00 h", "12.00 h"]
    assert shown[south + 7] == "-5", "as it is called, without what a spreadsheet needs; it has no availability"


def test_the_page_of_a_range_has_its_longest_outages(resources: Resources, tmp_path: Path, load_text: LoadText) -> None:
    load_text("timezones", "store_id,timezone_str\nshop,UTC\n")
    load_text("entities", "store_id,name\nshop,Kiosk am See\n")
    # On the 24th, down from each hour on for as many minutes as its number says; after noon of the 25th without an end.
    polls = [
        f"shop,{status},2023-01-{day} {hour:02}:{minute:02}:00 UTC"
        for day, hours in ((24, range(1, 24)), (25, range(12, 13)))
        for hour in hours
        for status, minute in (("inactive", 0), *((("active", hour),) if day == 24 else ()))
    ]
    load_text("polls", HEADER + "\n".join(polls) + "\n")
    asked = {"from": "2023-01-24", "accounting": "exact", "max_gap_minutes": 1440, "as_of": "2023-01-25T12:30:30Z"}
    made = make(resources, tmp_path, html=True, **asked)
    shown = Page(made["report.html"].read_text(encoding="utf-8")).texts
    first = shown.index("The 20 longest of 24 outages; all are in outages.csv")
    assert shown[first + 1 : first + 5] == ["store", "open time", "began, UTC", "ended, UTC"]
    rows = [shown[at - 1 : at + 4] for at, text in enumerate(shown) if text == "shop" and at > first]
    assert rows[0] == ["Kiosk am See", "shop", "30.50 min", "2023-01-25 12:00:00", "goes on"]
    assert rows[1] == ["Kiosk am See", "shop", "23.00 min", "2023-01-24 23:00:00", "2023-01-24 23:23:00"]
    assert [row[2] for row in rows] == ["30.50 min", *(f"{minutes}.00 min" for minutes in range(23, 4, -1))]
    assert len(made["outages.csv"].read_text().splitlines()) == 25
    hourly = tmp_path / "hourly"
    hourly.mkdir()
    shown = Page(make(resources, hourly, html=True, **{"from": "2023-01-24"})["report.html"].read_text("utf-8")).texts
    assert not any("utages" in text for text in shown), "hourly accounting knows none"


@pytest.mark.usefixtures("two_stores")
def test_the_page_tells_what_was_before_and_what_is_left_of_a_budget(resources: Resources, tmp_path: Path) -> None:
    asked = {"from": "2023-01-24T06:00:00Z", "to": "2023-01-24T18:00:00Z", "by": "hour"}
    how = {"accounting": "exact", "max_gap_minutes": 720, "compare_to": "previous", "target_percent": 75}
    shown = Page(make(resources, tmp_path, html=True, **how, **asked)["report.html"].read_text("utf-8")).texts
    # Up until noon, down from then on; of 12 open hours 3 may be down, and 6 are. The other store is never seen.
    hour = shown.index("2023-01-24T12")
    assert shown[hour + 7 : hour + 9] == ["100.0000 %", "-100.0000"]
    store = shown.index("1050565545391667097")
    assert shown[store + 4 : store + 8] == ["6.00 h", "6.00 h", "0.00 h", "-3.00 h"]
    total = tmp_path / "total"
    total.mkdir()
    shown = Page(
        make(resources, total, html=True, **how, **asked | {"by": "total"})["report.html"].read_text("utf-8")
    ).texts
    # The twelve hours before were unknown for six, then up.
    assert shown[shown.index("availability before") + 1] == "100.0000 %"
    assert shown[shown.index("change, points") + 1] == "-50.0000"


@pytest.mark.usefixtures("two_stores")
def test_a_range_has_charts_in_either_accounting_and_its_page_shows_them(
    resources: Resources, tmp_path: Path, load_text: LoadText
) -> None:
    load_text("entities", "store_id,name\n1050565545391667097,Kiosk am See\n")
    asked = {"from": "2023-01-24", "by": "day", "target_percent": 99.5, "charts": True, "html": True}
    made = make(resources, tmp_path, accounting="exact", max_gap_minutes=720, **asked)
    pictures = ["trend.png", "trend.vl.json", "worst_stores.png", "worst_stores.vl.json"]
    assert list(made) == ["uptime.csv", "outages.csv", *pictures, "summary.json", "report.html"]
    trend, worst = (json.loads(made[name].read_bytes()) for name in pictures[1::2])
    # Of 2 x 36 hours 12 are up, 12 down and 48 not known.
    assert trend["title"]["subtitle"][1:] == [
        "Availability of all their time: 50.00 %, between its bounds 16.66 % to 83.33 %"
    ]
    written = [row["text"] for rows in worst["datasets"].values() for row in rows if "text" in row]
    assert {"Kiosk am See", "50.00 %", "target 99.5 %"} <= set(written)
    shown = [given["alt"] for tag, given in Page(made["report.html"].read_text(encoding="utf-8")).tags if tag == "img"]
    assert shown == [
        "Chart: availability of all stores by period, between its bounds; the first table has the figures",
        "Chart: the stores with the lowest availability; the table of stores has their figures",
    ]
    total = tmp_path / "total"
    total.mkdir()
    assert "trend.png" not in make(resources, total, **{"from": "2023-01-24"}, charts=True), "one period is no trend"


@pytest.mark.usefixtures("two_stores")
def test_the_table_for_a_terminal_has_each_window_and_names(
    resources: Resources, tmp_path: Path, load_text: LoadText
) -> None:
    load_text("entities", "store_id,name\n1050565545391667097,Kiosk am See\n")
    made = make(resources, tmp_path, accounting="exact", max_gap_minutes=720)
    table = uptime_summary.outline(UptimeSummary.model_validate_json(made["summary.json"].read_bytes()))
    # In the last day one store is down for its first 12 hours and the rest is not known, as in the last hour.
    assert [tuple(row) for row in table.rows] == [
        ("Kiosk am See", "50.00 %", "7.14 %", "92.86 %", "14.29 %", "168.00", "12.00"),
        ("(all, last hour)", "-", "0.00 %", "100.00 %", "0.00 %", "2.00", "0.00"),
        ("(all, last day)", "0.00 %", "0.00 %", "75.00 %", "25.00 %", "48.00", "12.00"),
        ("(all, last week)", "50.00 %", "3.57 %", "96.43 %", "7.14 %", "336.00", "12.00"),
    ]


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


def test_excel_takes_names_groups_and_periods_for_texts_whatever_they_begin_with(
    resources: Resources, tmp_path: Path, load_text: LoadText
) -> None:
    names = {
        "007": "=SUM(A1)",
        "008": "+49 30",
        "009": "-5",
        "010": "@home",
        "011": "1-2",
        "012": 'say "hi"',
        "013": "",
    }
    quoted = {key: '"' + name.replace('"', '""') + '"' for key, name in names.items()}
    load_text("timezones", "store_id,timezone_str\n" + "".join(f"{key},UTC\n" for key in names))
    load_text("entities", "store_id,name,group\n" + "".join(f"{key},{name},{name}\n" for key, name in quoted.items()))
    made = make(resources, tmp_path, period="2023-01", by="month", excel="de")
    rows = list(csv.DictReader(made["uptime_excel.csv"].read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert [(row["store_id"], row["name"], row["group"], row["period"]) for row in rows] == [
        ('="007"', '="=SUM(A1)"', '="=SUM(A1)"', '="2023-01"'),
        ('="008"', '="+49 30"', '="+49 30"', '="2023-01"'),
        ('="009"', '="-5"', '="-5"', '="2023-01"'),
        ('="010"', '="@home"', '="@home"', '="2023-01"'),
        ('="011"', '="1-2"', '="1-2"', '="2023-01"'),
        ('="012"', '="say ""hi"""', '="say ""hi"""', '="2023-01"'),
        ('="013"', "", "", '="2023-01"'),
    ]


def test_a_text_that_is_too_long_for_a_formula_keeps_its_apostrophe(tmp_path: Path) -> None:
    path = tmp_path / "uptime.csv"
    long = "'=" + "9" * 300
    path.write_text(f"store_id,name\n1,{long}\n")
    made = write_for_excel(Artifact(path, "text/csv", rows=1), "en")
    assert made.path.read_text(encoding="utf-8-sig").splitlines()[1] == f'"=""1""",{long}'


def test_a_key_is_never_more_than_a_text_to_excel(tmp_path: Path) -> None:
    path = tmp_path / "uptime.csv"
    long = "9" * 300
    path.write_text(f'store_id,uptime_last_week\n"a""&cmd()&""",1.00\n{long},2.00\n')
    made = write_for_excel(Artifact(path, "text/csv", rows=2), "en")
    cells = [row[0] for row in csv.reader(made.path.read_text(encoding="utf-8-sig").splitlines())]
    assert cells == ["store_id", '="a""&cmd()&"""', long]
