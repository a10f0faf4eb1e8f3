"""A roll-up in pieces: some read ranges of the tables, the others put ranges of keys together.

Nothing but this process knows which objects count: those whose names a finished piece returned.
"""

from collections.abc import Sequence
from contextlib import closing
from shutil import copyfileobj
from typing import Any

from app.errors import RejectedFile
from app.files.artifact import StoredArtifact
from app.pieces.piece import Runner, piece_of
from app.rollup import pieces
from app.rollup.grouping import Grouping
from app.rollup.mistakes import HEADER, REJECTS, too_many
from app.rollup.part_limit import require_few
from app.rollup.plan import GROUPS_BYTES, splitters, together
from app.rollup.rows import Range
from app.rollup.work import Outcome, Reading, Work, parts_of, require_whole


def in_pieces(work: Work, reading: Sequence[Sequence[Range]], runner: Runner) -> Outcome:
    """Roll ranges up: all are read before the first range of keys is put together. Raises what roll_up does."""
    borders = splitters(work.store, reading, work.grouping, work.settings)
    below = f"{work.prefix}pieces/"
    try:
        read = _read(work, reading, borders, below, runner)
        return _put_together(work, read, len(borders) + 1, runner)
    finally:
        work.store.remove_below(below)


def _read(
    work: Work, reading: Sequence[Sequence[Range]], borders: Sequence[Any], below: str, runner: Runner
) -> list[Any]:
    """What each piece that reads came to, in their order."""
    todo = [
        piece_of(
            pieces.read_ranges,
            {
                "grouping": work.grouping.as_json(),
                "ranges": [one.as_json() for one in ranges],
                "allowed": work.allowed,
                "splitters": [list(keys) for keys in borders],
                "prefix": below,
            },
        )
        for ranges in reading
    ]
    sizes = [sum(one.bytes for one in ranges) for ranges in reading]
    found: list[Any] = [None] * len(todo)
    progress = Reading(work, sum(sizes))
    with closing(runner.run(todo)) as results:
        for number, result in results:
            found[number] = result
            progress.add(sizes[number])
            _require_accepted(found, work.allowed)
    return found


def _require_accepted(found: Sequence[Any], allowed: int | None) -> None:
    """Raise RejectedFile as soon as it is certain that the first mistake of the input was found."""
    shown: list[str] = []
    for result in found:
        if result is None:
            break
        shown += result["shown"]
        if result["failure"] is not None:
            if allowed is not None and result["is_too_many"]:
                raise too_many(allowed, shown)
            raise RejectedFile(result["failure"]["message"], **result["failure"]["details"])
    read = [one for one in found if one is not None and one["failure"] is None]
    if allowed is not None and sum(one["rejected"] for one in read) > allowed:
        raise too_many(allowed, [line for one in read for line in one["shown"]])


def _put_together(work: Work, read: Sequence[Any], ranges_of_keys: int, runner: Runner) -> Outcome:
    spans: list[list[Any]] = [[] for _ in range(ranges_of_keys)]
    plain = [0] * ranges_of_keys
    for result in read:
        for keys, first, end, size in result["spans"]:
            spans[keys].append((result["groups"], first, end))
            plain[keys] += size
    accepted = sum(one["read"]["accepted"] for one in read)
    sizes = [sum(end - first for _, first, end in several) for several in spans]
    todo = [
        piece_of(
            pieces.put_together,
            {
                "grouping": work.grouping.as_json(),
                "spans": [span for keys in several for span in spans[keys]],
                "accepted": accepted,
                "size": sum(plain[keys] for keys in several),
                "prefix": work.prefix,
                "name": f"rollup-{number:04d}-{{:05d}}",
            },
        )
        for number, several in enumerate(together(sizes, most_bytes=GROUPS_BYTES), 1)
        if any(spans[keys] for keys in several)
    ]
    done: list[Any] = [None] * len(todo)
    progress = Reading(work, 0)
    with closing(runner.run(todo)) as results:
        for number, result in results:
            done[number] = result
            _require_few([one for one in done if one is not None], work.grouping, accepted)
            progress.written(sum(one is not None for one in done) / len(todo))
    return _outcome(work, read, done)


def _require_few(done: Sequence[Any], grouping: Grouping, accepted: int) -> None:
    """Raise TooManyParts as soon as the parts of these pieces are too many; a piece looks at its own alone."""
    parts = [part for one in done for part in one["parts"]]
    header_bytes = len(grouping.header)
    require_few(
        len(parts),
        header_bytes=header_bytes,
        most_bytes=grouping.max_part_bytes,
        line_bytes=sum(part["bytes"] - header_bytes for part in parts),
        longest_line=max((one["longest"] for one in done), default=0),
        share=sum(one["rows"] for one in done) / max(accepted, 1),
    )


def _outcome(work: Work, read: Sequence[Any], done: Sequence[Any]) -> Outcome:
    parts = [StoredArtifact(**part) for one in done for part in one["parts"]]
    if not parts:
        with parts_of(work, lambda: 0) as writer:
            writer.only_header()
        parts = writer.parts
    with (work.folder / REJECTS).open("wb") as file:
        file.write(HEADER.encode())
        for one in read:
            if one["rejects"] is not None:
                with work.store.read(one["rejects"]) as stream:
                    copyfileobj(stream, file)
    outcome = Outcome(
        parts=tuple(parts),
        rows=sum(one["read"]["rows"] for one in read),
        rejected=sum(one["rejected"] for one in read),
        mistakes=sum(one["mistakes"] for one in read),
        groups=sum(one["groups"] for one in done),
        rejects=work.folder / REJECTS,
        shown=tuple(line for one in read for line in one["shown"]),
    )
    accepted = sum(one["read"]["accepted"] for one in read)
    require_whole(work.tables, outcome, accepted=accepted, written=sum(one["rows"] for one in done))
    return outcome
