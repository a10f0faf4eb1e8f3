"""Rows made anew from the pages that were kept, and reading again from an instant or from nothing."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.jobs.kind import JobKind
from app.sources import backfill, register
from app.sources.github.kind import GITHUB
from app.sources.reprocess import REPROCESS_JOB
from app.sources.stream import Stream, read_stream
from app.storage.resources import Resources
from tests.github import World, serve
from tests.github.changes import Changes
from tests.github.server import Github
from tests.sources.syncing import TOKEN, add_source, one, rows, run_next, sync
from tests.sources.test_sync import PULLS, truth

#: How many pull requests were read in all.
READ = "SELECT coalesce(sum(rows_read), 0) FROM dataset WHERE kind = 'pull_requests'"

EXACT = "SELECT * FROM pull_request ORDER BY repo_id, number"


@pytest.fixture
def github() -> Iterator[Github]:
    world = World(seed=3)
    world.token(TOKEN)
    world.create_repository("acme/api")
    Changes(world, 3, only=("open", "review", "merge")).steps(30)
    world.pass_seconds(3600)
    with serve(world) as fake:
        yield fake


def collected(resources: Resources, github: Github) -> None:
    """Three syncs, between which pull requests change."""
    add_source(resources, github.address)
    sync(resources, asked=False)
    changes = Changes(github.world, 4, only=("review", "merge", "open"))
    for _ in range(2):
        changes.steps(6)
        github.world.pass_seconds(3600)
        sync(resources)


def reprocess(resources: Resources, *, kind: JobKind = REPROCESS_JOB) -> None:
    with resources.engine.begin() as connection:
        source = register.named(connection, "hub")
        backfill.reprocess(connection, source, stream="pull_requests", since=None)
    assert run_next(resources, kind=kind)


def otherwise(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """Have the stream of pull requests say something else."""
    known = dict(GITHUB.streams())
    document = known["pull_requests"].model_dump(mode="json", by_alias=True)
    stream: Stream = read_stream(document | changes)
    kind = GITHUB
    monkeypatch.setitem(register.SOURCE_KINDS, "github", _replaced(kind, known | {"pull_requests": stream}))


def _replaced(kind: object, streams: dict[str, Stream]) -> object:
    from dataclasses import replace

    return replace(kind, streams=lambda: streams)  # type: ignore[type-var]


def test_the_same_pages_give_the_same_rows_without_a_request(resources: Resources, github: Github) -> None:
    collected(resources, github)
    before, asked = rows(resources, EXACT), len(github.asked)
    assert rows(resources, PULLS) == truth(github)
    with resources.engine.begin() as connection:
        connection.execute(text("DELETE FROM pull_request"))
    reprocess(resources)
    assert rows(resources, EXACT) == before
    assert len(github.asked) == asked
    assert one(resources, "SELECT count(*) FROM dataset WHERE kind = 'pull_requests'") == 3


def test_another_rule_for_what_becomes_a_row_takes_the_others_out(
    resources: Resources, github: Github, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected(resources, github)
    otherwise(monkeypatch, version=2, keep="merged_at")
    reprocess(resources)
    assert rows(resources, PULLS) == [row for row in truth(github) if row[4] is not None]
    assert rows(resources, "SELECT DISTINCT options -> 'pages' ->> 'version' FROM dataset") == [("2",)]


def test_a_kind_that_is_new_in_a_stream_gets_datasets_of_the_old_pages(
    resources: Resources, github: Github, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected(resources, github)
    first = GITHUB.streams()["pull_requests"].rows[0].model_dump(mode="json", by_alias=True)
    entities = {"into": "entities", "columns": {"entity_kind": "'team'", "entity": "base.ref"}}
    otherwise(monkeypatch, rows=[first, entities])
    reprocess(resources)
    kinds = rows(resources, "SELECT kind, count(*), count(DISTINCT raw_key) FROM dataset GROUP BY 1 ORDER BY 1")
    assert kinds[0] == ("entities", 3, 3)
    assert ("pull_requests", 3, 3) in kinds
    assert rows(resources, PULLS) == truth(github)


def test_a_reset_has_everything_read_again_from_an_instant_or_from_nothing(
    resources: Resources, github: Github
) -> None:
    collected(resources, github)
    everything = len(truth(github))
    latest = max(pull.updated_at for pull in next(iter(github.world.repositories.values())).pulls.values())
    for since, expected in ((None, everything), (latest, 1), (latest + timedelta(seconds=1), 0)):
        with resources.engine.begin() as connection:
            source = register.named(connection, "hub", for_update=True)
            backfill.reset(connection, source, streams=["pull_requests"], since=since)
        before = one(resources, READ)
        assert sync(resources, asked=False) == 1
        assert one(resources, READ) - before == expected
    assert rows(resources, PULLS) == truth(github)
