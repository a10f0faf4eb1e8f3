"""Many projects read at once say what each says alone, which a twin has checked."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app.flow.activity import timeline, whole_months
from app.flow.activity_table import Periods, days_between
from app.ids import new_id
from app.ingest.kind import Coverage, Covers
from app.ingest.policy import Policy
from app.series import activity
from app.series.activity_table import read_table, subjects
from app.series.entities import PROJECT, REPOSITORY
from app.storage.resources import Resources
from tests.conftest import load_file

AS_OF = datetime(2024, 6, 20, 12, tzinfo=UTC)
ARRIVED = datetime(2024, 7, 1, 12, tzinfo=UTC)
PERIODS = Periods(whole_months(AS_OF.date(), 4), date(2024, 6, 1))
DAYS = Periods(days_between(date(2024, 5, 25), date(2024, 6, 25)), date(2024, 6, 25))

#: Files of projects: rows, whose, of which projects, in the order of their arrival.
FILES = (
    ("a,2024-02-28,1\nb,2024-03-01,2\na,2024-05-30,7\n", "one", Covers.ALL),
    ("a,2024-03-01,5\na,2024-06-02,6\nold,2024-04-04,1\n", "two", Covers.NAMED),
    ("c,2024-05-31,1\n", "three", Covers.ALL),
    ("b,2024-03-01,0\nb,2024-03-02,9\n", "one", Covers.NAMED),
    ("a,2024-06-19,4\na,2024-06-20,4\n", "one", Covers.ALL),
)


@pytest.fixture
def projects(resources: Resources, tmp_path: Path) -> Resources:
    for number, (rows, source, covers) in enumerate(FILES):
        path = tmp_path / "installs.csv"
        path.write_text(f"project,date,count\n{rows}")
        policy = Policy(coverage=Coverage(source=source, covers=covers))
        load_file(resources, "installs", path, dataset_id=new_id(ARRIVED.replace(minute=number)), policy=policy)
    path.write_text("kind,old_key,key\nproject,old,new\nproject,c,a2\n")
    load_file(resources, "moves", path)
    return resources


@pytest.mark.parametrize("source", [None, "one", "two"])
@pytest.mark.parametrize("periods", [PERIODS, DAYS])
def test_each_project_has_the_figures_that_it_has_alone(
    projects: Resources, source: str | None, periods: Periods
) -> None:
    with projects.engine.connect() as connection:
        wanted = subjects(connection, PROJECT)
        assert [(one.key, one.earlier) for one in wanted] == [("a", ()), ("a2", ("c",)), ("b", ()), ("new", ("old",))]
        table = read_table(connection, wanted, periods, as_of=AS_OF, source=source)
        states = table.states()
        for row, subject in enumerate(wanted):
            alone = activity.read(connection, subject, as_of=AS_OF, source=source)
            if source is None or source in alone.sources:
                assert table.sources[row] == alone.source
            if periods is not PERIODS:
                continue
            for column, month in enumerate(timeline(alone.counted, periods.first)):
                assert (states[row, column], table.covered[row, column]) == (month.state.value, month.days_covered)
                counts = {name: int(grid[row, column]) for name, grid in table.counts.items() if grid[row, column]}
                assert counts == {name: n for name, n in (month.counts or {}).items() if n}


def test_days_are_told_apart(projects: Resources) -> None:
    with projects.engine.connect() as connection:
        wanted = [one for one in subjects(connection, PROJECT) if one.key == "a"]
        table = read_table(connection, wanted, DAYS, as_of=AS_OF, source="one")
    told = {
        day: (state, int(n))
        for day, state, n in zip(DAYS.first, table.states()[0], table.counts["unknown_ci"][0], strict=True)
    }
    assert told[date(2024, 5, 30)] == ("complete", 7)
    assert told[date(2024, 5, 31)] == ("no_data", 0)
    assert told[date(2024, 6, 19)] == ("complete", 4)
    assert told[date(2024, 6, 20)] == ("no_data", 0), "the day of as_of is not counted"


def test_each_repository_has_the_figures_that_it_has_alone(resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "commits.csv"
    path.write_text(
        "repo,sha,authored_at,committed_at\n"
        "acme/api,1,2024-03-31T23:30:00Z,2024-04-01T00:30:00Z\nacme/api,2,2024-05-05T00:00:00Z,2024-05-05T00:00:00Z\n"
        "acme/old,1,2024-03-31T23:30:00Z,2024-04-01T00:30:00Z\nAcme/Web,3,2024-02-01T00:00:00Z,2024-06-19T00:00:00Z\n"
        "acme/late,4,2024-06-25T00:00:00Z,2024-06-25T00:00:00Z\n"
    )
    load_file(resources, "commits", path)
    path.write_text("kind,old_key,key\nrepository,acme/old,acme/api\n")
    load_file(resources, "moves", path)
    with resources.engine.connect() as connection:
        wanted = subjects(connection, REPOSITORY)
        assert [one.key for one in wanted] == ["Acme/Web", "acme/api", "acme/late"]
        for by in ("authored_at", "committed_at"):
            table = read_table(connection, wanted, PERIODS, as_of=AS_OF, by=by)
            states = table.states()
            for row, subject in enumerate(wanted):
                alone = activity.read(connection, subject, as_of=AS_OF, by=by)
                for column, month in enumerate(timeline(alone.counted, PERIODS.first)):
                    told = (states[row, column], table.covered[row, column], table.counts["commits"][row, column])
                    assert told == (month.state.value, month.days_covered, (month.counts or {}).get("commits", 0))
