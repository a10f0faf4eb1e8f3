"""Reports and explanations have the same bytes whether the weeks that they read are sealed, half of them, or none."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import SealedWeekDamaged
from app.reports import exact_uptime, store_ranges
from app.reports.kinds import uptime
from app.reports.kinds.uptime import UptimeParams
from app.reports.registry import REPORT_KINDS
from app.reports.uptime import drilldown, ranges, windows
from app.series.sealed import format as sealed_format
from app.series.sealed import reading
from app.series.sealed import seal as seal_module
from app.series.sealed.seal import Outcome
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from app.timeline import LATEST
from tests import sealed
from tests.conftest import fresh_resources
from tests.kinds import context_of, source_of
from tests.reference.uptime import DAY
from tests.reports.test_uptime import clear, load_case
from tests.series.sealed import weeks
from tests.series.sealed.weeks import FIRST, SECOND, at, bring, some_polls
from tests.strategies import UptimeCase, examples, uptime_case

T = TypeVar("T")

#: One of each way of reading: the windows and a range, both accountings, all stores at once or one after the other.
ASKED: list[dict[str, Any]] = [
    {"hourly": True},
    {"accounting": "exact", "min_outage_minutes": 45},
    {"by": "day", "compare_to": "previous"},
    {"accounting": "exact", "by": "week", "zone": "Asia/Kathmandu"},
]


@pytest.fixture
def in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a few row groups of a few polls, which are read with a request each."""
    monkeypatch.setattr(sealed_format, "GROUP_ROWS", 4)
    monkeypatch.setattr(reading, "SPAN_BYTES", 1)


def files_of(resources: Resources, params: UptimeParams) -> dict[str, bytes]:
    """The files of a report with these parameters, which are resolved."""
    with TemporaryDirectory() as folder:
        files = REPORT_KINDS["uptime"].produce(context_of(resources, Path(folder)), params)
        return {file.path.name: file.path.read_bytes() for file in files}


def bytes_of(resources: Resources, params: UptimeParams) -> dict[str, bytes]:
    """The same, and what is said of each of its stores."""
    found = files_of(resources, params)
    with resources.engine.connect() as connection:
        keys = connection.exec_driver_sql("SELECT key FROM entity WHERE kind = 'store'").scalars().all()
    for key in keys if params.stores is None else params.stores:
        said = drilldown.explain(source_of(resources), resources.settings, params, key)
        found[f"explanation of {key}"] = said.model_dump_json().encode()
    return found


def resolved(resources: Resources, asked: dict[str, Any]) -> UptimeParams:
    with resources.engine.connect() as connection:
        return uptime.resolve(connection, UptimeParams.model_validate(asked))[0]


@pytest.mark.usefixtures("in_small_pieces")
def test_random_reports_have_the_same_bytes_sealed_half_sealed_and_unsealed(
    servers: Addresses, session_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uptime, "database_now", lambda _: LATEST)  # some cases are years ahead
    with fresh_resources(servers, session_settings) as resources:

        @given(
            case=uptime_case(),
            asked=st.sampled_from(ASKED),
            days=st.integers(1, 9),
            stores=st.sampled_from(["all at once", "one after the other", "chosen"]),
            first=st.integers(0, 3),
        )
        @settings(max_examples=examples(40))
        def agree(case: UptimeCase, asked: dict[str, Any], days: int, stores: str, first: int) -> None:
            clear(resources)
            load_case(resources, case, tmp_path)
            asked = {**asked, "as_of": case.as_of, "lookback_hours": case.lookback_hours}
            if "by" in asked:
                asked["from"] = case.as_of - days * DAY
            if stores == "chosen" and case.polls:
                asked["stores"] = [case.polls[0].store_id]
            params = resolved(resources, asked)
            with monkeypatch.context() as patch:
                if stores == "one after the other":
                    patch.setattr(windows, "GRID_CELLS", 1)
                    patch.setattr(ranges, "CELLS", 1)
                    patch.setattr(exact_uptime, "POLLS_HELD", 1)
                expected = bytes_of(resources, params)
                mondays = sealed.weeks_of(resources)
                half = mondays[first % len(mondays) :: 2] if mondays else []
                sealed.seal(resources, half, file_bytes=1500)
                assert bytes_of(resources, params) == expected
                sealed.seal(resources, [week for week in mondays if week not in half], file_bytes=1500)
                assert bytes_of(resources, params) == expected

        agree()


@pytest.fixture
def params(resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UptimeParams:
    """Of a report on two weeks, of which the first is sealed, that reads one store after the other."""
    bring(resources, some_polls(), tmp_path)
    sealed.seal(resources, [FIRST])
    monkeypatch.setattr(exact_uptime, "POLLS_HELD", 1)
    asked = {"accounting": "exact", "from": "2023-01-16", "to": "2023-01-30", "by": "day", "as_of": at(SECOND, 9000)}
    return resolved(resources, asked)


def in_between(monkeypatch: pytest.MonkeyPatch, act: Callable[[], T]) -> list[T]:
    """Have a report act, in another thread, between the first store and the second; returns what that returns."""
    original, returned = store_ranges.read_entities, []

    def read_and_act(*given: Any, **options: Any) -> Any:
        found = original(*given, **options)
        if options["after"] and not returned:
            with ThreadPoolExecutor(1) as other:
                returned.append(other.submit(act).result())
        return found

    monkeypatch.setattr(store_ranges, "read_entities", read_and_act)
    return returned


def test_a_report_reads_its_snapshot_while_a_late_file_unseals_a_week(
    resources: Resources, params: UptimeParams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files_of(resources, params)
    late = [(f"store {store}", "inactive", at(FIRST, 9000)) for store in range(4)]
    done = in_between(monkeypatch, lambda: bring(resources, late, tmp_path))
    assert files_of(resources, params) == before
    assert (len(done), weeks.sealed(resources)) == (1, [])
    after = files_of(resources, params)
    assert after["uptime.csv"] != before["uptime.csv"]


def test_a_week_is_not_sealed_under_a_report_that_reads_it(
    resources: Resources, params: UptimeParams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal_module, "_WAIT_MS", 50)
    before = files_of(resources, params)
    done = in_between(monkeypatch, lambda: weeks.seal_week(resources, SECOND, tmp_path).outcome)
    assert files_of(resources, params) == before
    assert (done, weeks.sealed(resources)) == ([Outcome.BUSY], [FIRST])
    sealed.seal(resources, [SECOND])
    assert files_of(resources, params) == before


def test_a_report_that_lacks_a_file_of_a_sealed_week_says_which(resources: Resources, params: UptimeParams) -> None:
    (key,) = weeks.in_bucket(resources)
    resources.object_store.remove([key])
    with pytest.raises(SealedWeekDamaged, match=key):
        files_of(resources, params)
    with pytest.raises(SealedWeekDamaged, match=key):
        drilldown.explain(source_of(resources), resources.settings, params, "store 1")
