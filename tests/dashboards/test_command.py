"""``openhours dashboards`` as whoever runs the servers gives it."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.dashboards import refresh as refresh_module
from app.dashboards.role import readers
from app.storage.resources import Addresses, Resources
from tests.access.audit_rows import rows_of
from tests.commands import CommandLine, point_at
from tests.dashboards.world import bring_text, view

POLLS = "store_id,status,timestamp_utc\n" + "".join(f"a,active,2024-11-{day:02}T12:00:00Z\n" for day in range(4, 25))


@pytest.fixture
def cli(
    resources: Resources,
    servers: Addresses,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> CommandLine:
    point_at(monkeypatch, resources, servers, tmp_path / "home")
    return CommandLine(monkeypatch, capsys)


@pytest.fixture
def role(resources: Resources) -> Iterator[str]:
    name = f"views_{uuid.uuid4().hex[:8]}"
    yield name
    with resources.engine.begin() as connection:
        if connection.scalar(text("SELECT true FROM pg_roles WHERE rolname = :name"), {"name": name}):
            connection.exec_driver_sql(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}; DROP ROLE {name}")


def test_refresh_does_all_that_is_due_says_so_and_is_recorded(
    cli: CommandLine, resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_text(resources, "polls", POLLS, tmp_path)
    monkeypatch.setattr(refresh_module, "MOST_WEEKS", 2)
    done = cli("dashboards", "refresh")
    assert done.code == 0, done.err
    rows = len(view(resources, "uptime_day"))
    assert rows >= 2 * 21
    assert f"openhours_uptime_day: {rows} rows changed\n" in done.out
    assert {row["weeks_due"] for row in view(resources, "openhours_refresh", order="1")} == {0}
    assert cli("dashboards", "refresh").out == "nothing has changed since the views were refreshed last\n"
    again = cli("dashboards", "refresh", "--all").out
    assert again.count(": 0 rows changed\n") == 4
    (first, *_) = [row for row in rows_of(resources.engine, after=0) if row.action == "dashboards.refresh"]
    assert first.detail["rows"] == rows
    assert first.detail["weeks"] >= 3


def test_a_role_is_made_with_the_password_of_a_variable_and_taken_away(
    cli: CommandLine, resources: Resources, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIEWS_PASSWORD", "a long password")
    done = cli("dashboards", "role", role, "--password-env", "VIEWS_PASSWORD")
    assert (done.code, done.out) == (0, f"{role} reads the views; jobs refresh them after loads\n")
    with resources.engine.connect() as connection:
        assert readers(connection) == [role]
    assert cli("dashboards", "role", role, "--remove").out == f"{role} no longer reads the views\n"
    with resources.engine.connect() as connection:
        assert readers(connection) == []
    told = [(row.action, row.object_id) for row in rows_of(resources.engine, after=0)]
    assert told == [("dashboards.allow", role), ("dashboards.forbid", role)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "Give one of --password-env, --existing and --remove."),
        (("--existing", "--remove"), "Give one of"),
        (("--password-env", "NOT_SET"), "the variable NOT_SET is not set, or empty"),
        (("--existing",), "the server has no such role"),
        (("--remove",), "does not read the dashboard views; no role does"),
    ],
)
def test_what_goes_wrong_is_said(cli: CommandLine, role: str, options: tuple[str, ...], said: str) -> None:
    done = cli("dashboards", "role", role, *options)
    assert done.code == 2
    assert said in " ".join(done.err.split())
