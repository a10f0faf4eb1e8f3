"""A roll-up in one process: rows go through DuckDB once, and what it gives is written as it comes."""

from collections.abc import Sequence
from contextlib import closing

from app.rollup.mistakes import HEADER, REJECTS, collected
from app.rollup.queries import groups_of_rows, lines
from app.rollup.rows import Range, Tally, ahead, blocks, schema_of
from app.rollup.running import run
from app.rollup.work import Outcome, Reading, Work, parts_of, require_whole


def in_one_go(work: Work, ranges: Sequence[Range]) -> Outcome:
    """Roll ranges up; raises what roll_up does."""
    tally, grouping, path = Tally(), work.grouping, work.folder / REJECTS
    progress = Reading(work, sum(one.bytes for one in ranges))
    with (
        collected(path, allowed=work.allowed, header=HEADER) as mistakes,
        parts_of(work, lambda: tally.accepted) as writer,
    ):
        rows = blocks(
            work.store,
            ranges,
            grouping,
            work.settings,
            tally=tally,
            mistakes=mistakes.add,
            has_read=progress.add,
        )
        found = run(
            lines(grouping, groups_of_rows(grouping)),
            "rows",
            schema_of(grouping),
            ahead(rows),
            folder=work.folder,
            memory_mb=work.settings.report_memory_limit_mb,
        )
        with closing(found):
            for batch in found:
                writer.add(batch)
                progress.written(writer.rows / tally.accepted)
        if not writer.groups:
            writer.only_header()
    outcome = Outcome(
        parts=tuple(writer.parts),
        rows=tally.rows,
        rejected=mistakes.rows,
        mistakes=mistakes.count,
        groups=writer.groups,
        rejects=path,
        shown=tuple(mistakes.shown),
    )
    require_whole(work.tables, outcome, accepted=tally.accepted, written=writer.rows)
    return outcome
