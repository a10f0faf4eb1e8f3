"""Whatever who may only read sends, the database and the bucket stay as they are."""

from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import inspect

from app.storage.postgres import driver_cursor
from app.storage.resources import Resources
from app.web.server import serving
from tests.conformance.made_up import sent
from tests.conftest import SAMPLE_DATA, load_file
from tests.strategies import PROFILE, examples
from tests.web.gate.people import People
from tests.web.test_addressed import with_settings

PHASES = "examples,coverage,fuzzing,stateful" if PROFILE == "long" else "examples"

#: What a request leaves behind whoever sends it: that it was refused, that a link was made, when a key was last used.
ABOUT_REQUESTS = {"audit", "audit_event", "token"}

#: One's own address of e-mail, which everybody may change.
OWN = "^/me$"

#: Of the key: longer than the time before its end in which the service itself tells of it, which is a change.
LASTS_SECONDS = 60 * 24 * 3600


@pytest.fixture
def watched(resources: Resources) -> Resources:
    for kind in ("polls", "hours", "timezones"):
        load_file(resources, kind, SAMPLE_DATA / f"{kind}.csv")
    resources.object_store.put_bytes(b"of a report", "reports/1/uptime.csv", media_type="text/csv")
    return resources


def dumped(resources: Resources) -> dict[str, str]:
    """Every row of every table, and every object of the bucket with what tells its content."""
    with resources.engine.connect() as connection:
        tables = [name for name in inspect(connection).get_table_names() if name not in ABOUT_REQUESTS]
        rows = {}
        for table in tables:
            copied = StringIO()
            with driver_cursor(connection) as cursor:
                cursor.copy_expert(f'COPY (SELECT one::text FROM "{table}" AS one ORDER BY 1) TO STDOUT', copied)
            rows[table] = copied.getvalue()
    rows["bucket"] = repr(sorted(map(repr, (item for page in resources.object_store.pages("") for item in page))))
    return rows


def test_made_up_requests_with_the_key_of_a_viewer_change_nothing(watched: Resources, tmp_path: Path) -> None:
    people = People(watched.engine)
    key = people.credential(people.user("viewer", "viewer"), lasts=LASTS_SECONDS).text
    people.user("root", "admin")
    before = dumped(watched)
    assert before["poll"] or any(name.startswith("poll") and rows for name, rows in before.items())
    assert before["bucket"] != "[]"
    with serving(with_settings(watched, auth="on"), slots=0) as address:
        done = sent(
            address,
            tmp_path,
            *("--max-examples", str(examples(10)), "--phases", PHASES, "--checks", "not_a_server_error"),
            *("--exclude-path-regex", OWN, "--header", f"Authorization: Bearer {key}"),
        )
        assert done.returncode == 0, done.stdout
        assert " selected" in done.stdout
    assert dumped(watched) == before
