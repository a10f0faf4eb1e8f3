"""Report kinds for the tests: a dummy one that shows what a new kind needs, and ones that misbehave."""

import os
import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from pydantic import Field
from sqlalchemy import Connection, text

from app.errors import DatabaseUnavailable
from app.reports.kind import Artifact, Params, ReportContext, ReportKind

AS_OF = datetime(2024, 1, 1, tzinfo=UTC)


class DummyParams(Params):
    """Parameters of the dummy kind."""

    lines: int = Field(3, ge=0, le=10, description="How many lines the file has.")
    word: str | None = Field(None, description="What each line says. Default: dummy.")


def resolve(_: Connection, params: Params) -> tuple[Params, datetime]:
    return params, AS_OF


def produce(context: ReportContext, params: DummyParams) -> Sequence[Artifact]:
    with context.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    context.progress("computing", 0.5)
    path = context.folder / "dummy.csv"
    path.write_text("word\n" + f"{params.word or 'dummy'}\n" * params.lines)
    return [Artifact(path, "text/csv", rows=params.lines)]


DUMMY = ReportKind("dummy", "lines that say a word", DummyParams, resolve, produce)


class TroubleParams(Params):
    """Parameters of the kinds that misbehave."""

    folder: str = Field("", description="Where attempts leave a trace.")


def _trace(params: TroubleParams) -> int:
    """Count this attempt; returns its number."""
    folder = Path(params.folder)
    (folder / f"{os.getpid()}").touch()
    return len(list(folder.iterdir()))


def segfault(_: ReportContext, params: TroubleParams) -> Sequence[Artifact]:
    _trace(params)
    os.kill(os.getpid(), signal.SIGSEGV)
    return []


def segfault_once(context: ReportContext, params: TroubleParams) -> Sequence[Artifact]:
    if _trace(params) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return produce(context, DummyParams(lines=1))


def hang(context: ReportContext, params: TroubleParams) -> Sequence[Artifact]:
    _trace(params)
    context.progress("computing", 0.25)
    Event().wait(120)
    return []


def devour(_: ReportContext, params: TroubleParams) -> Sequence[Artifact]:
    _trace(params)
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))


def raise_defect(_: ReportContext, params: TroubleParams) -> Sequence[Artifact]:
    _trace(params)
    raise ZeroDivisionError("a secret that no user should see")


def lose_database(_: ReportContext, params: TroubleParams) -> Sequence[Artifact]:
    _trace(params)
    raise DatabaseUnavailable("Postgres does not answer.")


TROUBLE = {
    produce.__name__: ReportKind(produce.__name__, "misbehaves", TroubleParams, resolve, produce)
    for produce in (segfault, segfault_once, hang, devour, raise_defect, lose_database)
}

KINDS = {DUMMY.name: DUMMY, **TROUBLE}
