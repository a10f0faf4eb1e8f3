"""Reports whose ranges of stores are done as pieces, by the bucket alone, have the bytes of one process."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.charts import files as charts
from app.pieces.here import Here
from app.reports import spread, store_figures
from app.reports.kinds import uptime
from app.reports.kinds.uptime import UptimeParams
from app.reports.registry import REPORT_KINDS
from app.reports.uptime.week_charts import WeekOfStores
from app.reports.uptime_summary import MOST_BUDGETS, Tally
from app.series import polls
from app.settings import Settings
from app.storage.object_store import ObjectStore
from app.storage.resources import Addresses, Resources
from app.timeline import LATEST
from app.timeline.horizon import Horizon
from tests import sealed
from tests.conftest import LoadText, fresh_resources
from tests.kinds import context_of
from tests.reference.uptime import DAY
from tests.reports.test_sealed_weeks import resolved
from tests.reports.test_uptime import clear, load_case
from tests.series.sealed.weeks import FIRST, SECOND, at, bring, some_polls
from tests.strategies import UptimeCase, examples, uptime_case

#: Nobody listens there.
NOBODY = "tcp://127.0.0.1:9"

#: One of each accounting, of windows and of ranges.
ASKED: list[dict[str, Any]] = [
    {"target_percent": 90},
    {"accounting": "exact", "min_outage_minutes": 45, "target_percent": 99.9},
    {"by": "day", "compare_to": "previous", "target_percent": 50, "max_fill_hours": 2},
    {"accounting": "exact", "by": "week", "zone": "Asia/Kathmandu"},
    {"accounting": "exact", "by": "total", "compare_to": "previous"},
]

Files = dict[str, bytes]


def made(resources: Resources, params: UptimeParams, own: Settings | None = None) -> tuple[Files, list[Any]]:
    """The files of a report, and what it has read and warned of."""
    told: list[Any] = []
    with TemporaryDirectory() as folder:
        context = replace(
            context_of(resources, Path(folder)),
            settings=own or resources.settings,
            has_read=lambda rows, latest: told.append((rows, latest)),
            warn=told.append,
        )
        try:
            files = REPORT_KINDS["uptime"].produce(context, params)
        finally:
            assert [*resources.object_store.pages(context.prefix)] in ([], [[]]), "nothing is left"
        found = {file.path.name: file.path.read_bytes() for file in files}
    read = [one for one in told if isinstance(one, tuple)]
    summed = sum(rows for rows, _ in read), max((latest for _, latest in read if latest is not None), default=None)
    return found, [summed, *(one for one in told if not isinstance(one, tuple))]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Reports of any size are done in pieces, a store or two each, in this process; how many pieces each had."""
    found: list[int] = []

    def runner(own: Settings, store: ObjectStore, folder: Path) -> Any:
        class Counting(Here):
            def run(self, pieces: Any) -> Any:
                found.append(0)
                for result in super().run(pieces):
                    found[-1] += 1
                    yield result

        return Counting(own, store, folder)

    monkeypatch.setattr(store_figures, "runner_of", runner)
    monkeypatch.setattr(store_figures, "is_worth_it", lambda *_: True)
    monkeypatch.setattr(spread, "PIECE_POLLS", 1)
    return found


def in_pieces(resources: Resources, params: UptimeParams) -> tuple[Files, list[Any]]:
    return made(resources, params, resources.settings.model_copy(update={"dask_scheduler": NOBODY}))


def test_random_reports_in_pieces_have_the_same_bytes_sealed_half_sealed_and_unsealed(
    servers: Addresses,
    session_settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    runs: list[int],
) -> None:
    monkeypatch.setattr(uptime, "database_now", lambda _: LATEST)  # some cases are years ahead
    with fresh_resources(servers, session_settings) as resources:

        @given(
            case=uptime_case(),
            asked=st.sampled_from(ASKED),
            days=st.integers(1, 9),
            stores=st.sampled_from(["all", "one"]),
            is_sealed=st.sampled_from([lambda _: True, lambda number: number % 2, lambda _: False]),
        )
        @settings(max_examples=examples(40))
        def agree(
            case: UptimeCase, asked: dict[str, Any], days: int, stores: str, is_sealed: Callable[[int], bool]
        ) -> None:
            clear(resources)
            load_case(resources, case, tmp_path)
            asked = {**asked, "as_of": case.as_of, "lookback_hours": case.lookback_hours}
            if "by" in asked:
                asked["from"] = case.as_of - days * DAY
            if stores == "one" and case.polls:
                asked["stores"] = [case.polls[0].store_id]
            params = resolved(resources, asked)
            sealed.seal(resources, [week for at, week in enumerate(sealed.weeks_of(resources)) if is_sealed(at)])
            expected, before = made(resources, params), len(runs)
            assert in_pieces(resources, params) == expected
            assert len(runs) == before + 1

        agree()


#: All that can be said of stores beside polls, by dataset kind.
SAID = {
    "hours": "store_id,day,start_time_local,end_time_local,valid_from,valid_to\n"
    "store 0,0,09:00,17:00,,\nstore 0,1,22:00,06:00,,\n"
    "store 1,0,08:00,12:00,2023-01-20,\nstore 1,0,00:00,01:00,,2023-01-19\n",
    "timezones": "store_id,timezone_str,valid_from\n"
    "store 0,Europe/Amsterdam,\nstore 1,UTC,\nstore 1,Asia/Tokyo,2023-01-20\n",
    "exceptions": "store_id,date,what,start_time_local,end_time_local,name\n"
    "store 0,2023-01-16,closed,,,Störung\nstore 2,2023-01-16,hours,01:00,02:00,\n",
    "holidays": "calendar,date,what,start_time_local,end_time_local,name\n"
    "feasts,2023-01-23,hours,01:00,02:00,Feast\nfeasts,2023-01-16,closed,,,\n",
    "calendars": "store_id,calendar,valid_from\nstore 2,feasts,\nstore 3,feasts,2023-01-20\n",
    "entities": "store_id,name,group,max_gap_minutes,active_from,active_to\n"
    "store 0,Großer Laden,north,30,,\nstore 1,,north,0,,\nstore 3,Drei,,,2023-01-16,2023-01-23\n",
}


@pytest.mark.parametrize(
    "asked",
    [
        {"charts": True, "target_percent": 50},
        {"accounting": "exact", "by": "day", "from": "2023-01-16", "to": "2023-01-26", "compare_to": "previous"},
    ],
)
def test_all_that_is_said_of_stores_reaches_a_piece(
    resources: Resources,
    load_text: LoadText,
    tmp_path: Path,
    runs: list[int],
    monkeypatch: pytest.MonkeyPatch,
    asked: dict[str, Any],
) -> None:
    monkeypatch.setattr(charts, "png", str.encode)  # what is drawn is told beside the picture
    bring(resources, some_polls(), tmp_path)
    plain = made(resources, resolved(resources, {**asked, "as_of": at(SECOND, 9000)}))
    for kind, rows in SAID.items():
        load_text(kind, rows)
    sealed.seal(resources, [FIRST])
    params = resolved(resources, {**asked, "as_of": at(SECOND, 9000)})
    expected = made(resources, params)
    assert expected[0]["uptime.csv"] != plain[0]["uptime.csv"]
    assert in_pieces(resources, params) == expected
    assert runs == [4]


def test_hours_of_stores_are_written_by_the_process_itself(
    resources: Resources, tmp_path: Path, runs: list[int]
) -> None:
    bring(resources, some_polls(), tmp_path)
    params = resolved(resources, {"hourly": True, "as_of": at(SECOND, 9000)})
    assert in_pieces(resources, params) == made(resources, params)
    assert runs == []


def test_only_what_is_large_and_mostly_sealed_goes_to_a_cluster(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(resources, some_polls(), tmp_path)  # 120 polls a week, of 4 stores

    def goes(**asked: Any) -> bool:
        params = resolved(resources, {"as_of": at(SECOND, 9000), "lookback_hours": 1, **asked})
        with resources.engine.connect() as connection:
            return spread.is_worth_it((connection, ""), uptime.accounting_of(params), params.stores)

    monkeypatch.setattr(polls, "POLL_BYTES", 8192 / 120)  # what a page has
    monkeypatch.setattr(spread, "LEAST_POLLS", 120)
    both = {"from": "2023-01-16", "to": "2023-01-30"}
    assert not goes(**both), "nothing is sealed"
    sealed.seal(resources, [FIRST])
    assert goes(**both)
    assert not goes(**{"from": "2023-01-24"}), "it reads no sealed week"
    assert not goes(**both, stores=["store 1", "store 2", "store 3"]), "of three stores there are 90 polls"
    monkeypatch.setattr(polls, "POLL_BYTES", 8192 / 150)
    assert not goes(**both), "more is not sealed than is"


def test_of_equal_error_budgets_the_keys_decide_however_stores_come() -> None:
    keys = [f"{number:05}" for number in range(3 * MOST_BUDGETS)]
    found = []
    for ranges in ([keys], [keys[::-1]], [keys[2000:], keys[:2000]]):
        tally = Tally(50)
        for some in ranges:
            nothing = np.zeros((len(some), 1), np.int64)
            tally.add(some, ["total"], [nothing + 2, nothing + 1, nothing])
        found.append([key for _, key, _, _ in tally.budgets])
    assert found == [keys[:MOST_BUDGETS]] * 3


def test_weeks_of_charts_add_up_wherever_stores_are_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.timeline.availability.WORST", 4)
    horizon = Horizon.before(at(SECOND, 100), lookback=DAY)
    dice = np.random.default_rng(7)
    # Few hours with a status make many stores of the same availability.
    open_time = np.zeros((40, len(horizon.edges) - 1), np.int64)
    open_time[:, :3] = 60
    status = dice.integers(0, 3, (40, horizon.hours)).astype(np.int8)
    keys = [str(key) for key in dice.permutation(40)]

    def week(ranges: list[slice], *, merges: bool) -> dict[str, Any]:
        whole = WeekOfStores(horizon)
        for some in ranges:
            one = WeekOfStores(horizon) if merges else whole
            one.add(keys[some], open_time[some], status[some], np.zeros_like(status[some], bool))
            if merges:
                whole.merge(one.as_json())
        return whole.as_json()

    expected = week([slice(0, 40)], merges=False)
    for width in (1, 3, 17):
        ranges = [slice(start, start + width) for start in range(0, 40, width)]
        assert week(ranges, merges=True) == week(ranges, merges=False) == expected
