"""A report that is made again as it was known at the same instant has the same bytes, whatever was changed since."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.errors import InvalidParameters
from app.reports.kinds import pull_requests, uptime
from app.storage.resources import Resources
from tests.conftest import LoadText
from tests.reports.test_uptime import context_of

#: What changes the open hours of store 1 and of team Web, one after the other.
CHANGES = (
    (
        "hours",
        "entity,entity_kind,day,start_time_local,end_time_local\n1,store,0,10:00,11:00\nWeb,team,0,10:00,11:00\n",
    ),
    ("timezones", "entity,entity_kind,timezone_str\n1,store,Asia/Tokyo\nWeb,team,Asia/Tokyo\n"),
    ("calendars", "entity,entity_kind,calendar\n1,store,c\nWeb,team,c\n"),
    ("holidays", "calendar,date\nc,2023-01-23\n"),
    ("exceptions", "entity,entity_kind,date,what\n1,store,2023-01-23,usual\nWeb,team,2023-01-23,usual\n"),
)

POLLS = "store_id,status,timestamp_utc\n" + "".join(f"1,active,2023-01-23T{hour:02}:30:00Z\n" for hour in range(24))
PULLS = "repo,number,team,author,created_at,merged_at\na,1,Web,x,2023-01-22T00:00:00Z,2023-01-24T00:00:00Z\n"


def made(resources: Resources, folder: Path, as_known_at: datetime | None) -> tuple[list[bytes], datetime]:
    """The tables of both reports, hours of both accountings; and the instant that was fixed."""
    files, known = [], []
    for kind, given in (
        (uptime.UPTIME, {}),
        (uptime.UPTIME, {"accounting": "exact"}),
        (pull_requests.PULL_REQUESTS, {"charts": False}),
    ):
        with resources.engine.connect() as connection:
            params, _ = kind.resolve(connection, kind.params.model_validate(given | {"as_known_at": as_known_at}))
        known.append(params.as_known_at)
        files.append(kind.produce(context_of(resources, folder), params)[0].path.read_bytes())
    return files, known[0]


def test_later_changes_do_not_change_it(load_text: LoadText, resources: Resources, tmp_path: Path) -> None:
    load_text("polls", POLLS)
    load_text("pull_requests", PULLS)
    seen = [made(resources, tmp_path, None)]
    for kind, content in CHANGES:
        load_text(kind, content)
        seen.append(made(resources, tmp_path, None))
    # The hour of Monday is one hour in any zone; the holiday takes it, the exception gives it back.
    for number in range(3):
        whole, hour, moved, used, holiday, usual = (files[number] for files, _ in seen)
        assert hour == moved == used == usual
        assert len({whole, hour, holiday}) == 3
    for files, at in seen:
        assert made(resources, tmp_path, at)[0] == files


def test_what_will_be_known_is_not_known_yet(load_text: LoadText, resources: Resources, tmp_path: Path) -> None:
    load_text("polls", POLLS)
    with pytest.raises(InvalidParameters, match=r"as_known_at: .* is in the future"):
        made(resources, tmp_path, datetime.now(UTC) + timedelta(hours=1))
