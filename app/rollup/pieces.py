"""The two pieces of a roll-up: one reads ranges of tables, the other puts groups of a range of keys together.

Both take JSON and return JSON. What they leave is below a prefix of their run, under names that nobody else uses: a
piece that is killed and done again leaves orphans.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, astuple
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from app.errors import RejectedFile
from app.pieces.piece import Place
from app.rollup import spans
from app.rollup.database import begin
from app.rollup.grouping import Grouping
from app.rollup.mistakes import REJECTS, collected
from app.rollup.parts import MEDIA_TYPE, part_writer
from app.rollup.plan import Keys
from app.rollup.portions import by_keys, in_portions, portion_bytes
from app.rollup.queries import groups_of_groups, groups_of_rows, in_order, lines
from app.rollup.rows import Range, Tally, ahead, blocks, schema_of
from app.rollup.running import run
from app.rollup.spans import Span, SpanWriter
from app.storage.object_store import ObjectStore

_ARROW: Final = "application/vnd.apache.arrow.stream"


def read_ranges(place: Place, told: Mapping[str, Any]) -> dict[str, Any]:
    """Groups of the rows of some ranges, in order, as one object with a span or more for each range of keys.

    A row that is rejected although none may be does not fail it, but is its result: of several such rows the first one
    of the whole input is to be named, whichever piece is faster.
    """
    begin(place.settings.report_memory_limit_mb)
    grouping, tally = Grouping.of_json(told["grouping"]), Tally()
    name, groups = f"{told['prefix']}{uuid.uuid4().hex}", place.folder / "groups"
    with collected(place.folder / REJECTS, allowed=told["allowed"]) as mistakes:
        ranges = [Range.of_json(one) for one in told["ranges"]]
        rows = blocks(place.store, ranges, grouping, place.settings, tally=tally, mistakes=mistakes.add)
        try:
            written = _write_groups(place, grouping, rows, [tuple(keys) for keys in told["splitters"]], groups)
        except RejectedFile as error:
            failure = {"message": error.message, "details": dict(error.details)}
            return {"failure": failure, "is_too_many": mistakes.is_too_many, "shown": mistakes.shown}
    place.store.put(groups, f"{name}.arrows", media_type=_ARROW, is_frugal=True)
    if mistakes.count:
        place.store.put(place.folder / REJECTS, f"{name}.csv", media_type=MEDIA_TYPE, is_frugal=True)
    return {
        "failure": None,
        "groups": f"{name}.arrows",
        "spans": [astuple(span) for span in written],
        "rejects": f"{name}.csv" if mistakes.count else None,
        "read": asdict(tally),
        "rejected": mistakes.rows,
        "mistakes": mistakes.count,
        "shown": mistakes.shown,
    }


def put_together(place: Place, told: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a range of keys, from the spans that the other pieces have written of it."""
    begin(place.settings.report_memory_limit_mb)
    grouping = Grouping.of_json(told["grouping"])
    portions = by_keys(
        place.store,
        [spans.Place(*one) for one in told["spans"]],
        keys=len(grouping.by),
        size=told["size"],
        most_bytes=portion_bytes(place.settings.report_memory_limit_mb),
    )
    below = f"{told['prefix']}{uuid.uuid4().hex}/"  # what a piece leaves that is done twice is never mixed
    upload = partial(_upload, place.store, below)
    with part_writer(
        place.folder,
        grouping.header,
        most_bytes=grouping.max_part_bytes,
        name=told["name"],
        accepted=lambda: int(told["accepted"]),
        upload=upload,
    ) as writer:
        for portion in portions:
            first = next(portion)
            groups = chain([first], portion)
            query = lines(grouping, groups_of_groups(grouping))
            for batch in _made(place, query, "groups", first.schema, groups):
                writer.add(batch)
    return {
        "parts": [asdict(part) for part in writer.parts],
        "groups": writer.groups,
        "rows": writer.rows,
        "longest": writer.longest,
    }


def _write_groups(
    place: Place, grouping: Grouping, rows: Iterator[pa.RecordBatch], splitters: list[Keys], path: Path
) -> list[Span]:
    """Each portion of the rows begins anew at the first range of keys."""
    found: list[Span] = []
    query, schema = in_order(grouping, groups_of_rows(grouping)), schema_of(grouping)
    most_bytes = portion_bytes(place.settings.report_memory_limit_mb)
    with closing(ahead(rows)) as coming, path.open("wb") as file:
        for portion in in_portions(coming, most_bytes=most_bytes):
            writer = SpanWriter(file, splitters, found)
            for batch in _made(place, query, "rows", schema, portion):
                writer.add(batch)
            writer.close()
    return found


def _made(
    place: Place, query: str, name: str, schema: pa.Schema, blocks: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    memory_mb = place.settings.report_memory_limit_mb
    with closing(run(query, name, schema, blocks, folder=place.folder, memory_mb=memory_mb)) as found:
        yield from found


def _upload(store: ObjectStore, prefix: str, path: Path) -> str:
    store.put(path, prefix + path.name, media_type=MEDIA_TYPE, is_frugal=True)
    return prefix + path.name
