"""Installs through random histories of files that come, are corrected, go and are cut off, beside a slow twin."""

import os
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, text

from app.flow import activity as figures
from app.ids import new_id
from app.ingest.kind import Coverage, Covers
from app.ingest.load import unload
from app.ingest.policy import Policy
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.series import activity
from app.series.entities import PROJECT
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.conftest import fresh_resources, load_file
from tests.reference import activity as twin
from tests.strategies import PROFILE

#: Histories that are tried; a few dozen in ``make test``.
HISTORIES = int(os.environ.get("HISTORIES", "10000" if PROFILE == "long" else "24"))

#: Around the day from which CI is kept, and the end of a month.
DAYS = [date(2024, 2, 22) + timedelta(days=number) for number in range(11)]
EPOCH = date(1970, 1, 1)

#: Each after the last day but one, so that some files have rows of the day on which they arrive.
ARRIVALS = [datetime(2024, 3, 2, 22, tzinfo=UTC) + timedelta(hours=hours) for hours in range(6)]

#: Of the datasets that arrive then.
IDS = {arrived: new_id(arrived) for arrived in ARRIVALS}

#: Three projects, one of them in several spellings.
PROJECTS = ("napari", "napari-svg", "Napari_SVG", "napari.-svg", "zarr")
NAMES = ("napari", "napari-svg", "zarr")
MOVES = (("zarr", "napari-svg"), ("napari-svg", "napari"), ("zarr", "napari"))
SOURCES = ("files", "pypistats")

WHO = (("", "", ""), ("pip", "24.0", ""), ("pip", "18.1", ""), ("pip", "24.0", "true"), ("uv", "0.1", "false"))
OTHERS = (("bandersnatch", "6.1", ""), ("requests", "2.31", ""))

Step = tuple[str, Any]


@st.composite
def rows(draw: st.DrawFn) -> twin.Row:
    installer, version, ci = draw(st.sampled_from(WHO + OTHERS))
    count = draw(st.sampled_from([0, 1, 1, 5]))
    return twin.Row(draw(st.sampled_from(PROJECTS)), draw(st.sampled_from(DAYS)), installer, version, ci, count)


@st.composite
def files(draw: st.DrawFn, arrived: datetime) -> twin.File:
    first, last = sorted(draw(st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS))))
    return twin.File(
        arrived,
        draw(st.sampled_from(SOURCES + SOURCES[:1])),
        draw(st.booleans()),
        tuple(draw(st.lists(rows(), min_size=1, max_size=6))),
        draw(st.sampled_from([None, None, (first, last)])),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """Files in any order of arrival, each loaded, cut off, loaded again or removed at any time; moves between."""
    known = [draw(files(arrived)) for arrived in ARRIVALS[: draw(st.integers(1, 4))]]
    of_files = st.tuples(st.sampled_from(["load", "load", "load", "kill", "remove"]), st.sampled_from(known))
    of_moves = st.tuples(st.sampled_from(["move", "move", "back"]), st.sampled_from(MOVES))
    return draw(st.lists(st.one_of(of_files, of_files, of_files, of_moves), min_size=1, max_size=8))


class Killed(Exception):
    """The process ends before Postgres has the commit."""


class Both:
    """The service and the twin, which take the same steps."""

    def __init__(self, resources: Resources, folder: Path) -> None:
        self.resources, self.path, self.twin = resources, folder / "installs.csv", twin.Installs()
        self.there: set[twin.File] = set()
        with resources.engine.begin() as connection:
            connection.execute(text("TRUNCATE install_day, source_day, entity_move, entity CASCADE"))

    def take(self, step: Step) -> None:
        what, which = step
        getattr(self, what)(which)

    def load(self, file: twin.File) -> None:
        self._write(file)
        load_file(self.resources, "installs", self.path, now=file.arrived, **self._how(file))
        self.twin.load(file)
        self.there.add(file)

    def kill(self, file: twin.File) -> None:
        def end(_: Connection) -> None:
            raise Killed

        event.listen(self.resources.engine, "commit", end)
        try:
            with pytest.raises(Killed):
                (self.remove if file in self.there else self.load)(file)
        finally:
            event.remove(self.resources.engine, "commit", end)

    def remove(self, file: twin.File) -> None:
        if file not in self.there:
            return
        self._write(file)
        kind = DATASET_KINDS["installs"]
        unload(self.resources.engine, kind, FileSource(self.path), now=file.arrived, **self._how(file))
        self.twin.remove(file)
        self.there.remove(file)

    def move(self, move: tuple[str, str]) -> None:
        self._say(move, dropped="false")
        self.twin.moves[move[0]] = move[1]

    def back(self, move: tuple[str, str]) -> None:
        self._say(move, dropped="true")
        self.twin.moves.pop(move[0], None)

    def _say(self, move: tuple[str, str], *, dropped: str) -> None:
        path = self.path.with_name("moves.csv")
        path.write_text(f"kind,old_key,key,dropped\nproject,{move[0]},{move[1]},{dropped}\n")
        load_file(self.resources, "moves", path)

    def _write(self, file: twin.File) -> None:
        rows = [f"{row.project},{row.day},{row.installer},{row.version},{row.ci},{row.count}" for row in file.rows]
        self.path.write_text("\n".join(["project,date,installer,installer_version,ci,count", *rows, ""]))

    def _how(self, file: twin.File) -> dict[str, Any]:
        covers = Covers.NAMED if file.is_named else Covers.ALL
        days = None if file.between is None else tuple((day - EPOCH).days for day in file.between)
        return {
            "dataset_id": IDS[file.arrived],
            "policy": Policy(coverage=Coverage(source=file.source, covers=covers, days=days)),  # type: ignore[arg-type]
        }

    def compare(self, as_of: date) -> None:
        days = [day for day in DAYS if day < as_of]
        with self.resources.engine.connect() as connection:
            for name in NAMES:
                subject = activity.find(connection, PROJECT, name)
                if subject is None:
                    assert not self.twin.is_known(name), name
                    continue
                if not self.twin.is_known(name):
                    continue
                assert subject.key == self.twin.now(name)
                for source in SOURCES:
                    at = datetime(as_of.year, as_of.month, as_of.day, 9, tzinfo=UTC)
                    found = activity.read(connection, subject, as_of=at, source=source)
                    assert shown(found.counted) == expected(self.twin.days(source, name, days)), (name, source)


def shown(counted: figures.Counted) -> Any:
    months = [(one.state.value, one.days_covered, said(one.counts)) for one in figures.timeline(counted, MONTHS)]
    recent = figures.recent(counted)
    recently = recent and (recent.first, recent.last, recent.days_covered, said(recent.counts))
    return said(figures.total(counted)), recently, months


def said(counts: Mapping[str, int] | None) -> dict[str, int] | None:
    """Without zeros: an absent class is one that had none."""
    return None if counts is None else {name: count for name, count in counts.items() if count}


def expected(days: dict[date, Counter[str]]) -> Any:
    months = [twin.month(days, first) for first in MONTHS]
    return twin.total(days), twin.recent(days), months


#: First days of months before, of, between and after the days of files.
MONTHS = [date(2024, number, 1) for number in (1, 2, 3, 4)]


def test_whatever_files_come_and_go_installs_are_those_of_the_twin(
    servers: Addresses, session_settings: Settings, tmp_path: Path
) -> None:
    with fresh_resources(servers, session_settings) as resources:

        @settings(max_examples=HISTORIES)
        @given(histories(), st.sampled_from([date(2024, 2, 25), date(2024, 3, 1), date(2024, 3, 20)]))
        def agree(steps: list[Step], as_of: date) -> None:
            both = Both(resources, tmp_path)
            for step in steps:
                note(f"{step[0]} {step[1]}")
                both.take(step)
            both.compare(as_of)

        agree()


D = date(2024, 2, 24)

#: Of all projects, of all again, and two files of one project: each arrived after those before.
ALL = twin.File(ARRIVALS[0], "files", False, (twin.Row("napari", D, count=5), twin.Row("zarr", D)))
ALL_AGAIN = twin.File(ARRIVALS[1], "files", False, (twin.Row("napari", D, count=7), twin.Row("zarr", D)))
ONE = twin.File(ARRIVALS[2], "files", True, (twin.Row("napari", D, count=9),))
LATEST = twin.File(ARRIVALS[3], "files", True, (twin.Row("napari", D, count=2),))

GONE: Step = ("remove", LATEST)


def test_a_file_that_was_taken_out_leaves_a_gap_that_files_that_arrived_before_it_may_fill(
    resources: Resources, tmp_path: Path
) -> None:
    for steps in (
        [("load", ALL), ("load", LATEST), GONE],
        [("load", ALL), ("load", LATEST), GONE, ("load", ALL)],
        [("load", ALL), ("load", LATEST), GONE, ("load", ALL_AGAIN)],
        [("load", ALL), ("load", LATEST), GONE, ("load", ONE)],
        [("load", LATEST), GONE, ("load", ALL)],
        [("load", LATEST), ("load", ALL), GONE, ("remove", ALL), ("load", ONE)],
        [("load", ALL), ("load", LATEST), GONE, ("load", ONE), ("remove", ONE)],
        [("load", ALL), ("load", LATEST), GONE, ("remove", ALL), ("load", ALL_AGAIN)],
    ):
        both = Both(resources, tmp_path)
        for step in steps:
            both.take(step)
        both.compare(date(2024, 3, 20))
