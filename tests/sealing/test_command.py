"""``openhours seal`` as whoever runs the servers gives it."""

from pathlib import Path

import pytest
from sqlalchemy import select

from app.series.sealed import seal as seal_module
from app.series.snapshots import take_snapshot
from app.series.tables import sealed_object
from app.storage.resources import Addresses, Resources
from tests.access.audit_rows import rows_of
from tests.commands import CommandLine, point_at
from tests.series.sealed.weeks import FIRST, SECOND, bring, kept, sealed, some_polls

POLLS = some_polls(stores=2, each=5)


@pytest.fixture
def cli(
    resources: Resources,
    servers: Addresses,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> CommandLine:
    bring(resources, POLLS, tmp_path)
    point_at(monkeypatch, resources, servers, tmp_path / "home")
    return CommandLine(monkeypatch, capsys)


def test_all_weeks_are_sealed_and_brought_back(cli: CommandLine, resources: Resources) -> None:
    done = cli("seal", "--all")
    assert done.code == 0
    assert done.out.startswith("2 weeks sealed: 20 polls, ")
    assert done.out.endswith(" bytes a poll\n")
    assert done.err == f"sealing: week of {FIRST} (50%)\nsealing: week of {SECOND} (100%)\n"
    assert (sealed(resources), kept(resources)) == ([FIRST, SECOND], sorted(POLLS))
    assert cli("seal", "--all").out == "0 weeks sealed: 0 polls, 0 bytes\n"
    back = cli("seal", "--undo")
    assert (back.code, back.out) == (0, "2 weeks unsealed\n")
    assert (sealed(resources), kept(resources)) == ([], sorted(POLLS))
    assert [(row.action, row.object_id) for row in rows_of(resources.engine, after=0)] == [
        ("polls.seal", str(FIRST)),
        ("polls.seal", str(SECOND)),
        ("polls.unseal", str(FIRST)),
        ("polls.unseal", str(SECOND)),
    ]


def test_a_damaged_week_keeps_no_other_one_from_coming_back(cli: CommandLine, resources: Resources) -> None:
    assert cli("seal", "--all").code == 0
    with resources.engine.connect() as connection:
        key = connection.scalar(select(sealed_object.c.key).where(sealed_object.c.week == FIRST))
    whole = resources.object_store.get_bytes(key)
    resources.object_store.put_bytes(whole[:-9], key, media_type="application/octet-stream")
    said = cli("seal", "--undo")
    assert said.code == 1
    assert f"{key} in the bucket" in said.err
    assert said.err.endswith("All other weeks, 1, are back in Postgres.\n")
    assert sealed(resources) == [FIRST]
    resources.object_store.put_bytes(whole, key, media_type="application/octet-stream")
    assert cli("seal", "--undo").out == "1 week unsealed\n"
    assert kept(resources) == sorted(POLLS)


def test_without_all_only_what_is_due_is_sealed(
    cli: CommandLine, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("seal").out == "0 weeks sealed: 0 polls, 0 bytes\n"
    monkeypatch.setenv("OPENHOURS_SEAL_AFTER_DAYS", "never")
    said = cli("seal")
    assert (said.code, said.out) == (0, "0 weeks sealed: 0 polls, 0 bytes\n")
    assert "--all seals every week" in said.err
    assert sealed(resources) == []


def test_weeks_that_are_read_all_the_time_are_left_and_the_command_fails(
    cli: CommandLine, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal_module, "_WAIT_MS", 20)
    monkeypatch.setattr(seal_module, "TRIES", 1)
    with take_snapshot(resources.engine):
        said = cli("seal", "--all")
    assert said.code == 1
    assert "2 weeks could not be sealed" in said.err
    assert sealed(resources) == []


def test_all_and_undo_contradict_each_other(cli: CommandLine) -> None:
    said = cli("seal", "--all", "--undo")
    assert said.code == 2
    assert "--all and --undo contradict" in said.err
