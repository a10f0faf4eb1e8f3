"""Which stores are down now, against a twin that goes through every poll and every minute."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from app.series.down_now import Down, down_now
from app.storage.resources import Resources
from tests.conftest import LoadText, load_file
from tests.strategies import examples

NOW = datetime(2024, 3, 12, 15, 0, tzinfo=UTC)  # a Tuesday, two days after the clocks of New York went forward

GAP = timedelta(minutes=90)

#: Store: zone, and for each weekday from Monday when it is open, in local hours.
HOURS: Mapping[str, tuple[str, Mapping[int, tuple[int, int]]]] = {
    "ny": ("America/New_York", dict.fromkeys(range(5), (9, 17))),
    "berlin": ("Europe/Berlin", dict.fromkeys(range(7), (8, 20))),
    "kolkata": ("Asia/Kolkata", {0: (10, 18)}),
}

Polls = Mapping[str, Sequence[tuple[int, str]]]


def polls_text(polls: Polls) -> str:
    lines = ["store_id,status,timestamp_utc"]
    for store, said in polls.items():
        for minutes, status in said:
            lines.append(f"{store},{status},{(NOW - timedelta(minutes=minutes)).isoformat()}")
    return "\n".join(lines) + "\n"


def hours_text() -> str:
    lines = ["store_id,day,start_time_local,end_time_local"]
    for store, (_, week) in HOURS.items():
        lines += [f"{store},{day},{opens:02}:00:00,{closes:02}:00:00" for day, (opens, closes) in week.items()]
    return "\n".join(lines) + "\n"


def zones_text() -> str:
    return "store_id,timezone_str\n" + "".join(f"{store},{zone}\n" for store, (zone, _) in HOURS.items())


def is_open(store: str, at: datetime) -> bool:
    zone, week = HOURS[store]
    local = at.astimezone(ZoneInfo(zone))
    opens, closes = week.get(local.weekday(), (0, 0))
    return opens <= local.hour < closes


def twin(polls: Polls) -> tuple[dict[str, tuple[datetime, int]], set[str]]:
    """Stores that are down with the beginning of that and the open minutes since, and those that nobody knows."""
    down: dict[str, tuple[datetime, int]] = {}
    unknown: set[str] = set()
    for store, said in polls.items():
        latest = dict(sorted(((NOW - timedelta(minutes=minutes)), status) for minutes, status in said))
        last = max(latest, default=None)
        if last is not None and latest[last] == "active":
            continue
        if last is None or latest[last] == "unknown" or last < NOW - GAP:
            unknown.add(store)
            continue
        since = last
        for at in sorted(latest, reverse=True):
            if latest[at] == "active":
                break
            if latest[at] == "inactive":
                since = at
        minutes = int((NOW - since).total_seconds() // 60)
        down[store] = (since, sum(is_open(store, since + timedelta(minutes=one)) for one in range(minutes)))
    return down, unknown


def compared(found: Sequence[Down]) -> dict[str, tuple[datetime, int]]:
    return {one.key: (one.since, round(one.open_minutes)) for one in found}


STATUSES = st.sampled_from(["active", "inactive", "inactive", "unknown"])
SAID = st.lists(st.tuples(st.integers(1, 4000), STATUSES), max_size=12, unique_by=lambda one: one[0])


def test_nothing_is_down_without_polls(resources: Resources) -> None:
    with resources.engine.connect() as connection:
        assert down_now(connection, now=NOW, max_gap=GAP, keys=None, default_zone="UTC") == ([], frozenset())


def test_against_the_twin(resources: Resources, tmp_path: Path) -> None:
    for kind, text in (("hours", hours_text()), ("timezones", zones_text())):
        path = tmp_path / f"{kind}.csv"
        path.write_text(text)
        load_file(resources, kind, path)

    @given(polls=st.fixed_dictionaries(dict.fromkeys(HOURS, SAID)))
    @settings(max_examples=examples(200))
    def hold(polls: Polls) -> None:
        with resources.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM poll")
        path = tmp_path / "polls.csv"
        path.write_text(polls_text(polls))
        if any(polls.values()):
            load_file(resources, "polls", path)
        with resources.engine.connect() as connection:
            found, unknown = down_now(connection, now=NOW, max_gap=GAP, keys=None, default_zone="UTC")
            one, _ = down_now(connection, now=NOW, max_gap=GAP, keys=["ny"], default_zone="UTC")
        down, nobody_knows = twin(polls)
        assert compared(found) == down
        assert unknown == nobody_knows
        assert compared(one) == {key: value for key, value in down.items() if key == "ny"}

    hold()


def test_a_poll_of_the_future_does_not_count(load_text: LoadText, resources: Resources) -> None:
    load_text("polls", polls_text({"s": [(10, "inactive"), (-5, "active")]}))
    with resources.engine.connect() as connection:
        found, _ = down_now(connection, now=NOW, max_gap=GAP, keys=None, default_zone="UTC")
    assert [one.key for one in found] == ["s"]
