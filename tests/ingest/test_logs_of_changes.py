"""Polls from files that have changes alone: their stores hold a status until it changes."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.ingest.inspection.inspect import inspect
from app.ingest.load import load, unload
from app.ingest.policy import Policy
from app.ingest.registry import DATASET_KINDS
from app.mapping.document import Mapping, read_mapping, with_values
from app.mapping.shipped import shipped
from app.storage.resources import Resources
from tests.cases.test_uptime_cases import Case, figures
from tests.catalogue.bringing import polls
from tests.conftest import NOW
from tests.ingest.checking import Bytes

FILES = Path(__file__).parent.parent / "cases" / "files"
OUTAGES = b"store_id,start,end\na,2023-01-02 10:00:00,2023-01-02 10:10:00\nb,2023-01-03 10:00:00,\n"

ID_OF_B = "(SELECT id FROM entity WHERE key = 'b')"


def gaps(resources: Resources) -> dict[str, tuple[Any, ...]]:
    """The gap and the name of each store that something is said of."""
    query = text(
        "SELECT key, max_gap_minutes, name FROM entity_detail JOIN entity ON id = entity_id "
        "WHERE superseded_at IS NULL ORDER BY key"
    )
    with resources.engine.connect() as connection:
        return {row.key: (row.max_gap_minutes, row.name) for row in connection.execute(query)}


def bring(resources: Resources, content: bytes, mapping: Mapping, **options: Any) -> None:
    how = {"now": NOW, "policy": Policy(mapping=mapping), **options}
    load(resources.engine, DATASET_KINDS["polls"], Bytes(content), **how)


def test_stores_of_outages_get_the_gap_0_which_goes_with_their_rows(resources: Resources) -> None:
    bring(resources, OUTAGES, shipped()["outages"])
    assert gaps(resources) == {"a": (0, None), "b": (0, None)}
    how = {"now": NOW, "policy": Policy(mapping=shipped()["outages"])}
    assert (
        unload(resources.engine, DATASET_KINDS["polls"], Bytes(OUTAGES.splitlines()[0] + b"\na,2023-01-02,\n"), **how)
        == 0
    )
    assert gaps(resources) == {"a": (None, None), "b": (0, None)}


def test_a_gap_that_was_given_before_stays_and_so_do_names(resources: Resources) -> None:
    bring(resources, b"store_id,start,end\na,2023-01-01,\nb,2023-01-01,\n", without_holds())
    assert gaps(resources) == {}
    said = "INSERT INTO entity_detail (entity_id, name, max_gap_minutes, recorded_at) SELECT id, key || '!', "
    with resources.engine.begin() as connection:
        connection.execute(text(said + "CASE key WHEN 'a' THEN 60 END, now() FROM entity"))
    bring(resources, OUTAGES, shipped()["outages"])
    assert gaps(resources) == {"a": (60, "a!"), "b": (0, "b!")}
    policy = Policy(mapping=shipped()["outages"])
    assert unload(resources.engine, DATASET_KINDS["polls"], Bytes(OUTAGES), now=NOW, policy=policy) == 3
    assert gaps(resources) == {"a": (60, "a!"), "b": (None, "b!")}


def test_a_file_that_is_read_again_by_polls_takes_its_gap_back_and_no_other(resources: Resources) -> None:
    bring(resources, OUTAGES, shipped()["outages"], dataset_id="1")
    bring(resources, OUTAGES.replace(b"\na,", b"\nc,"), shipped()["outages"], dataset_id="2")
    assert gaps(resources) == {"a": (0, None), "b": (0, None), "c": (0, None)}
    with resources.engine.begin() as connection:  # what else is said of b in the meantime keeps the gap
        connection.execute(text("UPDATE entity_detail SET superseded_at = now() WHERE entity_id = " + ID_OF_B))
        connection.execute(
            text(
                "INSERT INTO entity_detail (entity_id, name, max_gap_minutes, recorded_at, recorded_by) "
                f"SELECT {ID_OF_B}, 'B', 0, now(), '3'"
            )
        )
    only_b = b"store_id,start,end\nb,2023-01-03 10:00:00,\nc,2023-01-03 10:00:00,\n"
    bring(resources, only_b, without_holds(), dataset_id="1")
    assert gaps(resources) == {"a": (0, None), "b": (None, "B"), "c": (0, None)}
    bring(resources, OUTAGES, without_holds(), dataset_id="4")
    assert gaps(resources) == {"a": (0, None), "b": (None, "B"), "c": (0, None)}


def test_a_gap_0_that_was_given_on_purpose_stays_when_the_file_is_taken_out(resources: Resources) -> None:
    bring(resources, OUTAGES, without_holds())
    with resources.engine.begin() as connection:
        said = f"INSERT INTO entity_detail (entity_id, max_gap_minutes, recorded_at, recorded_by) SELECT {ID_OF_B}"
        connection.execute(text(f"{said}, 0, now(), 'a file of entities'"))
    bring(resources, OUTAGES, shipped()["outages"], dataset_id="1")
    policy = Policy(mapping=shipped()["outages"])
    unload(resources.engine, DATASET_KINDS["polls"], Bytes(OUTAGES), now=NOW, policy=policy, dataset_id="1")
    assert gaps(resources) == {"a": (None, None), "b": (0, None)}


def test_an_outage_that_ends_in_another_one_does_not_end_it(resources: Resources) -> None:
    lines = [
        "store_id,start,end",
        "a,2023-01-02 10:00:00,2023-01-02 10:10:00",
        "a,2023-01-02 10:00:00,2023-01-02 10:30:00",  # begins with the first one
        "a,2023-01-02 10:30:00,2023-01-02 10:40:00",  # begins as the second one ends
        "a,2023-01-02 10:20:00,2023-01-02 10:30:00",
        "a,2023-01-02 11:00:00,",  # nobody knows when it ended
        "a,2023-01-02 12:00:00,2023-01-02 12:10:00",
        "b,2023-01-02 10:05:00,2023-01-02 10:06:00",
    ]
    bring(resources, "\n".join(lines).encode(), shipped()["outages"])
    assert [poll for poll in polls(resources) if poll[2]] == [
        ("a", "2023-01-02 10:40", True),
        ("a", "2023-01-02 12:10", True),
        ("b", "2023-01-02 10:06", True),
    ]


@pytest.mark.parametrize("files", [(0, 1), (1, 0)])
def test_of_two_files_the_first_end_counts_whichever_was_loaded_first(
    resources: Resources, tmp_path: Path, files: tuple[int, int]
) -> None:
    lists = (
        b"store_id,start,end\na,2023-01-02 10:00,2023-01-02 12:00\n",
        b"store_id,start,end\na,2023-01-02 11:00,2023-01-02 11:30\n",
    )
    for number in files:
        bring(resources, lists[number], shipped()["outages"], dataset_id=str(number))
    assert polls(resources) == [
        ("a", "2023-01-02 10:00", False),
        ("a", "2023-01-02 11:00", False),
        ("a", "2023-01-02 11:30", True),
        ("a", "2023-01-02 12:00", True),
    ]
    params = {"from": "2023-01-02T09:00:00Z", "to": "2023-01-02T13:00:00Z"}
    row = figures(resources, tmp_path, Case("2023-01-02T13:00:00Z", {"a": {}}, params), "exact")["a"]
    assert [row[name] for name in ("uptime_hours", "downtime_hours", "unknown_hours", "outages")] == [
        *("1.500000", "1.500000", "1.000000", "1"),
    ]


def without_holds() -> Mapping:
    return shipped()["outages"].model_copy(update={"holds": None})


def test_outages_of_a_real_export_as_it_is_give_the_hours_that_its_owner_counted(
    resources: Resources, tmp_path: Path
) -> None:
    content = (FILES / "internet-down.csv").read_bytes()
    found = inspect(content, name="internet-down.csv", kinds=[DATASET_KINDS["polls"]], now=NOW)
    bring(resources, content, read_mapping(dict(found.proposal.document or {})))
    assert gaps(resources) == {"internet-down": (0, None)}
    # 101 outages, of which six begin with another one: 11,687 s. Before the first one are 66 hours and 404 s.
    row = figures(resources, tmp_path, Case("2020-05-29T20:00:00Z", {"internet-down": {}}), "exact")["internet-down"]
    assert [row[f"{name}_last_week"] for name in ("uptime", "downtime", "unknown", "outages")] == [
        *("98.64", "3.25", "66.11", "95"),
    ]


def test_the_shipped_mapping_reads_a_list_without_a_store_that_is_set(resources: Resources, tmp_path: Path) -> None:
    mapping = with_values(shipped()["outages"], {"store_id": "line 7"})
    bring(resources, (FILES / "internet-down.csv").read_bytes(), mapping)
    assert gaps(resources) == {"line 7": (0, None)}
    # From the first outage on: 11,687 s of 101 hours, 53 minutes and 16 seconds.
    params = {"from": "2020-05-25T14:06:44Z", "to": "2020-05-29T20:00:00Z"}
    row = figures(resources, tmp_path, Case("2020-05-29T20:00:00Z", {"line 7": {}}, params), "exact")["line 7"]
    assert [row[f"{name}_hours"] for name in ("open", "uptime", "downtime", "unknown")] == [
        *("101.887778", "98.641389", "3.246389", "0.000000"),
    ]


@pytest.mark.parametrize("name", shipped())
def test_shipped_mappings_of_changes_hold_and_those_of_polls_do_not(name: str) -> None:
    holds = {"outages", "uptimerobot", "nagios"}
    assert (shipped()[name].holds == "until_changed") == (name in holds)
