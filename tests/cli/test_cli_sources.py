"""The commands about sources: what they say fits 80 columns, and no token is in it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.storage.resources import Resources
from tests.access.secrets_seen import dump_of
from tests.commands import CommandLine, free_port
from tests.github import Github, World, serve

TOKEN = "ghp_of_a_terminal_0123456789abcdefghijkl"


@pytest.fixture
def github() -> Iterator[Github]:
    settled = 120  # so long ago was the last push, so that the next sync need not ask for it again
    world = World(seed=5, now=datetime.now(UTC) - timedelta(seconds=settled))
    world.token(TOKEN)
    for name in ("web", "old-web"):
        world.create_repository(f"acme/{name}")
    world.pass_seconds(settled)
    with serve(world) as github:
        yield github


@pytest.fixture
def cli(fresh_cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """Commands that know where a token is, and a key to encrypt it with."""
    monkeypatch.setenv("OPENHOURS_SECRET_KEY", "a key of this test with 32 letters")
    monkeypatch.setenv("MY_TOKEN", f"{TOKEN}\n")
    return fresh_cli


def test_a_source_is_added_viewed_paused_and_removed(cli: CommandLine, github: Github, resources: Resources) -> None:
    repos = ("--repos", "acme/*", "--repos", "!acme/old-*")
    there = ("--token-env", "MY_TOKEN", "--address", github.address, "--stream", "pull_requests")
    said = cli("sources", "add", "github", *repos, *there)
    assert (said.code, said.err) == (0, "")
    assert "acme: 1 repository is read: acme/web." in said.out.splitlines()
    assert said.out.splitlines()[-1] == "github is added; openhours sources sync github --wait reads it now"
    listed = cli("sources", "list").out.splitlines()
    assert [line.split() for line in listed] == [
        ["source", "reads", "last", "read", "state"],
        ["github", "acme/*,", "!acme/old-*", "never", "ok"],
    ]
    shown = cli("sources", "show", "github").out.splitlines()
    assert shown[0] == f"github: {github.address}, acme/*, !acme/old-*"
    assert shown[1].startswith("token: stored; 4,99")
    assert shown[2:] == [
        "read up to: not everything is read yet",
        "last sync: waits to begin",
        "repositories: none yet",
        "gaps: 0",
        "",
        "pull_requests  -                  of 0",
    ]
    assert cli("sources", "pause", "github").out.startswith("Paused by ")
    paused = cli("sources", "sync", "github")
    assert (paused.code, "source_paused" in paused.err) == (2, True)
    assert cli("sources", "resume", "github").out == "github goes on\n"
    assert "will be done by a server; with --wait, this command does it" in cli("sources", "sync", "github").out
    assert cli("sources", "remove", "github").out == "github removed; the rows that it has read stay\n"
    gone = cli("sources", "show", "github")
    assert (gone.code, gone.out) == (2, "")
    assert "There is no source 'github', and no other; add one with openhours sources add." in gone.err
    assert TOKEN not in dump_of(resources.engine)


def test_sync_reads_what_there_is_and_a_second_one_little(
    cli: CommandLine, github: Github, resources: Resources
) -> None:
    there = ("--token-env", "MY_TOKEN", "--address", github.address, "--stream", "repositories")
    assert cli("sources", "add", "github", "--repos", "acme/*", *there, "--no-check").code == 0
    said = cli("sources", "sync", "github", "--wait")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert re.fullmatch(r"read up to: 20.*Z, 0 minutes ago", lines[2])
    # The worker of this command may have begun the first sync, of adding, before this one was asked for.
    assert re.fullmatch(r"last sync: complete at 20.*Z after \d+ s: [02] records, \d+ requests", lines[3])
    assert lines[4:6] == ["repositories: 2 ok", "gaps: 0"]
    with resources.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM entity WHERE kind = 'repository'")) == 2
    again = cli("sources", "sync", "github", "--wait").out.splitlines()
    assert re.fullmatch(r"last sync: complete at .*: 0 records, \d requests", again[3])
    shown = cli("sources", "repositories", "github").out.splitlines()
    assert [line.split()[:3] for line in shown[1:]] == [["acme/old-web", "main", "ok"], ["acme/web", "main", "ok"]]


def test_a_token_that_ends_pauses_the_source_and_sync_says_why(cli: CommandLine, github: Github) -> None:
    there = ("--token-env", "MY_TOKEN", "--address", github.address)
    assert cli("sources", "add", "github", "--repos", "acme/*", *there).code == 0
    github.world.tokens[TOKEN].revoked = True
    said = cli("sources", "sync", "github", "--wait")
    assert (said.code, "token_refused" in said.err) == (1, True)
    assert "paused: " in said.out
    assert cli("sources", "list").out.splitlines()[1].split()[-1] == "paused"
    again = cli("sources", "sync", "github")
    assert (again.code, "source_paused" in again.err) == (2, True)


def test_nothing_is_stored_that_cannot_be_read(
    cli: CommandLine, github: Github, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = ("--address", github.address)
    missing = cli("sources", "add", "github", "--repos", "acme/*", "--token-env", "NO_TOKEN", *there)
    assert (missing.code, "the variable NO_TOKEN is not set, or empty" in missing.err) == (2, True)
    misspelt = cli("sources", "add", "github", "--repos", "acne/*", "--token-env", "MY_TOKEN", *there)
    assert (misspelt.code, "acne: there is no organisation or user of this name" in misspelt.err) == (2, True)
    away = f"http://127.0.0.1:{free_port()}"
    nobody = cli("sources", "add", "github", "--repos", "acme/*", "--token-env", "MY_TOKEN", "--address", away)
    assert (nobody.code, "source_unavailable" in nobody.err, away in nobody.err) == (1, True, True)
    wrong = "ghp_that_nobody_knows_0123456789"
    monkeypatch.setenv("MY_TOKEN", wrong)
    refused = cli("sources", "add", "github", "--repos", "acme/*", "--token-env", "MY_TOKEN", *there)
    assert (refused.code, "does not accept the token" in refused.err) == (2, True)
    assert wrong not in refused.err
    with resources.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM source")) == 0


def test_gaps_are_told_with_their_reasons_within_80_columns(cli: CommandLine, resources: Resources) -> None:
    cli("sources", "add", "github", "--repos", "acme/*", "--token-env", "MY_TOKEN", "--no-check")
    assert cli("sources", "gaps", "github").err == "nothing is missing\n"
    with resources.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO source_gap (source_id, stream, code, message, since, closed_at) "
                "SELECT id, stream, 'x', message, since::timestamptz, closed_at::timestamptz FROM source, (VALUES "
                "('teams', 'The token lacks read:org, without which GitHub tells nobody who is on which team.', "
                "'2026-11-20T06:30:00Z', NULL), ('releases', 'It was off.', NULL, '2026-11-21T00:00:00Z')) "
                "AS gap (stream, message, since, closed_at)"
            )
        )
    assert cli("sources", "gaps", "github").out.splitlines() == [
        "teams since 2026-11-20 06:30Z",
        "  The token lacks read:org, without which GitHub tells nobody who is on which",
        "  team.",
    ]
    every = cli("sources", "gaps", "github", "--all").out.splitlines()
    assert every[0] == "releases, read after all at 2026-11-21 00:00Z"
    assert "gaps: 1 (openhours sources gaps github)" in cli("sources", "show", "github").out.splitlines()
