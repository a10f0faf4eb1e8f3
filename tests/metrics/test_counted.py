"""The rows that are shown are those that figures are made of; definitions are found by their names."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest
from sqlalchemy import insert

from app.errors import UnknownMetric
from app.metrics import metric as m
from app.metrics.computing import WHOLE
from app.metrics.counted import Dates, counted_rows
from app.metrics.division import Division
from app.metrics.document import read_metric
from app.metrics.facts.fact import Asked
from app.metrics.facts.registry import FACTS
from app.metrics.outcome import Question, answer
from app.metrics.shipped import shipped
from app.metrics.store import DEFINITIONS, named, readable
from app.metrics.tables import metric_definition
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.conftest import fresh_resources, load_file

AS_OF = datetime(2024, 11, 20, 7, tzinfo=UTC)
BEGIN = datetime(2024, 9, 1, tzinfo=UTC)
TEAMS = ("Berlin", "Chicago", "")
REPOS = ("acme/shop", "acme/till", "acme/stock")
HOURS = ((0, 9 * 3600, 17 * 3600),)

#: Metrics of the facts that the files below fill, whose n is a number of rows.
METRICS = [
    name
    for name, one in shipped().items()
    if one["from"] in {"pull_requests", "reviews", "contributions", "workflow_runs", "branches"}
    and not {"new", "returning", "gone"} & one["value"].keys()
]


def pulls(random: Random) -> str:
    lines = ["repo,number,team,author,created_at,ready_at,first_review_at,approved_at,merged_at,additions,deletions"]
    for number in range(300):
        at = BEGIN + timedelta(minutes=random.randrange(100_000))
        times = [at := at + timedelta(minutes=random.randrange(6000)) for _ in range(4)]
        later = [one.isoformat() if random.random() < 0.8 else "" for one in times]
        author = random.choice(("ada", "eve", "ben", "dependabot[bot]"))
        lines.append(
            f"{random.choice(REPOS)},{number + 1},{random.choice(TEAMS)},{author},{times[0].isoformat()},{later[0]},"
            f"{later[1]},{later[2]},{later[3]},{random.randrange(900)},{random.randrange(9)}"
        )
    return "\n".join(lines) + "\n"


def runs(random: Random) -> str:
    lines = ["repo,run_id,attempt,workflow,conclusion,created_at,started_at"]
    for number in range(300):
        at = (BEGIN + timedelta(minutes=random.randrange(110_000))).isoformat()
        conclusion = random.choice(("success", "failure", "cancelled", ""))
        lines.append(f"{random.choice(REPOS)},{number + 1},{random.choice('112')},CI,{conclusion},{at},{at}")
    return "\n".join(lines) + "\n"


def branches(random: Random) -> str:
    days = [(BEGIN + timedelta(days=random.randrange(90))).date() for _ in range(40)]
    rows = {(random.choice(REPOS), f"b{number % 7}", day) for number, day in enumerate(days)}
    lines = [f"{repo},{name},{day},{name},2024-01-01T00:00:00Z" for repo, name, day in sorted(rows)]
    return "\n".join(["repo,branch,seen_on,sha,committed_at", *lines]) + "\n"


@pytest.fixture(scope="module")
def filled(
    servers: Addresses, session_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Resources]:
    """Rows by chance, of teams on different clocks."""
    folder, random = tmp_path_factory.mktemp("filled"), Random(59)
    texts = {
        "timezones": "team,timezone_str\nBerlin,Europe/Berlin\nChicago,America/Chicago\n",
        "pull_requests": pulls(random),
        "workflow_runs": runs(random),
        "branches": branches(random),
    }
    with fresh_resources(servers, session_settings) as fresh:
        for kind, text in texts.items():
            path: Path = folder / f"{kind}.csv"
            path.write_text(text, encoding="utf-8")
            load_file(fresh, kind, path)
        yield fresh


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("until", [date(2024, 10, 20), date(2024, 11, 20), date(2024, 12, 31)], ids=str)
def test_as_many_rows_are_shown_as_a_figure_is_made_of(filled: Resources, name: str, until: date) -> None:
    """By team and in all, whatever their clocks are."""
    metric = read_metric(shipped()[name], name=name)
    dates = Dates(date(2024, 9, 16), until)
    by = "team" if "team" in metric.groups else "repo"
    question = Question([metric], by, Division.of(dates.since, until, None), Asked(AS_OF), default_hours=HOURS)
    with filled.engine.connect() as connection:
        told = answer(connection, question)
        found = counted_rows(
            connection, metric, Asked(AS_OF), dates, limit=10_000, default_zone="UTC", default_hours=HOURS
        )
    assert not found.has_more
    known = [row for row in found.rows if row.values[-1] is not None]  # of a ratio, those of the second
    cells = told.metrics[0].cells
    in_period = cells.period == WHOLE
    n = {
        group: int(cells.figures.n[in_period & (cells.group == group)].sum())
        for group in np.unique(cells.group[in_period]).tolist()
        if group != -1
    }
    names = [*told.names, "all"]
    shown = {one: sum(row.team == one for row in known) for one in told.names} | {"all": len(known)}
    assert {names[group if group != WHOLE else -1]: number for group, number in n.items() if number} == {
        one: number for one, number in shown.items() if number
    }


def test_the_rows_above_are_some() -> None:
    assert len(METRICS) > 20


def test_rows_of_dates_outside_on_the_clock_of_their_team_hide_none(
    filled: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many are read again and again until enough of them count."""
    metric = read_metric(shipped()["pull_requests_merged"], name="pull_requests_merged")
    dates = Dates(date(2024, 10, 1), date(2024, 10, 3))
    with filled.engine.connect() as connection:
        every = counted_rows(connection, metric, Asked(AS_OF), dates, limit=50, default_zone="UTC", default_hours=HOURS)
        monkeypatch.setattr("app.metrics.counted._FIRST", 1)
        few = counted_rows(connection, metric, Asked(AS_OF), dates, limit=1, default_zone="UTC", default_hours=HOURS)
    assert few.rows == every.rows[:1]
    assert few.has_more
    assert len(every.rows) > 1


def test_reports_have_the_latest_version_of_each_metric(resources: Resources) -> None:
    document = {"pillar": "team", "title": "Mine", "from": "commits", "when": "committed_at", "value": {"count": "*"}}
    others = [name for name, one in shipped().items() if one["from"] not in FACTS]
    rows = [{"name": name, "version": 1, "document": document} for name in ("mine", "commits", *others)]
    with resources.engine.begin() as connection:
        connection.execute(insert(metric_definition), rows)
        connection.execute(
            insert(metric_definition), {"name": "mine", "version": 2, "document": {**document, "title": "Ours"}}
        )
        every = {one.name: (one.version, one.title) for one in readable(DEFINITIONS.every(connection))[0]}
        assert list(every) == sorted({*shipped(), "mine"})
        assert (every["mine"], every["commits"]) == ((2, "Ours"), (1, "Mine"))
        assert every["ci_success"][0] == 0
        assert [(one.name, one.version) for one in named(connection, ["mine", "ci_success"])] == [
            ("mine", 2),
            ("ci_success", 0),
        ]
        assert isinstance(named(connection, ["mine"])[0], m.Metric)
        with pytest.raises(UnknownMetric, match="did you mean 'mine'"):
            named(connection, ["ci_success", "mines"])
