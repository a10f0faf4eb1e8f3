"""Files of kind entities: what they say, what stays, what goes."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.errors import RejectedFile
from app.ingest.load import unload
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.storage.resources import Resources
from tests.conftest import LoadText
from tests.ingest.test_unload import NOW

SAID = text(
    "SELECT key, name, group_name, max_gap_minutes, active_from, active_to FROM entity_detail "
    "JOIN entity ON id = entity_id WHERE superseded_at IS NULL ORDER BY kind, key"
)


def said(resources: Resources) -> list[tuple[Any, ...]]:
    with resources.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(SAID)]


def test_a_file_says_what_its_columns_have_and_leaves_the_rest(load_text: LoadText, resources: Resources) -> None:
    load_text("entities", "store_id,name,group,active_from\n1,Main Street,North,2023-01-14\n2,Park,,\n")
    assert said(resources) == [
        ("1", "Main Street", "North", None, date(2023, 1, 14), None),
        ("2", "Park", None, None, None, None),
    ]
    load_text("entities", "store_id,max_gap_minutes,group\n1,0,South\n3,15,\n1,5,\n")
    assert said(resources) == [
        ("1", "Main Street", None, 5, date(2023, 1, 14), None),
        ("2", "Park", None, None, None, None),
        ("3", None, None, 15, None, None),
    ]


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        (
            "store_id,active_from,active_to\n1,2024-01-01,2024-01-01\n\n2,2024-01-02,2024-01-01\n",
            "line 4: store 2: active_to 2024-01-01 is before active_from 2024-01-02",
        ),
        # The first row would be overwritten by the second; it is a mistake all the same.
        (
            "team,active_to,active_from\nA,2020-01-01,2021-01-01\nA,2022-01-01,2021-01-01\n",
            "line 2: team A: active_to 2020-01-01 is before active_from 2021-01-01",
        ),
        # What an earlier file said of the beginning stays.
        (
            "store_id,active_to\n3,2022-12-31\n",
            "line 2: store 3: active_to 2022-12-31 is before active_from 2023-01-14",
        ),
    ],
)
def test_nothing_ends_before_it_begins(load_text: LoadText, resources: Resources, content: str, refused: str) -> None:
    load_text("entities", "store_id,active_from\n3,2023-01-14\n")
    with pytest.raises(RejectedFile) as rejected:
        load_text("entities", content)
    assert rejected.value.message.splitlines() == ["The file of entities contradicts itself:", refused]
    assert said(resources) == [("3", None, None, None, date(2023, 1, 14), None)]


def test_teams_have_details_too(load_text: LoadText, resources: Resources) -> None:
    load_text("entities", "team,name,active_to\nPlatform,The platform,2024-12-31\n")
    assert said(resources) == [("Platform", "The platform", None, None, None, date(2024, 12, 31))]


@pytest.mark.parametrize(
    ("content", "taken_out", "left"),
    [
        ("store_id,max_gap_minutes\n1,0\n2,9\n", 1, ("1", "One", "North", None, None, None)),
        ("store_id,name\n1,Other\n", 0, ("1", "One", "North", 0, None, None)),
        ("store_id,name,group\n1,Other,North\n", 1, ("1", "One", None, 0, None, None)),
        ("store_id,active_from\n1,\n", 0, ("1", "One", "North", 0, None, None)),
    ],
)
def test_a_file_that_is_taken_out_leaves_the_details_that_it_does_not_say(
    load_text: LoadText, resources: Resources, tmp_path: Path, content: str, taken_out: int, left: tuple[Any, ...]
) -> None:
    load_text("entities", "store_id,name,group,max_gap_minutes\n1,One,North,0\n2,Two,South,5\n")
    path = tmp_path / "again.csv"
    path.write_text(content)
    assert unload(resources.engine, DATASET_KINDS["entities"], FileSource(path), now=NOW) == taken_out
    assert said(resources) == [left, ("2", "Two", "South", 5, None, None)]


def test_what_still_is_as_a_file_said_is_taken_out_with_it(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    content = "store_id,name,max_gap_minutes\n1,One,5\n2,Two,\n"
    load_text("entities", content)
    load_text("entities", "store_id,name\n2,Other\n")
    path = tmp_path / "again.csv"
    path.write_text(content)
    assert unload(resources.engine, DATASET_KINDS["entities"], FileSource(path), now=NOW) == 1
    assert said(resources) == [("2", "Other", None, None, None, None)]
