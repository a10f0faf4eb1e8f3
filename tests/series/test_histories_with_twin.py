"""Histories of chance through the real database against the twin: files, late files, removals, seals and retention."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from hypothesis import given, settings

from app.ingest.load import unload
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.series import lookup, poll_reading
from app.series.entities import read_entities
from app.series.retention import drop_old_weeks
from app.series.sealed import records
from app.series.sealed.seal import Outcome
from app.series.sealed.unseal import unseal
from app.series.snapshots import Snapshot, take_snapshot
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from app.timeline import Micros
from app.timeline.entities import Entities
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN, Status
from tests.conftest import NOW, fresh_resources, load_file
from tests.engine import micros
from tests.kinds import source_of
from tests.reference.sealing import Counts, Known, Poll, Polls
from tests.reports.test_uptime import clear
from tests.series.histories import (
    BEGIN,
    STORES,
    WEEK,
    WEEKS,
    Load,
    Meanwhile,
    Read,
    Remove,
    Retain,
    Seal,
    Step,
    Unseal,
    histories,
)
from tests.series.sealed.weeks import seal_week, sealed
from tests.strategies import examples

STATUSES = {"active": ACTIVE, "inactive": INACTIVE, "unknown": UNKNOWN}

SCOPES: tuple[poll_reading.Scope, ...] = ("all", "range", "listed")

#: Store, instant in microseconds, and status.
Row = tuple[str, int, int]

#: Of the histories' retention.
RETENTION_DAYS = 1

#: A file of a sealed week ends with the first entity that has so much, bytes: each has one of its own.
SMALL_FILE_BYTES = 1

EVERYTHING = Read(BEGIN - WEEK, BEGIN + (WEEKS + 4) * WEEK, STORES)


@dataclass
class World:
    """The service beside its twin."""

    resources: Resources
    folder: Path
    twin: Polls = field(default_factory=Polls)
    loaded: list[Load] = field(default_factory=list)

    def take(self, step: Step) -> None:
        match step:
            case Load(rows):
                loaded = load_file(self.resources, "polls", self.write(rows), store=self.resources.object_store)
                counts = Counts(loaded.rows_accepted, loaded.rows_duplicate, loaded.rows_contradicting or 0)
                assert counts == self.twin.load(rows)
                self.loaded.append(step)
            case Remove(back):
                rows = self.loaded[-1 - back % len(self.loaded)].rows
                source = FileSource(self.write(rows))
                before = len(self.twin.said)
                self.twin.remove(rows)
                removed = unload(
                    self.resources.engine, DATASET_KINDS["polls"], source, now=NOW, store=self.resources.object_store
                )
                assert removed == before - len(self.twin.said)
            case Retain(now):
                drop_old_weeks(self.resources.engine, days=RETENTION_DAYS, now=now)
                self.twin.retain(RETENTION_DAYS, now)
            case Read():
                self.compare(step)
            case Meanwhile(of):
                self.meanwhile(of)
            case Seal(before):
                self.seal(before)
            case Unseal():
                with self.resources.engine.begin() as connection:
                    unseal(connection, self.resources.object_store, records.sealed_weeks(connection))
                assert sealed(self.resources) == []

    def seal(self, before: datetime) -> None:
        """Seal the weeks that ended by then."""
        with self.resources.engine.connect() as connection:
            weeks = [week.monday for week in records.unsealed_weeks(connection, ended_by=before)]
        for monday in weeks:
            result = seal_week(self.resources, monday, self.folder, run_id=uuid4().hex, file_bytes=SMALL_FILE_BYTES)
            assert result.outcome is Outcome.SEALED
            assert result.rows == self.twin.weeks().get(monday, 0)
        assert set(weeks) <= set(sealed(self.resources))

    def write(self, rows: tuple[Poll, ...]) -> Path:
        path = self.folder / "polls.csv"
        lines = [f"{row.store},{row.status},{row.at.isoformat()}\n" for row in rows]
        path.write_text("store_id,status,timestamp_utc\n" + "".join(lines))
        return path

    def compare(self, read: Read) -> None:
        """Everything that is asked of polls: all of a window, ranges of it, some stores, and what a page says."""
        expected = self.expected(read)
        with self.resources.engine.connect() as connection:
            everyone = read_entities(connection, "store")
            some = read_entities(connection, "store", keys=read.stores)
            spans = {
                key: lookup.poll_span(connection, number)
                for key, number in zip(everyone.keys, everyone.ids.tolist(), strict=True)
            }
        with take_snapshot(self.resources.engine) as shown:
            assert self.read(shown, everyone, "all", read) == expected
            middle = len(everyone) // 2
            halves = (everyone.part(0, middle), everyone.part(middle, len(everyone)))
            assert sorted(poll for half in halves for poll in self.read(shown, half, "range", read)) == expected
            assert self.read(shown, some, "listed", read) == [row for row in expected if row[0] in read.stores]
        known = {key: Known(span.first, span.last, span.count) for key, span in spans.items() if span.first}
        assert known == self.twin.known()

    def expected(self, read: Read) -> list[Row]:
        """What the twin has in a window."""
        rows = [row for row in self.twin.rows() if read.first <= row.at <= read.last]
        return [(row.store, micros(row.at), STATUSES[row.status]) for row in rows]

    def read(self, shown: Snapshot, entities: Entities, scope: poll_reading.Scope, window: Read) -> list[Row]:
        """What the service has."""
        found: list[Row] = []

        def consume(number: Micros, at: Micros, status: Status) -> None:
            keys = [entities.keys[one] for one in number.tolist()]
            found.extend(zip(keys, at.tolist(), status.tolist(), strict=True))

        poll_reading.read(
            source_of(self.resources),
            shown,
            entities,
            first=micros(window.first),
            last=micros(window.last),
            scope=scope,
            connections=2,
            consume=consume,
            progress=lambda _: None,
        )
        return sorted(found)

    def meanwhile(self, step: Step) -> None:
        """Take a step between the snapshot of a report and its reading, which must not see it."""
        expected = self.expected(EVERYTHING)
        with take_snapshot(self.resources.engine) as shown:
            everyone = read_entities(shown[0], "store")
            self.take(step)
            for scope in SCOPES:
                assert self.read(shown, everyone, scope, EVERYTHING) == expected


def test_random_histories_agree_with_the_twin(servers: Addresses, session_settings: Settings, tmp_path: Path) -> None:
    with fresh_resources(servers, session_settings) as resources:

        @given(history=histories())
        @settings(max_examples=examples(40))
        def agree(history: list[Step]) -> None:
            clear(resources)
            world = World(resources, tmp_path)
            for step in history:
                world.take(step)
            world.compare(EVERYTHING)

        agree()
