"""Commits through files and snapshots in any order, beside a slow twin."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, text

from app.ids import new_id
from app.ingest.policy import Policy
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.conftest import fresh_resources, load_file
from tests.reference.commits import Commit, Commits, File, Told
from tests.strategies import examples

ARRIVALS = [datetime(2024, 3, 2, 22, tzinfo=UTC) + timedelta(hours=hours) for hours in range(4)]
#: When commits may have been authored. Files differ in this where a clock was mended, or an export cut the seconds off.
AUTHORED = [datetime(2024, 2, 29, hour, tzinfo=UTC) for hour in (22, 23)]
REPOS = ("openhours/api", "openhours/web")

IDS = {arrived: new_id(arrived) for arrived in ARRIVALS}


class Killed(Exception):
    """The process ends before Postgres has the commit."""


@st.composite
def histories(draw: st.DrawFn) -> list[File]:
    """Files in any order, some of them more than once."""
    rows = st.builds(
        Commit,
        st.sampled_from(REPOS),
        st.sampled_from("ab"),
        st.sampled_from([*AUTHORED, None]),
        st.sampled_from([None, 1, 2]),
        st.sampled_from([False, False, False, True]),
    )
    named = st.lists(rows, min_size=1, max_size=4, unique_by=lambda row: (row.repo, row.sha)).map(tuple)
    known = [File(arrived, draw(st.booleans()), draw(named)) for arrived in ARRIVALS]
    return draw(st.lists(st.sampled_from(known), min_size=1, max_size=5))


def load(resources: Resources, file: File, path: Path) -> None:
    has_additions = any(row.additions is not None for row in file.rows)
    rows = [
        ",".join(
            [row.repo, row.sha, *2 * ["" if row.authored_at is None else row.authored_at.isoformat()]]
            + [str(row.is_dropped).lower()]
            + (["" if row.additions is None else str(row.additions)] if has_additions else [])
        )
        for row in file.rows
    ]
    header = "repo,sha,authored_at,committed_at,dropped" + (",additions" if has_additions else "")
    path.write_text("\n".join([header, *rows, ""]))
    how = Policy(is_snapshot=file.is_snapshot)
    load_file(resources, "commits", path, dataset_id=IDS[file.arrived], policy=how, now=file.arrived)


def standing(resources: Resources, repo: str) -> dict[str, Told]:
    query = text("SELECT sha, authored_at, additions FROM commit JOIN entity ON entity.id = repo_id WHERE key = :repo")
    with resources.engine.connect() as connection:
        return {row.sha: (row.authored_at, row.additions) for row in connection.execute(query, {"repo": repo})}


def known_until(resources: Resources, repo: str) -> datetime | None:
    query = text("SELECT until FROM repo_seen JOIN entity ON entity.id = entity_id WHERE key = :repo")
    with resources.engine.connect() as connection:
        return connection.scalar(query, {"repo": repo})


def load_killed(resources: Resources, file: File, path: Path) -> None:
    """A load whose process ends before Postgres has the commit."""

    def end(_: Connection) -> None:
        raise Killed

    event.listen(resources.engine, "commit", end)
    try:
        with pytest.raises(Killed):
            load(resources, file, path)
    finally:
        event.remove(resources.engine, "commit", end)


def test_in_whatever_order_files_of_commits_come_those_of_the_last_snapshot_and_since_stand(
    servers: Addresses, session_settings: Settings, tmp_path: Path
) -> None:
    with fresh_resources(servers, session_settings) as resources:

        @settings(max_examples=int(os.environ.get("HISTORIES") or examples(120)))
        @given(histories(), st.integers(0, 9))
        def agree(files: list[File], killed: int) -> None:
            with resources.engine.begin() as connection:
                connection.execute(text("TRUNCATE commit, commit_gone, repo_seen, entity CASCADE"))
            twin = Commits()
            for at, file in enumerate(files):
                note(f"{file}")
                if at == killed:
                    load_killed(resources, file, tmp_path / "commits.csv")
                    continue
                load(resources, file, tmp_path / "commits.csv")
                twin.files.append(file)
            for repo in REPOS:
                assert standing(resources, repo) == twin.standing(repo)
                assert known_until(resources, repo) == twin.until(repo)

        agree()


def test_a_snapshot_is_all_there_is_of_a_repository_in_every_case_of_its_letters(
    resources: Resources, tmp_path: Path
) -> None:
    for first, then in ((0, 1), (1, 0)):
        files = [
            File(ARRIVALS[0], False, (Commit("OpenHours/API", "a", AUTHORED[0]),)),
            File(ARRIVALS[1], True, (Commit("openhours/api", "b", AUTHORED[0]),)),
        ]
        with resources.engine.begin() as connection:
            connection.execute(text("TRUNCATE commit, commit_gone, repo_seen, entity CASCADE"))
        for at in (first, then):
            load(resources, files[at], tmp_path / "commits.csv")
        assert standing(resources, "OpenHours/API") == {}
        assert standing(resources, "openhours/api").keys() == {"b"}


def test_an_older_file_fills_what_a_newer_one_leaves_empty_and_drops_nothing_of_it(
    resources: Resources, tmp_path: Path
) -> None:
    path = tmp_path / "commits.csv"

    def bring(arrived: datetime, header: str, *rows: str) -> None:
        path.write_text("\n".join([header, *rows, ""]))
        load_file(resources, "commits", path, dataset_id=IDS[arrived], now=arrived)

    header = "repo,sha,authored_at,committed_at,parents,additions"
    older, newer = ARRIVALS[:2]
    bring(newer, header, "acme/api,a,2024-02-29T22:00:00Z,2024-02-29T22:00:00Z,1,")
    bring(older, header, "acme/api,a,2024-02-29T20:00:00Z,2024-02-29T20:00:00Z,2,7")
    bring(older, "repo,sha,dropped", "acme/api,a,true")
    query = text("SELECT sha, authored_at, parents, additions FROM commit")
    with resources.engine.connect() as connection:
        told = connection.execute(query).all()
    assert told == [("a", datetime(2024, 2, 29, 22, tzinfo=UTC), 1, 7)]
    bring(newer, "repo,sha,dropped", "acme/api,a,true")
    with resources.engine.connect() as connection:
        assert not connection.execute(query).all()
