"""What is to be read again, or made anew: the operations behind reset and reprocess, in the caller's transaction."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from app.jobs import lifecycle
from app.sources import cursor_rows, queueing, repositories
from app.sources.cursors.place import Place, seconds
from app.sources.register import Source
from app.sources.reprocess import JOB_KIND
from app.sources.stream import Days, NewestFirst, Since, Stream, Windows


def reset(connection: Connection, source: Source, *, streams: Sequence[str], since: datetime | None) -> str:
    """Have streams read again, from what was changed at an instant on, or from nothing. Returns the id of the sync.

    The caller holds the row of the source. A sync that runs ends without a result: it would write its own places.
    Streams that cannot be read from an instant on (commits, and lists that are read whole) are read from nothing.
    """
    queueing.cancel_syncs(connection, source.id)
    known = source.source_kind.streams()
    read = [str(one.number) for one in repositories.to_read(connection, source.id)]
    before = cursor_rows.places(connection, source.id)
    for name in streams:
        cursor_rows.forget(connection, source.id, stream=name)
        position = None if since is None else _position(known[name], since)
        for scope in source.options.projects if known[name].scope == "project" else read:
            old = before.get((name, scope))
            rest = {} if old is None else _not_read_again(known[name], since, old.place.position)
            if position is not None or rest:
                cursor_rows.keep(connection, source.id, name, scope, Place({**(position or {}), **rest}))
    return queueing.queue_sync(connection, source.id)


def reprocess(connection: Connection, source: Source, *, stream: str | None, since: datetime | None) -> str:
    """Have the rows of one stream, or of all, made anew from the pages that are kept. Returns the id of the job."""
    params = {"source_id": source.id, "stream": stream, "since": None if since is None else since.isoformat()}
    return lifecycle.queue(
        connection, kind=JOB_KIND, params=params, concurrency_key=queueing.concurrency_key(source.id)
    )


def _not_read_again(stream: Stream, since: datetime | None, old: Mapping[str, Any]) -> dict[str, Any]:
    """Of days: those that the API has not told of, which are still asked for, and counts that are still compared."""
    if not isinstance(stream.cursor, Days):
        return {}
    first = None if since is None else since.astimezone(UTC).date().isoformat()
    counts = {day: count for day, count in old.get("counts", {}).items() if first is not None and day < first}
    lost = [day for day in old.get("missing", ()) if first is None or day < first]
    return {name: kept for name, kept in (("missing", lost), ("counts", counts)) if kept}


def _position(stream: Stream, since: datetime) -> Mapping[str, Any] | None:
    """From where a cursor reads what was changed at an instant or later; None: from nothing."""
    match stream.cursor:
        case NewestFirst():
            return {"mark": seconds(since), "settled": False}
        case Since():
            return {"since": seconds(since), "settled": False}
        case Windows(again_days=days):
            return {"until": seconds(since + timedelta(days=days)), "open": [], "known": {}}
        case Days(again_days=days):
            return {"through": (since.astimezone(UTC).date() + timedelta(days=days - 1)).isoformat()}
    return None
