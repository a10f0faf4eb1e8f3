"""Rows that a key identifies, through files into Postgres and out again, beside a slow twin."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.ingest.load import unload
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.conftest import NOW, fresh_resources, load_file
from tests.reference.keyed_rows import Key, KeyedRows, Row
from tests.reports.test_uptime import clear
from tests.strategies import examples

#: Columns of repositories that the files have, with values that their neighbours could be taken for.
VALUES: dict[str, list[Any]] = {
    "external_id": [None, 1, 9_007_199_254_740_993],
    "default_branch": [None, "main", "a,b", 'say "hi"', "two\nlines", "NULL", "\\N", "a\n\\.\nb"],
    "is_fork": [None, True, False],
    "topics": [None, [], ["bug"], ['say "hi"', "a;b", "back\\slash", "{}", "NULL", "店"]],
}

REPOS = ("openhours/api", "Web", "=1+1")

#: A file: the columns that it has beside the key, and its rows.
File = list[tuple[Key, Row]]


@st.composite
def files(draw: st.DrawFn) -> File:
    names = draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True))
    row = st.fixed_dictionaries({name: st.sampled_from(VALUES[name]) for name in names})
    return draw(st.lists(st.tuples(st.tuples(st.sampled_from(REPOS), st.just(0)), row), max_size=5))


def write(file: File, path: Path) -> Path:
    names = list(file[0][1]) if file else []
    lines = [",".join(["repo", *names])]
    lines += [",".join([key[0], *(quoted(row[name]) for name in names)]) for key, row in file]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    return path


def quoted(value: Any) -> str:
    if value is None:
        return ""
    plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return '"' + plain.replace('"', '""') + '"'


def standing(resources: Resources) -> dict[Key, dict[str, Any]]:
    columns = ", ".join(VALUES)
    with resources.engine.connect() as connection:
        rows = connection.execute(
            text(f"SELECT key, {columns} FROM repository JOIN entity ON entity.id = repo_id AND kind = 'repository'")
        ).all()
    return {(key, 0): dict(zip(VALUES, row, strict=True)) for key, *row in rows}


def test_whatever_files_come_and_go_the_rows_are_those_of_the_twin(
    servers: Addresses, session_settings: Settings, tmp_path: Path
) -> None:
    with fresh_resources(servers, session_settings) as resources:

        @settings(max_examples=examples(80))
        @given(st.lists(st.tuples(st.booleans(), files()), min_size=1, max_size=5))
        def agree(steps: list[tuple[bool, File]]) -> None:
            clear(resources)
            with resources.engine.begin() as connection:
                connection.execute(text("TRUNCATE repository"))
            twin = KeyedRows(tuple(VALUES))
            for comes, file in steps:
                path = write(file, tmp_path / "repositories.csv")
                if comes:
                    assert load_file(resources, "repositories", path).rows_accepted == twin.load(file)
                else:
                    kind = DATASET_KINDS["repositories"]
                    assert unload(resources.engine, kind, FileSource(path), now=NOW) == twin.unload(file)
                assert standing(resources) == twin.standing

        agree()


def test_a_row_that_is_dropped_goes_and_comes_again(resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"

    def states_after(*rows: str) -> list[tuple[int, str]]:
        path.write_text("\n".join(["repo,number,review_id,state,dropped", *rows]))
        assert load_file(resources, "reviews", path).rows_accepted == len({row.split(",")[2] for row in rows})
        with resources.engine.connect() as connection:
            found = connection.execute(text("SELECT review_id, state FROM review ORDER BY review_id"))
            return [(row.review_id, row.state) for row in found]

    assert states_after("r,1,11,APPROVED,", "r,1,12,COMMENTED,false") == [(11, "APPROVED"), (12, "COMMENTED")]
    assert states_after("r,1,11,APPROVED,true", "s,1,12,COMMENTED,true") == [(12, "COMMENTED")]
    assert states_after("r,1,11,DISMISSED,true", "r,1,11,DISMISSED,") == [(11, "DISMISSED"), (12, "COMMENTED")]
