"""Every metric beside its slow twin: of what a GitHub tells that changes, and of rows and definitions by chance."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from app.metrics.shipped import shipped
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.conftest import fresh_resources, load_file
from tests.metrics.asking import Ask, ask_both
from tests.metrics.definitions import Defining
from tests.metrics.made import (
    BEGIN,
    BOTS,
    DAYS,
    FILES,
    LABELS,
    REPOS,
    SCHEDULES,
    TEAMS,
    TWICE,
    Made,
    fill,
    make_entities,
)
from tests.reference.metric_facts import FACTS
from tests.sources.histories import STREAMS, history
from tests.strategies import PROFILE

#: Definitions of facts that are there; others belong to facts that come later.
SHIPPED = {name: document for name, document in shipped().items() if document["from"] in FACTS}

#: How many histories of a fake GitHub.
HISTORIES = {"check": 1, "": 1, "long": 100}[PROFILE]

#: How many sets of made rows: with all shipped definitions, and with made ones.
WITH_SHIPPED, WITH_MADE = {"check": (3, 5), "": (10, 20), "long": (400, 4_000)}[PROFILE]


@pytest.fixture(scope="module")
def made(
    servers: Addresses, session_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Resources]:
    """A database with the teams of the made rows, their hours, zones and holidays."""
    folder: Path = tmp_path_factory.mktemp("made")
    with fresh_resources(servers, session_settings) as resources:
        for kind, content in FILES.items():
            path = folder / f"{kind}.csv"
            path.write_text(content, encoding="utf-8")
            load_file(resources, kind, path)
        with resources.engine.begin() as connection:
            make_entities(connection)
        yield resources


def asks(random: Random) -> Ask:
    """What is asked of made rows."""
    first = (BEGIN + timedelta(days=random.randrange(DAYS // 2))).date()
    return Ask(
        first=first,
        last=first + timedelta(days=random.choice((1, 7, 30, 60))),
        each=random.choice(("week", "month")),
        by=random.choice(("team", "repo")),
        as_of=random.choice(
            (
                random.choice(TWICE),
                *[BEGIN + timedelta(days=random.randrange(30, DAYS), hours=random.randrange(24))] * 4,
            )
        ),
        zone=random.choice((None, None, None, "America/Los_Angeles")),
        repos=random.choice((None, None, None, REPOS[:2])),
        teams=random.choice((None, None, None, TEAMS[:2])),
        bots=random.choice((BOTS, ())),
        incident_labels=random.choice((LABELS, LABELS, ("incident",), ())),
        incident_hours=random.choice((1.0, 24.0, 24.0, 0.5, 200.0)),
    )


def _differences(resources: Resources, definitions: dict[str, object], random: Random) -> list[str]:
    ask = asks(random)
    rows = Made(random, ask.as_of).all()
    with resources.engine.begin() as connection:
        fill(connection, rows)
    return ask_both(resources, definitions, ask, SCHEDULES)


@pytest.mark.parametrize("seed", range(20_000, 20_000 + HISTORIES))
def test_metrics_of_a_github_that_changes_are_those_of_the_twin(untouched: Resources, seed: int) -> None:
    """After two syncs, of a repository that was renamed meanwhile, accounts that were, bots, forced pushes, re-runs."""
    random = Random(seed)
    streams = [stream for stream in STREAMS if stream != "files"]
    with history(untouched, seed, streams=streams, repositories=2, pulls=2, steps=70) as lived:
        lived.sync(changes=10)
        renamed = random.choice(list(lived.world.repositories.values()))
        lived.world.rename(renamed, f"{lived.name}/renamed")
        lived.changes.people[0].login = f"renamed-{seed}"
        lived.world.delete_user(random.choice(lived.changes.people[2:]).login)
        lived.changes.steps(40)
        lived.quiet_syncs()
        today = lived.world.now.date()
        for by, each in (("team", "week"), ("repo", "month")):
            ask = Ask(
                first=today - timedelta(days=45),
                last=today + timedelta(days=1),
                each=each,
                by=by,
                as_of=lived.world.now,
                bots=("dev-6",),
                incident_labels=("bug", "label-1"),
            )
            assert ask_both(untouched, SHIPPED, ask) == []


@pytest.mark.parametrize("seed", range(WITH_SHIPPED))
def test_shipped_metrics_are_those_of_the_twin(made: Resources, seed: int) -> None:
    """Of made rows."""
    assert _differences(made, SHIPPED, Random(seed)) == []


@pytest.mark.parametrize("seed", range(10_000, 10_000 + WITH_MADE))
def test_whatever_a_definition_says_is_what_the_twin_computes(made: Resources, seed: int) -> None:
    """Of made rows and made definitions."""
    random = Random(seed)
    defining = Defining(random)
    definitions = {f"made_{number}": defining.definition() for number in range(20)}
    assert _differences(made, definitions, random) == []
