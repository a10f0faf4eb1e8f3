"""Pull requests in Postgres: which of several rows stands, what is taken out again, and what a report reads."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, Engine, text

from app.flow.instants import INSTANTS
from app.flow.pull_requests import PullRequests
from app.series import pull_requests
from app.series.entities import REPOSITORY, TEAM
from app.series.pull_requests import Chosen
from app.storage.resources import Resources
from app.timeline import MISSING
from tests.engine import micros
from tests.series.made import ensure_entities

Row = Mapping[str, Any]


def at(hour: int, *, day: int = 4) -> datetime:
    return datetime(2024, 11, day, hour, tzinfo=UTC)


@pytest.fixture
def ids(resources: Resources) -> dict[str, int]:
    """Ids of two repositories and two teams, whose order is not that of their names."""
    with resources.engine.begin() as connection:
        repos = ensure_entities(connection, REPOSITORY, ["org/b"]) | ensure_entities(connection, REPOSITORY, ["org/a"])
        return repos | ensure_entities(connection, TEAM, ["Web"]) | ensure_entities(connection, TEAM, ["Data"])


def pull(ids: Mapping[str, int], repo: str, number: int, *, line: int = 1, **values: Any) -> Row:
    defaults = {"team_id": None, "author": None, "head_sha": None, "created_at": at(9), **dict.fromkeys(INSTANTS[1:])}
    return {"line": line, "repo_id": ids[repo], "number": number, **defaults, **values}


def staged(connection: Connection, rows: Sequence[Row]) -> None:
    pull_requests.stage(connection)
    names = list(rows[0])
    columns, values = ", ".join(names), ", ".join(f":{name}" for name in names)
    connection.execute(text(f"INSERT INTO {pull_requests.STAGED} ({columns}) VALUES ({values})"), list(rows))


def merged(engine: Engine, *rows: Row) -> int:
    with engine.begin() as connection:
        staged(connection, rows)
        return pull_requests.merge(connection)


def removed(engine: Engine, *rows: Row) -> int:
    with engine.begin() as connection:
        staged(connection, rows)
        return pull_requests.remove(connection)


def stored(engine: Engine, columns: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        query = text(f"SELECT {columns} FROM pull_request ORDER BY repo_id, number")
        return [tuple(row) for row in connection.execute(query)]


def test_the_row_of_the_last_line_stands_whenever_it_was_staged(resources: Resources, ids: dict[str, int]) -> None:
    rows = [pull(ids, "org/a", 1, line=line, author=f"line {line}") for line in (2, 9, 10, 3)]
    assert merged(resources.engine, *rows, pull(ids, "org/b", 1, author="other")) == 2
    assert sorted(stored(resources.engine, "author")) == [("line 10",), ("other",)]


def test_what_is_loaded_again_unchanged_is_not_written_again(resources: Resources, ids: dict[str, int]) -> None:
    row = pull(ids, "org/a", 1, author="ada", team_id=ids["Web"], merged_at=at(12))
    merged(resources.engine, row, pull(ids, "org/a", 2))
    before = stored(resources.engine, "number, xmin::text")
    assert merged(resources.engine, row, pull(ids, "org/a", 2, closed_at=at(13))) == 2
    after = stored(resources.engine, "number, xmin::text")
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_removal_leaves_what_was_loaded_since(resources: Resources, ids: dict[str, int]) -> None:
    rows = [pull(ids, "org/a", number, author="ada") for number in (1, 2, 3)]
    merged(resources.engine, *rows)
    merged(resources.engine, {**rows[1], "merged_at": at(12)}, {**rows[2], "author": None})
    assert removed(resources.engine, *rows) == 1
    assert stored(resources.engine, "number") == [(2,), (3,)]
    # What nobody knew in the file and nobody knows now is the same.
    assert removed(resources.engine, {**rows[2], "author": None}) == 1


def read(engine: Engine, *, as_of: datetime | None = None, **options: Any) -> PullRequests:
    with engine.connect() as connection:
        return pull_requests.read(connection, as_of=as_of or at(23), chosen=Chosen(**options))


def test_what_happened_after_the_instant_is_missing_but_for_the_end_of_a_draft(
    resources: Resources, ids: dict[str, int]
) -> None:
    later = dict.fromkeys(INSTANTS[1:], at(12))
    merged(resources.engine, pull(ids, "org/a", 1, **later), pull(ids, "org/a", 2, created_at=at(12)))
    at_once = read(resources.engine, as_of=at(12))
    assert sorted(at_once.number.tolist()) == [1, 2]
    before = read(resources.engine, as_of=at(11))
    assert before.number.tolist() == [1]
    known = {name: values.item() for name, values in before.instants.items()}
    assert known == {
        "created_at": micros(at(9)),
        **dict.fromkeys(INSTANTS[1:], MISSING),
        "ready_at": micros(at(12)),
    }
    assert len(read(resources.engine, as_of=at(8))) == 0


def test_columns_are_arrays_with_a_mark_where_there_is_nothing(resources: Resources, ids: dict[str, int]) -> None:
    merged(resources.engine, pull(ids, "org/b", 7))
    found = read(resources.engine)
    assert (found.repo_id.tolist(), found.number.tolist()) == ([ids["org/b"]], [7])
    assert (found.team_id.tolist(), found.author.tolist()) == ([0], [""])
    assert found.instants["merged_at"].tolist() == [MISSING]
    assert {values.dtype for values in found.instants.values()} == {np.dtype(np.int64)}


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ({}, [1, 2, 3]),
        ({"since": at(10)}, [2, 3]),
        ({"until": at(10)}, [1]),
        ({"since": at(10), "until": at(11)}, [2]),
        ({"since": at(12)}, []),
    ],
)
def test_the_beginning_of_a_range_is_in_it_and_its_end_is_not(
    resources: Resources, ids: dict[str, int], options: dict[str, Any], numbers: list[int]
) -> None:
    merged(resources.engine, *(pull(ids, "org/a", number, created_at=at(8 + number)) for number in (1, 2, 3)))
    assert sorted(read(resources.engine, **options).number.tolist()) == numbers


def test_repositories_and_teams_choose_together(resources: Resources, ids: dict[str, int]) -> None:
    merged(
        resources.engine,
        pull(ids, "org/a", 1, team_id=ids["Web"]),
        pull(ids, "org/a", 2, team_id=ids["Data"]),
        pull(ids, "org/b", 3, team_id=ids["Web"]),
        pull(ids, "org/b", 4),
    )

    def numbers(**options: Any) -> list[int]:
        return sorted(read(resources.engine, **options).number.tolist())

    assert numbers(team_ids=[ids["Web"]]) == [1, 3]
    assert numbers(team_ids=[ids["Web"], ids["Data"]], repo_ids=[ids["org/a"]]) == [1, 2]
    assert numbers(repo_ids=[ids["org/b"]]) == [3, 4]
    assert numbers(team_ids=[]) == numbers(repo_ids=[]) == []


def test_the_latest_instant_may_be_of_anything_that_happened(resources: Resources, ids: dict[str, int]) -> None:
    with resources.engine.connect() as connection:
        assert pull_requests.latest(connection) is None
    merged(resources.engine, pull(ids, "org/a", 1, ci_finished_at=at(15)), pull(ids, "org/a", 2, created_at=at(14)))
    with resources.engine.connect() as connection:
        assert pull_requests.latest(connection) == at(15)


def test_ci_had_finished_with_the_last_job_of_the_last_run_of_the_last_commit(
    resources: Resources, ids: dict[str, int]
) -> None:
    merged(
        resources.engine,
        pull(ids, "org/a", 1, head_sha="abc"),
        pull(ids, "org/a", 2, head_sha="abc", ci_finished_at=at(11)),  # told by its source
        pull(ids, "org/a", 3),
        pull(ids, "org/a", 4, head_sha="def"),
        pull(ids, "org/b", 1, head_sha="abc"),  # another repository
        pull(ids, "org/b", 2, head_sha="123"),
    )
    with resources.engine.begin() as connection:
        for repo, run, sha, status, hour in (
            *(("org/a", 1, "abc", "completed", 22), ("org/a", 2, "abc", "completed", 14)),
            *(("org/a", 3, "abc", "in_progress", 20), ("org/b", 4, "123", "completed", 16)),
        ):
            connection.execute(
                text(
                    "INSERT INTO workflow_run (repo_id, run_id, attempt, status, head_sha, updated_at) "
                    "VALUES (:repo, :run, 1, :status, :sha, :at)"
                ),
                {"repo": ids[repo], "run": run, "status": status, "sha": sha, "at": at(hour)},
            )
        for job, hour in ((1, 12), (2, 13)):  # of the first run, which was touched at 22:00
            connection.execute(
                text(
                    "INSERT INTO workflow_job (repo_id, job_id, run_id, attempt, completed_at) "
                    "VALUES (:repo, :job, 1, 1, :at)"
                ),
                {"repo": ids["org/a"], "job": job, "at": at(hour)},
            )
    found = read(resources.engine)
    finished = found.instants["ci_finished_at"].tolist()
    keys = zip(found.repo_id.tolist(), found.number.tolist(), strict=True)
    assert dict(zip(keys, finished, strict=True)) == {
        (ids["org/a"], 1): micros(at(14)),
        (ids["org/a"], 2): micros(at(11)),
        (ids["org/a"], 3): MISSING,
        (ids["org/a"], 4): MISSING,
        (ids["org/b"], 1): MISSING,
        (ids["org/b"], 2): micros(at(16)),
    }
