"""Holidays of a country as a file that can be loaded."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from app.commands.calendar import calendar
from app.entities.ics import holidays_in
from app.errors import InvalidParameters
from app.storage.resources import Resources
from tests.conftest import LoadText, load_file


def run(*arguments: str) -> str:
    done = CliRunner().invoke(calendar, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_its_file_is_loaded_as_a_calendar(resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "bavaria.csv"
    run("from-country", "DE", "--subdivision", "BY", "--years", "2026-2027", "--output", str(path))
    loaded = load_file(resources, "holidays", path)
    assert loaded.rows_rejected == 0
    with resources.engine.connect() as connection:
        days = set(connection.execute(text("SELECT calendar, on_date::text, what FROM calendar_day")).all())
    # Epiphany and All Saints' are holidays in Bavaria, Corpus Christi 2026 was the 4th of June.
    for on in ("2026-01-06", "2026-06-04", "2026-11-01", "2026-12-25", "2027-12-26"):
        assert ("public:DE-BY", on, "closed") in days
    assert not [on for _, on, _ in days if on[:4] not in {"2026", "2027"}]


def test_names_come_in_the_language_that_is_asked_for() -> None:
    assert "public:US,2026-12-25,closed,Christmas Day\n" in run(
        "from-country", "US", "--years", "2026", "--language", "en_US"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("XX", "--years", "2026"), "no country 'XX'"),
        (("DE", "--years", "2026", "--subdivision", "ZZ"), "no subdivision 'ZZ'; allowed: BB"),
        (("DE", "--years", "2026", "--category", "bank"), "no holidays of category 'bank'; allowed: catholic"),
        (("DE", "--years", "2026", "--language", "xx"), "no names in 'xx'; allowed: de"),
        (("DE", "--years", "next"), "--years is 'next'; allowed: a year such as 2026"),
        (("DE", "--years", "2028-2026"), "allowed: up to 50 years between 1970 and 2099"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(InvalidParameters, match=re.escape(said)):
        run("from-country", *arguments)


ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//
{}END:VCALENDAR
"""


DAY = "DTSTART;VALUE=DATE:20240101"


def holidays_of(path: Path, *, first_year: int) -> list[tuple[str, str]]:
    return holidays_in(path.read_bytes(), name=str(path), first_year=first_year)


def event(*lines: str) -> str:
    return "".join(f"{line}\n" for line in ("BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT"))


def written(folder: Path, *events: str) -> Path:
    path = folder / "own.ics"
    path.write_text(ICS.format("".join(events)))
    return path


def test_all_day_events_are_holidays_once_or_yearly(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        event("SUMMARY:Inventory", "DTSTART;VALUE=DATE:20270104", "DTEND;VALUE=DATE:20270106"),
        event("SUMMARY:Eve\\, late", "DTSTART;VALUE=DATE:20201224", "RRULE:FREQ=YEARLY;UNTIL=20271231T000000Z"),
        event("SUMMARY:Thanks", "DTSTART;VALUE=DATE:20201126", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=7"),
        event("SUMMARY:Off", "STATUS:CANCELLED", "DTSTART;VALUE=DATE:20270201"),
        event("SUMMARY:Also", "DTSTART;VALUE=DATE:20270105"),
    )
    assert holidays_of(path, first_year=2026) == [
        ("2026-11-26", "Thanks"),
        ("2026-12-24", "Eve, late"),
        ("2027-01-04", "Inventory"),
        ("2027-01-05", "Inventory; Also"),
        ("2027-12-24", "Eve, late"),
    ]
    forever = written(tmp_path, event("DTSTART;VALUE=DATE:20201224", "RRULE:FREQ=YEARLY"))
    assert [day for day, _ in holidays_of(forever, first_year=2026)] == [f"{2026 + year}-12-24" for year in range(20)]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("DTSTART:20270104T090000Z",), "is not all day"),
        (("DTSTART;VALUE=DATE:20270104", "RRULE:FREQ=MONTHLY"), "otherwise than FREQ=YEARLY"),
        (("DTSTART;VALUE=DATE:20270104", "RRULE:FREQ=YEARLY;BYHOUR=5"), "otherwise than FREQ=YEARLY"),
        (("DTSTART;VALUE=DATE:20270104", "EXDATE;VALUE=DATE:20280104"), "has EXDATE, which is not read"),
        (("DTSTART;VALUE=DATE:20270104", "DTEND;VALUE=DATE:20300104"), "is 1096 days long; at most 366"),
        (("SUMMARY:none",), "is not all day"),
    ],
)
def test_other_events_have_the_file_refused(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    with pytest.raises(InvalidParameters, match=re.escape(said)):
        holidays_of(written(tmp_path, event(*lines)), first_year=2026)


def test_a_rule_from_long_ago_gives_the_same_dates() -> None:
    """Thursdays after the third one of November, and leap days: both go on for 28 years before they repeat."""
    events = event("SUMMARY:T", "DTSTART;VALUE=DATE:19011128", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH")
    events += event("SUMMARY:L", "DTSTART;VALUE=DATE:19040229", "RRULE:FREQ=YEARLY")
    events += event("SUMMARY:C", "DTSTART;VALUE=DATE:19040701", "RRULE:FREQ=YEARLY;INTERVAL=61;COUNT=3")
    found = holidays_in(ICS.format(events).encode(), name="own", first_year=2026)
    assert [day for day, title in found if title == "T"][:3] == ["2026-11-26", "2027-11-25", "2028-11-23"]
    assert [day for day, title in found if title == "L"] == [f"{year}-02-29" for year in (2028, 2032, 2036, 2040, 2044)]
    assert [day for day, title in found if title == "C"] == ["2026-07-01"]


def daily_for_a_year(*lines: str) -> str:
    return event("SUMMARY:All", "DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20270101", *lines)


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (event("SUMMARY:" + "x" * 500_000, "DTSTART:20270104T090000Z"), "event 'xxx"),
        (event("DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=SECONDLY"), "repeats otherwise than FREQ=YEARLY"),
        (daily_for_a_year("RRULE:FREQ=YEARLY") * 3, "has more than 20,000 days in its events"),
        (event("SUMMARY:x" + "\n x" * 41_000), "has 41,008 lines; at most 40,000"),
        # No such day comes; each takes the library a third of a second.
        (
            event("SUMMARY:never", "DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30") * 200,
            "take longer than 0.1 s to work out; the last one looked at is 'never'",
        ),
    ],
    ids=["long name", "every second", "many days", "many lines", "never"],
)
def test_79_what_would_take_long_is_refused_with_a_reason(
    events: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.entities.ics.MOST_SECONDS", 0.1 if "never" in said else 60)
    with pytest.raises(InvalidParameters) as refused:
        holidays_in(ICS.format(events).encode(), name="own", first_year=2026)
    assert said in refused.value.message
    assert len(refused.value.message) < 1000


def test_a_file_that_is_no_calendar_or_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.ics"
    with pytest.raises(InvalidParameters, match="cannot be read"):
        run("import", str(path), "--name", "own")
    path.write_text("date,name\n2026-12-24,Eve\n")
    with pytest.raises(InvalidParameters, match="is not an iCalendar file"):
        holidays_of(path, first_year=2026)
    path.write_bytes(b"\x1b[31m\x00\x9bBEGIN:VCALENDAR")
    with pytest.raises(InvalidParameters, match="is not an iCalendar file") as refused:
        holidays_of(path, first_year=2026)
    assert refused.value.message.isprintable()
    path.write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\n")
    with pytest.raises(InvalidParameters, match=r"it is damaged, cut off, or has lines without a name; export"):
        holidays_of(path, first_year=2026)
    path.write_bytes(b" " * (2**20 + 1))
    with pytest.raises(InvalidParameters, match="larger than 1,048,576 bytes"):
        holidays_of(path, first_year=2026)
    with pytest.raises(InvalidParameters, match="has 2,001 events; at most 2,000"):
        holidays_of(written(tmp_path, event("DTSTART;VALUE=DATE:20270104") * 2001), first_year=2026)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("DTSTART;VALUE=DATE:20241301",), "has DTSTART '20241301', which is not a date such as 20241231"),
        (("DTSTART;VALUE=DATE:2024\x1b[31m",), r"has DTSTART '2024\x1b[31m', which is not a date"),
        ((DAY, "DTEND;VALUE=DATE:20241301"), "has DTEND '20241301', which is not a date such as 20241231"),
        ((DAY, "DURATION:PTX"), "has DURATION 'PTX', which is not a duration such as P2D"),
        ((DAY, "RRULE:FREQ=DAILY;UNTIL=garbage"), "has RRULE 'FREQ=DAILY;UNTIL=garbage', which is not a rule such as"),
        ((DAY, "RRULE:FREQ=YEARLY;INTERVAL=0"), "'FREQ=YEARLY;INTERVAL=0', which is not a rule that can be followed"),
        ((DAY, "RRULE:FREQ=YEARLY;BYDAY=40MO;BYMONTH=13"), "which is not a rule that can be followed"),
        ((DAY, DAY), "has DTSTART more than once; give it once"),
    ],
)
def test_what_the_parser_cannot_read_is_told_as_the_file_has_it(
    tmp_path: Path, lines: tuple[str, ...], said: str
) -> None:
    with pytest.raises(InvalidParameters) as refused:
        holidays_of(written(tmp_path, event(*lines)), first_year=2026)
    assert said in refused.value.message
    assert "\x1b" not in refused.value.message


def test_calendars_are_listed_shown_and_compared(
    resources: Resources, load_text: LoadText, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def opened(_: object) -> Iterator[tuple[None, Resources]]:
        yield None, resources

    monkeypatch.setattr("app.commands.opening.resources", opened)
    load_text("holidays", "calendar,date,name\nown,2027-01-04,Inventory\nown,2027-01-05,Ale\nown,2027-03-01,Gone\n")
    assert "own" in run("list")
    assert "own,2027-03-01,closed,,,Gone\n" in run("show", "own")
    path = written(
        tmp_path,
        event("SUMMARY:Inventory", "DTSTART;VALUE=DATE:20270104"),
        event("SUMMARY:Also", "DTSTART;VALUE=DATE:20270105"),
        event("SUMMARY:New", "DTSTART;VALUE=DATE:20270601"),
    )
    assert run("import", str(path), "--name", "own", "--diff").splitlines() == [
        "~ 2027-01-05 closed Ale -> closed Also",
        "- 2027-03-01 closed Gone",
        "+ 2027-06-01 closed New",
    ]
    target = tmp_path / "own.csv"
    run("import", str(path), "--name", "own", "--output", str(target))
    load_file(resources, "holidays", target)
    assert run("import", str(path), "--name", "own", "--diff") == ""
    assert [line.partition(" ")[0] for line in run("import", str(path), "--name", "b", "--diff").splitlines()] == [
        "+"
    ] * 3
