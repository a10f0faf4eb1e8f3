"""Installs: what a file covers, what it replaces, and that a 0 was counted."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from app.errors import RejectedFile
from app.flow.activity import MonthState, recent, timeline, total
from app.ids import new_id
from app.ingest.kind import Coverage, Covers
from app.ingest.load import unload
from app.ingest.policy import Policy
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.series import activity
from app.series.activity import Activity
from app.series.entities import PROJECT, REPOSITORY
from app.storage.resources import Resources
from tests.conftest import NOW, load_file

#: When files arrive, unless a test says otherwise.
ARRIVED = datetime(2024, 12, 1, 12, tzinfo=UTC)

FIRST, SECOND, THIRD = (new_id(ARRIVED.replace(hour=hour)) for hour in (1, 2, 3))

Load = Callable[..., Any]


@pytest.fixture
def load(resources: Resources, tmp_path: Path) -> Load:
    def load(rows: str, dataset_id: str = FIRST, *, columns: str = "project,date,count", **coverage: Any) -> Any:
        path = tmp_path / "installs.csv"
        path.write_text(f"{columns}\n{rows}")
        policy = Policy(coverage=Coverage(**coverage))
        return load_file(resources, "installs", path, dataset_id=dataset_id, policy=policy)

    return load


def read(
    resources: Resources, project: str = "napari", *, as_of: str = "2024-12-15", source: str | None = None
) -> Activity:
    with resources.engine.connect() as connection:
        subject = activity.find(connection, PROJECT, project)
        assert subject is not None
        return activity.read(connection, subject, as_of=datetime(2024, 12, 15, tzinfo=UTC), source=source)


def test_a_day_without_a_row_of_the_project_is_0_if_the_source_told_of_it(resources: Resources, load: Load) -> None:
    load("napari,2024-11-01,5\nnapari,2024-11-02,7\nother,2024-11-03,1\n")
    found = recent(read(resources).counted)
    assert found is not None
    assert (found.first, found.last, found.days_covered) == (date(2024, 10, 5), date(2024, 11, 3), 3)
    assert found.counts == {"unknown_ci": 12}


def test_a_month_is_complete_partial_without_data_or_before_the_first(resources: Resources, load: Load) -> None:
    load(
        "napari,2024-09-30,3\n"
        + "".join(f"napari,2024-10-{day:02},1\n" for day in range(1, 32))
        + "napari,2024-11-02,4\n"
    )
    months = [date(2024, month, 1) for month in (8, 9, 10, 11, 12)]
    found = timeline(read(resources).counted, months)
    assert [(one.state, one.days_covered, one.counts) for one in found] == [
        (MonthState.BEFORE_FIRST, 0, None),
        (MonthState.PARTIAL, 1, {"unknown_ci": 3}),
        (MonthState.COMPLETE, 31, {"unknown_ci": 31}),
        (MonthState.PARTIAL, 1, {"unknown_ci": 4}),
        (MonthState.NO_DATA, 0, None),
    ]


def test_a_month_that_a_file_says_to_cover_is_0_although_no_row_falls_into_it(resources: Resources, load: Load) -> None:
    september, october = 19967, 20027  # the 1st and the 31st
    load("napari,2024-09-30,3\n", days=(september, october))
    (month,) = timeline(read(resources).counted, [date(2024, 10, 1)])
    assert (month.state, month.counts) == (MonthState.COMPLETE, {})


def test_the_file_that_arrived_last_counts_whichever_is_loaded_last(resources: Resources, load: Load) -> None:
    load("napari,2024-11-01,9\n", SECOND)
    load("napari,2024-11-01,5\nnapari,2024-11-02,5\n", FIRST)
    assert total(read(resources).counted) == {"unknown_ci": 14}


def test_what_a_correction_lacks_is_gone_and_a_repeat_changes_nothing(resources: Resources, load: Load) -> None:
    load("napari,2024-11-01,9\nother,2024-11-01,8\n", FIRST)
    told = load("napari,2024-11-01,10\n", SECOND)
    assert [one.code for one in told.warnings] == ["counts_replaced"]
    load("napari,2024-11-01,10\n", SECOND)
    assert total(read(resources).counted) == {"unknown_ci": 10}
    assert total(read(resources, "other").counted) == {}


def test_a_file_that_tells_of_its_own_projects_leaves_the_days_of_others(resources: Resources, load: Load) -> None:
    load("napari,2024-11-01,9\n", FIRST, covers=Covers.NAMED)
    assert load("other,2024-11-01,8\nother,2024-11-02,8\n", SECOND, covers=Covers.NAMED).warnings == ()
    assert total(read(resources).counted) == {"unknown_ci": 9}
    assert read(resources).counted.last == date(2024, 11, 1)


def test_taking_out_a_file_leaves_no_0_where_nobody_counted(resources: Resources, load: Load, tmp_path: Path) -> None:
    load("napari,2024-11-01,9\nother,2024-11-01,8\n", FIRST)
    load("napari,2024-11-01,10\n", SECOND, covers=Covers.NAMED)
    path = tmp_path / "installs.csv"
    unload(resources.engine, DATASET_KINDS["installs"], FileSource(path), now=NOW, dataset_id=SECOND)
    assert total(read(resources).counted) is None
    assert total(read(resources, "other").counted) == {"unknown_ci": 8}


def test_sources_are_never_added_up(resources: Resources, load: Load) -> None:
    load("napari,2024-11-01,9\n", FIRST, source="bigquery")
    load("napari,2024-11-01,8\nnapari,2024-11-02,8\n", SECOND, source="pypistats")
    found = read(resources)
    assert (found.source, found.sources, total(found.counted)) == (
        "pypistats",
        ("bigquery", "pypistats"),
        {"unknown_ci": 16},
    )
    assert total(read(resources, source="bigquery").counted) == {"unknown_ci": 9}


def test_the_day_on_which_a_file_arrives_is_left_out_with_a_warning(resources: Resources, load: Load) -> None:
    told = load("napari,2024-11-30,9\nnapari,2024-12-01,8\n")
    assert [(one.code, one.count, one.examples) for one in told.warnings] == [("days_not_over", 1, ("2024-12-01",))]
    assert read(resources).counted.last == date(2024, 11, 30)


def test_a_day_that_has_not_come_is_refused(load: Load) -> None:
    with pytest.raises(RejectedFile, match="2025-03-01 has not come yet; the file arrived on 2024-12-01"):
        load("napari,2025-03-01,9\n")


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("napari,2024-11-01,pip,23.1,yes,1", "ci: 'yes' is not one of true, false"),
        ("napari,2024-11-01,pip,23.1,true,-1", "count: '-1' is not a whole number from 0"),
        ("-napari-,2024-11-01,pip,23.1,true,1", "project: '-napari-' is not the name of a project"),
    ],
)
def test_a_wrong_row_is_refused_with_its_place(load: Load, row: str, place: str) -> None:
    with pytest.raises(RejectedFile, match=f"line 2, {place}"):
        load(row + "\n", columns="project,date,installer,installer_version,ci,count")


def test_rows_count_by_their_class_and_identical_ones_all_count(resources: Resources, load: Load) -> None:
    columns = "project,timestamp,installer,installer_version,ci"
    rows = [
        "Napari,2024-11-01T00:00:00Z,pip,24.2,",
        "napari,2024-11-01T23:59:59Z,pip,24.2,",
        "napari,2024-11-01T23:59:59Z,pip,24.2,",
        "napari,2024-11-01T12:00:00Z,pip,24.2,true",
        "napari,2024-11-01T12:00:00Z,pip,18.1,",
        "napari,2024-11-01T12:00:00Z,bandersnatch,5.0,",
        "napari,2024-11-01T12:00:00Z,Browser,,",
        "napari,2024-11-02T00:30:00+01:00,uv,0.5,",
    ]
    load("\n".join(rows) + "\n", columns=columns)
    assert total(read(resources).counted) == {"person": 4, "ci": 1, "unknown_ci": 1, "mirror": 1, "other": 1}


def test_gaps_are_days_without_a_count_between_days_with_one(resources: Resources, load: Load) -> None:
    load("napari,2024-11-01,1\nother,2024-11-04,1\n", FIRST)
    load("napari,2024-11-02,1\nnapari,2024-11-08,1\n", SECOND, covers=Covers.NAMED)
    load("napari,2024-11-09,1\nnapari,2024-11-11,1\n", THIRD, covers=Covers.NAMED, source="another")
    with resources.engine.connect() as connection:
        gaps = activity.uncounted_days(connection, limit=10)
        assert [(one.source, one.project, one.first.day, one.last.day, one.days) for one in gaps] == [
            ("another", "napari", 10, 10, 1),
            ("files", None, 2, 3, 2),
            ("files", "napari", 3, 3, 1),
            ("files", "napari", 5, 7, 3),
        ]
        assert activity.uncounted_days(connection, source="another", limit=10) == gaps[:1]


def test_a_day_that_was_taken_out_is_a_gap_although_another_file_told_of_it_for_all(
    resources: Resources, load: Load, tmp_path: Path
) -> None:
    load("napari,2024-11-01,1\nother,2024-11-02,1\nnapari,2024-11-03,1\n", FIRST)
    load("napari,2024-11-02,7\n", SECOND, covers=Covers.NAMED)
    file = FileSource(tmp_path / "installs.csv")
    unload(resources.engine, DATASET_KINDS["installs"], file, now=NOW, dataset_id=SECOND)
    with resources.engine.connect() as connection:
        gaps = activity.uncounted_days(connection, limit=10)
    assert [(one.source, one.project, one.first, one.last) for one in gaps] == [
        ("files", "napari", date(2024, 11, 2), date(2024, 11, 2))
    ]


def test_a_file_none_of_whose_rows_has_a_known_installer_is_told_of(load: Load) -> None:
    columns = "project,date,installer,count"
    told = load("napari,2024-11-01,unknown,5\nnapari,2024-11-02,Wget,1\n", columns=columns)
    assert [(one.code, one.count) for one in told.warnings] == [("no_installer", 2)]
    told = load("napari,2024-11-01,unknown,5\nnapari,2024-11-01,pip,1\n", SECOND, columns=columns)
    assert told.warnings == ()


def test_a_project_that_a_source_of_all_never_named_has_the_zeros_that_this_source_has_counted(
    resources: Resources, load: Load
) -> None:
    load("napari,2024-11-01,5\n", source="one", covers=Covers.NAMED)
    load("other,2024-11-01,5\nother,2024-11-02,5\n", SECOND, source="all")
    found = read(resources, source="all")
    assert (found.source, found.sources, found.counted.first) == ("all", ("one",), date(2024, 11, 1))
    counted = recent(found.counted)
    assert counted is not None
    assert (counted.days_covered, counted.counts, total(found.counted)) == (2, {}, {})
    assert read(resources).source == "one"
    assert read(resources, source="nobody").counted.first is None


def test_moves_are_found_in_whatever_way_their_keys_are_written(
    resources: Resources, load: Load, tmp_path: Path
) -> None:
    load("old-name,2024-11-01,5\n")
    commit = "6dcb09b5b57875f334f61aebed695e2e4193db5e,2024-11-01T10:00:00Z"
    for kind, rows in (
        ("commits", f"repo,sha,authored_at\nOld/App,{commit}\n"),
        (
            "moves",
            "kind,old_key,key\nproject,Old_Name,New.Name\n"  # noqa: ISC004
            "repository,https://github.com/old/app.git,git@github.com:new/app.git\n",
        ),
    ):
        (tmp_path / "rows.csv").write_text(rows)
        load_file(resources, kind, tmp_path / "rows.csv")
    assert total(read(resources, "new-name").counted) == {"unknown_ci": 5}
    with resources.engine.connect() as connection:
        found = activity.find(connection, REPOSITORY, "new/app")
    assert found is not None
    assert {one.lower() for one in found.earlier} == {"old/app"}
