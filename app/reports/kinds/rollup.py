"""Report kind ``rollup``: sums, extremes, means and counts of large tables by groups (docs/rollup-rules.md)."""

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from app.files.artifact import Artifact, StoredArtifact
from app.jobs.kind import JobContext, Params
from app.reports.asked_tables import find_tables, require_columns, still_there
from app.reports.kind import SUMMARY, Outline, ReportKind
from app.reports.refusals import refused
from app.rollup.grouping import FIGURES, Grouping
from app.rollup.part_limit import MOST_PARTS
from app.rollup.roll_up import roll_up
from app.rollup.work import Outcome, Work
from app.storage.object_store import ObjectStore
from app.storage.postgres import database_errors, database_now
from app.wording.warnings import warning

#: Size of a part by default: what programs open without trouble, bytes.
PART_BYTES: Final = 128 << 20

#: Largest part that may be asked for: two of them lie on the disk of a replica, bytes.
LARGEST_PART_BYTES: Final = 64 << 30

#: Rows that may be rejected at most: nobody corrects more by hand.
MOST_ERRORS: Final = 100_000

#: Columns that the output may have: to plan a query takes longer than in proportion to its columns.
MOST_COLUMNS: Final = 1000

Columns = list[str] | None


class RollupParams(Params):
    """Parameters of the roll-up."""

    datasets: Annotated[
        Columns,
        Field(
            min_length=1,
            description="Tables to group together, by id or file name. Default: none; name at least one.",
        ),
    ] = None
    by: Annotated[
        Columns,
        Field(
            description="Columns whose texts form the groups. Default: none, all rows are one group. The output may "
            f"have {MOST_COLUMNS:,} columns: those of `by`, the figures and the count."
        ),
    ] = None
    sum: Annotated[Columns, Field(description="Columns to add up. Default: none.")] = None
    min: Annotated[Columns, Field(description="Columns to take the minimum of. Default: none.")] = None
    max: Annotated[Columns, Field(description="Columns to take the maximum of. Default: none.")] = None
    mean: Annotated[Columns, Field(description="Columns to take the mean of. Default: none.")] = None
    count: Annotated[bool, Field(description="Also count the rows of each group.")] = False
    decimals: Annotated[
        int,
        Field(
            ge=0,
            le=9,
            description="Maximum number of digits after the decimal point of a number.",
            json_schema_extra={"unit": "digits"},
        ),
    ] = 0
    empty: Annotated[
        Literal["reject", "skip"],
        Field(description="How to treat an empty number: `reject`, as an invalid row, or `skip`, as no value."),
    ] = "reject"
    names: Annotated[
        tuple[str, ...] | None,
        Field(
            description="Names of all columns of the output, in order: those of `by`, then the figures of `sum`, "
            "`min`, `max` and `mean`, then the count. Default: `by` as it is, `sum_x` for the sum of x, `count`."
        ),
    ] = None
    max_part_bytes: Annotated[
        int,
        Field(
            ge=1,
            le=LARGEST_PART_BYTES,
            description=f"Largest file of the result, bytes; there are as many files as needed, at most "
            f"{MOST_PARTS:,}.",
            json_schema_extra={"unit": "bytes"},
        ),
    ] = PART_BYTES
    on_error: Annotated[
        Literal["reject_file", "skip_rows"],
        Field(
            description="What to do with an invalid row: `reject_file` fails the report and names the row, "
            "`skip_rows` leaves it out and lists it in `rejects.csv`."
        ),
    ] = "reject_file"
    max_errors: Annotated[
        int,
        Field(
            ge=0,
            le=MOST_ERRORS,
            description="With `skip_rows`, more invalid rows than this fail the report.",
            json_schema_extra={"unit": "rows"},
        ),
    ] = 1000

    def grouping(self) -> Grouping:
        """The same for the engine."""
        return Grouping(
            by=tuple(self.by or ()),
            sum=tuple(self.sum or ()),
            min=tuple(self.min or ()),
            max=tuple(self.max or ()),
            mean=tuple(self.mean or ()),
            count=self.count,
            decimals=self.decimals,
            skips_empty=self.empty == "skip",
            names=self.names or (),
            max_part_bytes=self.max_part_bytes,
        )


class RollupSummary(BaseModel):
    """What was read and written."""

    rows_read: int = Field(description="Rows of all tables with the right number of fields.")
    rows_rejected: int = Field(description="Rows of these that were left out.")
    groups: int = Field(description="Rows of the result.")
    parts: int = Field(description="Files of the result.")
    bytes: int = Field(description="Bytes of these files.")


def resolve(connection: Connection, params: RollupParams) -> tuple[RollupParams, datetime]:
    """The tables by their ids, and the instant of the request."""
    if not params.datasets:
        allowed = "ids or file names of datasets of kind table that are loaded"
        raise refused("datasets", params.datasets, "is missing: name the tables to group", allowed=allowed)
    tables = find_tables(connection, "datasets", params.datasets)
    require_columns(tables, {name: getattr(params, name) or () for name in ("by", *FIGURES)})
    _require_sensible(params)
    ids = [table.dataset_id for table in tables]
    return params.model_copy(update={"datasets": ids}), database_now(connection)


def _require_sensible(params: RollupParams) -> None:
    """Refuse parameters that contradict each other.

    Raises:
        InvalidParameters: they do.
    """
    grouping = params.grouping()
    for figure in FIGURES:
        if both := [column for column in getattr(grouping, figure) if column in grouping.by]:
            raise refused(figure, both[0], "is also in by; a column is either a key or a measure")
    if not grouping.default_names:
        raise refused(
            "by", params.by, "leaves nothing to write: name columns in by, sum, min, max or mean, or set count"
        )
    expected = len(grouping.default_names)
    if expected > MOST_COLUMNS:
        longest = max(("by", *FIGURES), key=lambda name: len(getattr(grouping, name)))
        reason = f"is one of the parameters that give the output {expected:,} columns; ask for fewer"
        given = f"{len(getattr(grouping, longest)):,} columns"
        raise refused(longest, given, reason, allowed=f"{MOST_COLUMNS:,} columns of the output at most")
    if grouping.names and len(grouping.names) != expected:
        every = ", ".join(grouping.default_names)
        reason = "is not a name for each column of the output"
        raise refused("names", list(grouping.names), reason, allowed=f"one name each for {every}")
    names = grouping.names or grouping.default_names
    if twice := [name for place, name in enumerate(names) if name in names[:place]]:
        raise refused(
            "names", twice[0], "would be the name of two columns; give each column a name of its own with names"
        )
    if not all(name.strip() for name in names):
        raise refused("names", list(names), "has an empty name; give each column one")
    if len(grouping.header) > params.max_part_bytes:
        least = f"at least {len(grouping.header):,}"
        raise refused("max_part_bytes", params.max_part_bytes, "has no room for the header", allowed=least)


def produce(context: JobContext, params: RollupParams) -> Sequence[Artifact | StoredArtifact]:
    """Roll the tables up; the parts are stored on the way, what else there is lies in the folder."""
    with database_errors(), context.engine.connect() as connection:
        tables = still_there(connection, params.datasets or ())
        require_columns(tables, {name: getattr(params, name) or () for name in ("by", *FIGURES)})
    with closing(ObjectStore(context.store)) as store:
        outcome = roll_up(
            Work(
                tables=tables,
                grouping=params.grouping(),
                allowed=params.max_errors if params.on_error == "skip_rows" else None,
                store=store,
                prefix=context.prefix,
                settings=context.settings,
                folder=context.folder,
                progress=context.progress,
            )
        )
    context.has_read(outcome.rows, None)
    if outcome.rejected:
        context.warn(warning("rejected_rows", outcome.rejected, outcome.shown).as_json())
    return [*outcome.parts, *_others(context, outcome)]


def _others(context: JobContext, outcome: Outcome) -> list[Artifact]:
    """The rejected rows, if there are any, and the summary."""
    made = []
    if outcome.rejected:
        made.append(Artifact(outcome.rejects, "text/csv", rows=outcome.mistakes))
    summary = RollupSummary(
        rows_read=outcome.rows,
        rows_rejected=outcome.rejected,
        groups=outcome.groups,
        parts=len(outcome.parts),
        bytes=sum(part.bytes for part in outcome.parts),
    )
    path = context.folder / SUMMARY
    path.write_text(summary.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return [*made, Artifact(path, "application/json", rows=outcome.groups)]


def outline(summary: RollupSummary) -> Outline:
    """One line."""
    figures = (summary.rows_read, summary.rows_rejected, summary.groups, summary.parts, summary.bytes)
    columns = ("rows read", "rejected", "groups", "parts", "bytes")
    note = "The parts, joined in order of their names and without their headers, form one table, ordered by its keys."
    return Outline(columns=columns, rows=[[f"{figure:,}" for figure in figures]], notes=[note])


ROLLUP = ReportKind(
    name="rollup",
    summary="exact sums, minima, maxima, means and counts of large tables by group, ordered, in parts of limited size",
    params=RollupParams,
    resolve=resolve,
    produce=produce,
    findings=RollupSummary,
    outline=outline,
    required=("datasets",),
    documentation="""
        Groups the rows of large CSV files, datasets of kind `table`, by the texts of some columns, and writes sums,
        extremes, means and counts: exact, ordered by the keys, in bounded memory.

        The result is in parts, `rollup-00001.csv` and so on, each with a header and of at most `max_part_bytes`;
        `summary.json` counts rows, groups and parts. With `on_error` set to `skip_rows`, rows whose measures are no
        numbers are left out and listed in `rejects.csv`.
    """,
    rules="rollup-rules.md",
    example={"datasets": ["plays_table.csv"], "by": ["Song", "Date"], "sum": ["Number of Plays"]},
    wrong={"decimals": 10},
)
