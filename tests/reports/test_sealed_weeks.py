"""Reports and explanations have the same bytes whether the weeks that they read are sealed, half of them, or none."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.reports import exact_uptime
from app.reports.kinds import uptime
from app.reports.kinds.uptime import UPTIME
from app.reports.uptime import drilldown, ranges, windows
from app.series.sealed import format as sealed_format
from app.series.sealed import reading
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from app.timeline import LATEST
from tests import sealed
from tests.conftest import fresh_resources
from tests.kinds import context_of, source_of
from tests.reference.uptime import DAY
from tests.reports.test_uptime import clear, load_case
from tests.strategies import UptimeCase, examples, uptime_case

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


def bytes_of(resources: Resources, params: Any) -> dict[str, bytes]:
    """The files of a report with these parameters, which are resolved, and what is said of each of its stores."""
    with TemporaryDirectory() as folder:
        files = UPTIME.produce(context_of(resources, Path(folder)), params)
        found = {file.path.name: file.path.read_bytes() for file in files}
    with resources.engine.connect() as connection:
        keys = connection.exec_driver_sql("SELECT key FROM entity WHERE kind = 'store'").scalars().all()
    for key in keys if params.stores is None else params.stores:
        said = drilldown.explain(source_of(resources), resources.settings, params, key)
        found[f"explanation of {key}"] = said.model_dump_json().encode()
    return found


def resolved(resources: Resources, asked: dict[str, Any]) -> Any:
    with resources.engine.connect() as connection:
        return UPTIME.resolve(connection, UPTIME.params.model_validate(asked))[0]


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
                weeks = sealed.weeks_of(resources)
                half = weeks[first % len(weeks) :: 2] if weeks else []
                sealed.seal(resources, half, file_bytes=1500)
                assert bytes_of(resources, params) == expected
                sealed.seal(resources, [week for week in weeks if week not in half], file_bytes=1500)
                assert bytes_of(resources, params) == expected

        agree()
