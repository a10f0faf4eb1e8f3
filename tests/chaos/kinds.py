"""Report kinds for the fault tests: one whose results tell attempts apart, and ones that no server helps."""

import re
import uuid
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from threading import Event

from pydantic import Field

from app.files.artifact import Artifact
from app.jobs.kind import JobContext, Params
from app.reports.kind import ReportKind
from app.storage.postgres import driver_cursor
from tests import kinds
from tests.kinds import TroubleParams, resolve

#: The files of a parcel; each begins with the token of the attempt that wrote it.
PARCEL_FILES = ("first.csv", "second.csv")


class ParcelParams(Params):
    """Parameters of the parcel kind."""

    seconds: float = Field(0.2, ge=0, le=600, description="How long it takes.")
    kilobytes: int = Field(16, ge=0, le=65536, description="Size of the second file.")


def parcel(context: JobContext, params: ParcelParams) -> Sequence[Artifact]:
    """Two files with the same random token: files of two attempts would show that they do not belong together."""
    context.progress("computing", 0.5)
    Event().wait(params.seconds)
    token = uuid.uuid4().hex + "\n"
    paths = [context.folder / name for name in PARCEL_FILES]
    paths[0].write_text(token)
    paths[1].write_text(token + "x" * (params.kilobytes << 10))
    return [Artifact(path, "text/csv", rows=1) for path in paths]


class CopyParams(Params):
    """Parameters of the kind that reads for a long time."""

    rows: int = Field(400, ge=1, description="Rows to read, one in ten milliseconds.")


def copy(context: JobContext, params: CopyParams) -> Sequence[Artifact]:
    """Read rows by COPY, slowly."""
    context.progress("loading", 0.1)
    rows = BytesIO()
    with context.engine.connect() as connection:
        driver_cursor(connection).copy_expert(
            f"COPY (SELECT n, pg_sleep(0.01) FROM generate_series(1, {params.rows}) AS n) TO STDOUT", rows
        )
    path = context.folder / "rows.tsv"
    path.write_bytes(rows.getvalue())
    return [Artifact(path, "text/tab-separated-values", rows=params.rows)]


class FullDiskParams(TroubleParams):
    """Parameters of the kind that finds the disk full."""

    failures: int = Field(1, ge=0, description="Attempts that find it full.")


def full_disk(context: JobContext, params: FullDiskParams) -> Sequence[Artifact]:
    """Write to a device that is always full, as often as asked for."""
    if kinds._trace(params) <= params.failures:
        with Path("/dev/full").open("wb") as device:
            device.write(b"a row\n")
    return parcel(context, ParcelParams(seconds=0))


def loop(_: JobContext, params: TroubleParams) -> Sequence[Artifact]:
    """Never end, in Python."""
    kinds._trace(params)
    while True:
        pass


def grip(_: JobContext, params: TroubleParams) -> Sequence[Artifact]:
    """Never end, in C and without ever giving other threads a turn: a pattern that backtracks for years."""
    kinds._trace(params)
    re.match(r"(a+)+$", "a" * 64 + "b")
    return []


PARCEL = ReportKind("parcel", ParcelParams, parcel, summary="two files that belong together", resolve=resolve)
CHAOS = (
    PARCEL,
    ReportKind("copy", CopyParams, copy, summary="rows that are read slowly", resolve=resolve),
    ReportKind("full_disk", FullDiskParams, full_disk, summary="finds the disk full", resolve=resolve),
    ReportKind("loop", TroubleParams, loop, summary="never ends", resolve=resolve),
    ReportKind("grip", TroubleParams, grip, summary="never ends and listens to nobody", resolve=resolve),
)

KINDS = {**kinds.KINDS, **{kind.name: kind for kind in CHAOS}}
