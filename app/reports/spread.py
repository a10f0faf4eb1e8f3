"""Ranges of stores as pieces of a cluster: workers have the bucket, this process has Postgres.

For each range this process leaves what Postgres knows of it in the bucket, below the prefix of the attempt: the stores,
their schedule, and the polls of weeks that are not sealed, in files of the same format. The figures come back the same
way. Ranges are added up in their order, so that sums with examples are those of one process.
"""

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from app.files.packed import unpacked_table
from app.jobs.kind import JobContext
from app.pieces.piece import Piece, Runner
from app.reports.doubts import StoreDoubts
from app.reports.range_piece import ARROW, bytes_at
from app.reports.store_ranges import GATHERED, Accounting, Tables, known_of, ranges
from app.series import polls
from app.series.details import Labels
from app.series.entities import STORE, count_entities
from app.series.entity_range import EntityRange
from app.series.poll_reading import PollSource, sealed_files, unsealed
from app.series.sealed.format import MEDIA_TYPE, write
from app.series.sealed.reading import SealedFile, placed
from app.series.snapshots import Snapshot, joined_snapshot
from app.storage.object_store import ObjectStore
from app.timeline.entities import Entities

#: Polls of a range, about: some seconds of a worker.
PIECE_POLLS: Final = 8_000_000

#: A report on fewer sealed polls is done before a cluster has begun.
LEAST_POLLS: Final = 24_000_000

#: The piece for what is told of a range: the arguments of account_alone().
MakePiece = Callable[[Mapping[str, str]], Piece]


def is_worth_it(snapshot: Snapshot, accounting: Accounting[Any], stores: Sequence[str] | None) -> bool:
    """Whether workers would be quicker: they read sealed weeks, others this process has to read for them."""
    reading, (connection, _) = accounting.reading, snapshot
    every, sealed = (
        count(connection, first=reading.first, last=reading.last)
        for count in (polls.about_so_many, polls.sealed_so_many)
    )
    share = 1.0
    if stores is not None:
        share = count_entities(connection, STORE, keys=stores) / max(count_entities(connection, STORE), 1)
    return sealed * share >= LEAST_POLLS and 2 * sealed >= every


def spread(
    context: JobContext,
    accounting: Accounting[Any],
    source: PollSource,
    snapshot: Snapshot,
    runner: Runner,
    *,
    stores: Sequence[str] | None,
    piece: MakePiece,
) -> Generator[Tables]:
    """As store_ranges.load(), by pieces that ``runner`` does; it also raises what that does.

    ``piece`` makes one of the arguments of account_alone(), for accounting of the same.
    """
    work = _Spread(context, accounting, source.open_store(), snapshot, f"{context.prefix}pieces/")
    doubts = StoreDoubts()
    try:
        with closing(runner.run(map(piece, work.ranges(stores)))) as results:
            for keys in work.in_order(results):
                told = json.loads(bytes_at(work.store, keys["sums"]))
                context.has_read(*told["read"])
                doubts.merge(told["doubts"])
                for mine, theirs in zip(accounting.sums, told["sums"], strict=True):
                    mine.merge(theirs)
                yield Tables(*(None if keys[name] is None else work.table(keys[name]) for name in ("rows", "outages")))
    finally:
        work.store.remove_below(work.below)
    doubts.tell(context)


@dataclass(slots=True)
class _Spread:
    """Ranges on their way.

    Attributes:
        context, accounting, snapshot: see store_ranges.load().
        store: the bucket.
        below: prefix of all objects.
        shares: of all stores, that of each range that was told.
    """

    context: JobContext
    accounting: Accounting[Any]
    store: ObjectStore
    snapshot: Snapshot
    below: str
    shares: list[float] = field(default_factory=list)

    def ranges(self, stores: Sequence[str] | None) -> Iterator[dict[str, str]]:
        """Leave one range after the other in the bucket, when it is asked for."""
        reading, (connection, _) = self.accounting.reading, self.snapshot
        every = count_entities(connection, STORE)
        of_all = polls.about_so_many(connection, first=reading.first, last=reading.last)
        most = min(reading.most(connection, max(every, 1)), PIECE_POLLS * every // max(of_all, every, 1))
        total = every if stores is None else count_entities(connection, STORE, keys=stores)
        found = ranges(connection, stores, total=total, most=max(1, most), as_known_at=reading.as_known_at)
        for number, (entities, labels, share) in enumerate(found):
            prefix = f"{self.below}{number}/"
            told = self._told(entities, labels, prefix)
            self.store.put_bytes(told.as_bytes(), key := f"{prefix}range.arrow", media_type=ARROW)
            self.shares.append(share(1) - share(0))
            yield {"range_key": key, "prefix": prefix}

    def in_order(self, results: Iterator[tuple[int, Any]]) -> Iterator[dict[str, str]]:
        """What the pieces returned, in the order of their ranges."""
        waiting: dict[int, dict[str, str]] = {}
        done, following = 0.0, 0
        for number, keys in results:
            done += self.shares[number]
            self.context.progress("computing", GATHERED * done)
            waiting[number] = keys
            while following in waiting:
                yield waiting.pop(following)
                following += 1

    def table(self, key: str) -> Any:
        return unpacked_table(bytes_at(self.store, key))

    def _told(self, entities: Entities, labels: Labels, prefix: str) -> EntityRange:
        reading, (connection, name) = self.accounting.reading, self.snapshot
        known = known_of(self.context, name, entities, reading.as_known_at)
        files = sealed_files(connection, entities, reading.first, reading.last)
        files += self._unsealed(entities, prefix)
        return EntityRange(entities, labels, known.schedule, known.own, files)

    def _unsealed(self, entities: Entities, prefix: str) -> Iterator[SealedFile]:
        """Leave the polls of weeks that are not sealed, in files as those of weeks that are."""
        reading, number = self.accounting.reading, 0
        with (
            joined_snapshot(self.context.engine, self.snapshot[1]) as connection,
            TemporaryDirectory(dir=self.context.folder) as folder,
        ):
            for blocks in unsealed(connection, entities, reading.first, reading.last):
                for file in write(blocks, Path(folder)):
                    key, number = f"{prefix}{number}.parquet", number + 1
                    self.store.put(file.path, key, media_type=MEDIA_TYPE, is_frugal=True)
                    file.path.unlink()
                    yield placed(file, key)
