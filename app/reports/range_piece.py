"""A range of stores as a piece: read from the bucket, accounted for, and its figures left there."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Any, Final

from app.files.memory import keep_what_is_freed
from app.files.packed import packed_table
from app.pieces.piece import Place
from app.reports.doubts import StoreDoubts
from app.reports.store_ranges import Accounting, Known, StoreRange, account
from app.series.entity_range import EntityRange
from app.series.poll_reading import read_files
from app.storage.object_store import ObjectStore

#: Of the objects of a range.
ARROW: Final = "application/vnd.apache.arrow.file"
JSON: Final = "application/json"


class PollsRead:
    """How many polls were read, and the latest instant in them; several threads may add."""

    def __init__(self) -> None:
        self.rows = 0
        self.latest: int | None = None
        self._lock = Lock()

    def add(self, rows: int, latest: int | None) -> None:
        with self._lock:
            self.rows += rows
            if latest is not None:
                self.latest = latest if self.latest is None else max(self.latest, latest)


def account_alone(place: Place, accounting: Accounting[Any], *, range_key: str, prefix: str) -> dict[str, str | None]:
    """Account for a range of stores by what the bucket has of it.

    Args:
        place: where this is done.
        accounting: what is wanted; nothing was added up yet.
        range_key: key of the EntityRange.
        prefix: of the objects that this makes, under names that nobody else uses.

    Returns:
        Keys of the Tables, and of the sums.
    """
    keep_what_is_freed()
    of, reading = EntityRange.of_bytes(bytes_at(place.store, range_key)), accounting.reading
    doubts, polls = StoreDoubts(), PollsRead()
    one = StoreRange(
        of.entities,
        of.labels,
        partial(Known, of.schedule, of.own),
        partial(
            read_files,
            place.store,
            of.files,
            of.entities,
            first=reading.first,
            last=reading.last,
            connections=place.settings.read_connections,
        ),
    )
    with ThreadPoolExecutor(1, thread_name_prefix="prepare") as preparing:
        tables = account(accounting, one, doubts, preparing, has_read=polls.add, progress=lambda *_: None)
    name, outages = f"{prefix}{uuid.uuid4().hex}", None
    place.store.put_bytes(packed_table(tables.rows), rows := f"{name}/rows.arrow", media_type=ARROW)
    if tables.outages is not None:
        place.store.put_bytes(packed_table(tables.outages), outages := f"{name}/outages.arrow", media_type=ARROW)
    told = {
        "read": [polls.rows, polls.latest],
        "doubts": doubts.as_json(),
        "sums": [one.as_json() for one in accounting.sums],
    }
    place.store.put_bytes(json.dumps(told).encode(), sums := f"{name}/sums.json", media_type=JSON)
    return {"rows": rows, "outages": outages, "sums": sums}


def bytes_at(store: ObjectStore, key: str) -> bytes:
    """The bytes of an object of a range; ObjectStoreUnavailable if it is missing."""
    with store.read(key) as stream:
        return stream.read()
