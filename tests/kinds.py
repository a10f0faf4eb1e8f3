"""Report kinds for the tests: a dummy one that shows what a new kind needs, and ones that misbehave."""

import os
import signal
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TypeVar

from pydantic import Field
from sqlalchemy import Connection, text

from app.errors import DatabaseUnavailable
from app.files.artifact import Artifact
from app.ingest.kind import DatasetKind
from app.jobs.kind import JobContext, OnProgress, Params
from app.reports.kind import ReportKind
from app.series.poll_reading import PollSource
from app.storage.resources import Resources

#: Of a report that runs in this process.
JOB_ID = "0" * 32

AS_OF = datetime(2024, 1, 1, tzinfo=UTC)

Kind = TypeVar("Kind", ReportKind, DatasetKind)


def beside(real: Mapping[str, Kind], made_up: Mapping[str, Kind]) -> dict[str, Kind]:
    """Kinds of the registry and some of the tests', by name; none of the tests' takes the place of a real one."""
    if taken := sorted(real.keys() & made_up.keys()):
        raise ValueError(f"{', '.join(taken)}: real kinds have these names of the tests' kinds; rename the tests' ones")
    return {**real, **made_up}


def context_of(resources: Resources, folder: Path, *, progress: OnProgress = lambda *_: None) -> JobContext:
    """What a report is given that runs in this process."""
    return JobContext(
        engine=resources.engine,
        settings=resources.settings,
        store=resources.object_store.address,
        folder=folder,
        prefix=f"reports/{uuid.uuid4().hex}/a1/",
        progress=progress,
        job_id=JOB_ID,
        fence=lambda _: None,
    )


def source_of(resources: Resources) -> PollSource:
    """Where the polls are that a test has stored."""
    return PollSource(resources.engine, lambda: resources.object_store)


class DummyParams(Params):
    """Parameters of the dummy kind."""

    lines: int = Field(3, ge=0, le=10, description="How many lines the file has.", json_schema_extra={"unit": "lines"})
    word: str | None = Field(None, description="What each line says. Default: dummy.")


def resolve(_: Connection, params: Params) -> tuple[Params, datetime]:
    return params, AS_OF


def produce(context: JobContext, params: DummyParams) -> Sequence[Artifact]:
    with context.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    context.progress("computing", 0.5)
    path = context.folder / "dummy.csv"
    path.write_text("word\n" + f"{params.word or 'dummy'}\n" * params.lines)
    return [Artifact(path, "text/csv", rows=params.lines)]


def pair(context: JobContext, params: DummyParams) -> Sequence[Artifact]:
    """The file, and another of the same."""
    (one,) = produce(context, params)
    path = context.folder / "other.csv"
    path.write_bytes(one.path.read_bytes())
    return [one, Artifact(path, one.media_type, rows=one.rows)]


DUMMY = ReportKind(
    "dummy",
    DummyParams,
    produce,
    summary="lines that say a word",
    resolve=resolve,
    documentation="A file of lines.",
    example={"lines": 2},
    wrong={"lines": 11},
)
PAIR = ReportKind("pair", DummyParams, pair, summary="two files", resolve=resolve)


class TroubleParams(Params):
    """Parameters of the kinds that misbehave."""

    folder: str = Field("", description="Where attempts leave a trace.")


def _trace(params: TroubleParams) -> int:
    """Count this attempt; returns its number."""
    folder = Path(params.folder)
    (folder / f"{os.getpid()}").touch()
    return len(list(folder.iterdir()))


def segfault(_: JobContext, params: TroubleParams) -> Sequence[Artifact]:
    _trace(params)
    os.kill(os.getpid(), signal.SIGSEGV)
    return []


def segfault_once(context: JobContext, params: TroubleParams) -> Sequence[Artifact]:
    if _trace(params) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return produce(context, DummyParams(lines=1))


def hang(context: JobContext, params: TroubleParams) -> Sequence[Artifact]:
    _trace(params)
    context.progress("computing", 0.25)
    Event().wait(120)
    return []


def devour(_: JobContext, params: TroubleParams) -> Sequence[Artifact]:
    _trace(params)
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))


def raise_defect(_: JobContext, params: TroubleParams) -> Sequence[Artifact]:
    _trace(params)
    raise ZeroDivisionError("a secret that no user should see")


def lose_database(_: JobContext, params: TroubleParams) -> Sequence[Artifact]:
    _trace(params)
    raise DatabaseUnavailable("Postgres does not answer.")


TROUBLE = {
    produce.__name__: ReportKind(produce.__name__, TroubleParams, produce, summary="misbehaves", resolve=resolve)
    for produce in (segfault, segfault_once, hang, devour, raise_defect, lose_database)
}

KINDS = {DUMMY.name: DUMMY, PAIR.name: PAIR, **TROUBLE}
