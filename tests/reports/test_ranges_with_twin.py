"""The report of a range through files and the database against the twin: every row and column of uptime.csv."""

import csv
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.reports.kinds import uptime
from app.reports.kinds.uptime import UPTIME
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from app.timeline import LATEST
from tests.conftest import fresh_resources, load_file
from tests.kinds import context_of
from tests.period_strategies import RangeCase, range_case
from tests.reference.exact import Poll
from tests.reference.periods import Exact, Hourly, Row, outages
from tests.reference.schedule import ROUND_THE_CLOCK, Dated, Entity
from tests.reference.uptime import DAY, MICROSECOND
from tests.reports.test_uptime import clear
from tests.strategies import examples

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ReportCase:
    """One report of several stores, which are asked the same."""

    stores: dict[str, RangeCase]

    @property
    def one(self) -> RangeCase:
        return next(iter(self.stores.values()))


@st.composite
def report_case(draw: st.DrawFn) -> ReportCase:
    first = draw(range_case())
    others = draw(st.lists(range_case(), max_size=2))
    accounting = first.accounting
    accounting = Hourly() if isinstance(accounting, Hourly) else replace(accounting, own_max_gap=None)
    return ReportCase(
        {
            key: RangeCase(
                from_files(case.entity, key),
                moved(case.polls, first.asked.as_of - case.asked.as_of),
                first.asked,
                accounting,
            )
            for key, case in zip(("9", "10", "b"), [first, *others], strict=False)
        }
    )


def moved(polls: list[Poll], by: timedelta) -> list[Poll]:
    return [replace(poll, at=poll.at + by) for poll in polls]


def from_files(entity: Entity, key: str) -> Entity:
    """What files can say of it: versions have windows; nobody else uses its calendars."""
    return replace(
        entity,
        versions=tuple(version for version in entity.versions if any(version.week)),
        calendars=tuple(replace(use, calendar=f"{key} {use.calendar}") for use in entity.calendars),
        active_from=None,
        active_to=None,
        default=ROUND_THE_CLOCK,
    )


def load_stores(resources: Resources, case: ReportCase, folder: Path) -> None:
    """Load a file of each kind; of hours one for each version, as those of one file may not overlap."""
    stores = {key: one.entity for key, one in case.stores.items()}
    uses = [(key, use) for key, entity in stores.items() for use in entity.calendars]
    files = {
        "polls.csv": ["store_id,status,timestamp_utc"]
        + [f"{key},{poll.status},{poll.at.isoformat()}" for key, one in case.stores.items() for poll in one.polls],
        "timezones.csv": ["store_id,timezone_str,valid_from"]
        + [f"{key},{zone.zone},{said(zone.valid_from)}" for key, entity in stores.items() for zone in entity.zones],
        "exceptions.csv": ["store_id,date,what,start_time_local,end_time_local,name"]
        + [line for key, entity in stores.items() for dated in entity.exceptions for line in lines_of(key, dated)],
        "holidays.csv": ["calendar,date,what,start_time_local,end_time_local,name"]
        + [line for _, use in uses for dated in use.days for line in lines_of(use.calendar, dated)],
        "calendars.csv": ["store_id,calendar,valid_from,valid_to"]
        + [f"{key},{use.calendar},{said(use.valid_from)},{said(use.valid_to)}" for key, use in uses],
    }
    for number in range(3):
        files[f"hours.{number}.csv"] = ["store_id,day,start_time_local,end_time_local,valid_from,valid_to"] + [
            f"{key},{weekday},{opens},{closes},{said(version.valid_from)},{said(version.valid_to)}"
            for key, entity in stores.items()
            for version in entity.versions[number : number + 1]
            for weekday, hours in enumerate(version.week)
            for opens, closes in hours
        ]
    for name, lines in files.items():
        if len(lines) > 1:
            (folder / name).write_text("\n".join(lines) + "\n")
            load_file(resources, name.partition(".")[0], folder / name, now=case.one.asked.as_of + 400 * DAY)


def said(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def lines_of(owner: str, dated: Dated) -> list[str]:
    """A line for each window of a date, or one without."""
    return [f"{owner},{dated.on},{dated.what},{begin},{end},{dated.name}" for begin, end in dated.hours or (("", ""),)]


def params_of(case: RangeCase) -> dict[str, object]:
    asked, how = case.asked, case.accounting
    found = {
        "from": asked.first.isoformat(),
        "to": asked.last.isoformat(),
        "as_of": asked.as_of,
        "by": asked.by,
        "zone": asked.zone,
        "lookback_hours": asked.lookback // timedelta(hours=1),
        "accounting": "exact" if isinstance(how, Exact) else "hourly",
    }
    if isinstance(how, Exact):
        found |= {"min_outage_minutes": how.ignore_outages_under // MINUTE}
        found |= {} if how.max_gap is None else {"max_gap_minutes": how.max_gap // MINUTE}
    return found


def written(key: str, row: Row) -> dict[str, object]:
    """A row of the twin as uptime.csv has it."""
    times = {"open": row.open, "uptime": row.up, "downtime": row.down, "unknown": row.unknown}
    times |= {} if row.carried is None else {"carried": row.carried}
    shares = {
        "availability": row.availability,
        "availability_low": row.low,
        "availability_high": row.high,
        "coverage": row.coverage,
    }
    found = {
        "store_id": key,
        "period_start": row.start,
        "period_end": row.end,
        "complete": str(row.complete).lower(),
        **{f"{name}_hours": decimals(hours(time), 6) for name, time in times.items()},
        **{f"{name}_percent": "" if share is None else decimals(share, 4) for name, share in shares.items()},
        "polls": str(row.polls),
    }
    if row.outages is not None:
        longest = "" if row.longest is None else decimals(60 * hours(row.longest), 2)
        found |= {"outages": str(row.outages), "longest_outage_minutes": longest}
        found |= {"mttr_minutes": "" if row.mttr is None else decimals(row.mttr, 2)}
        found |= {"max_gap_minutes": decimals(60 * hours(row.max_gap), 2)}
    return found


def read_rows(path: Path) -> list[dict[str, object]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def listed(path: Path) -> list[list[object]]:
    """The rows of outages.csv: store, beginning, end, open minutes, and the first and the last poll."""
    return [
        [
            row["store_id"],
            datetime.fromisoformat(row["began_at"]),
            None if row["ongoing"] == "true" else datetime.fromisoformat(row["ended_at"]),
            row["open_minutes"],
            *(datetime.fromisoformat(row[f"{which}_poll_at"]) for which in ("first", "last")),
        ]
        for row in read_rows(path)
    ]


def outages_of(case: ReportCase, key: str) -> list[list[object]]:
    """The same of the twin."""
    one = case.stores[key]
    found = outages(one.entity, one.polls, one.asked, one.accounting)
    return [
        [
            key,
            outage.began_at,
            outage.ended_at,
            decimals(60 * hours(outage.open), 2),
            outage.first_poll_at,
            outage.last_poll_at,
        ]
        for outage in found
    ]


def hours(time: timedelta) -> Fraction:
    return Fraction(time // MICROSECOND, 3_600_000_000)


def decimals(value: Fraction, places: int) -> str:
    """Rounded half up."""
    whole = int(value * 10**places + Fraction(1, 2))
    return f"{whole // 10**places}.{whole % 10**places:0{places}}"


def test_random_ranges_agree_with_the_twin_through_the_database(
    servers: Addresses, session_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uptime, "database_now", lambda _: LATEST)
    with fresh_resources(servers, session_settings) as resources:

        @given(case=report_case())
        @settings(max_examples=examples(40))
        def agree(case: ReportCase) -> None:
            expected = [written(key, row) for key in sorted(case.stores) for row in case.stores[key].rows()]
            if not expected:
                return
            clear(resources)
            with resources.engine.begin() as connection:
                connection.execute(text("TRUNCATE calendar_day"))
            load_stores(resources, case, tmp_path)
            with resources.engine.connect() as connection:
                params, _ = UPTIME.resolve(connection, UPTIME.params.model_validate(params_of(case.one)))
            files = UPTIME.produce(context_of(resources, tmp_path), params)
            rows = read_rows(files[0].path)
            for row in rows:
                del row["period"]
                row |= {edge: datetime.fromisoformat(row[edge]) for edge in ("period_start", "period_end")}
            assert rows == expected
            if isinstance(case.one.accounting, Exact):
                assert listed(files[1].path) == [told for key in sorted(case.stores) for told in outages_of(case, key)]

        agree()
