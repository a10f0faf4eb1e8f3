"""Loads a file from this machine, for ``load`` and the demo, and prints the result."""

import shutil
from contextlib import nullcontext
from pathlib import Path
from shlex import quote
from typing import Any

from app.catalogue.foreground import bring_in
from app.catalogue.job import HINT
from app.catalogue.options import load_options
from app.catalogue.records import DatasetRecord, DatasetStatus
from app.commands import opening
from app.commands.failures import in_words
from app.commands.terminal import err, out, report_progress
from app.errors import RejectedFile
from app.ingest.registry import DATASET_KINDS
from app.wording.warnings import in_a_line
from openhours.whole_files import written_whole


def load_file(kind: str, file: Path, *, rejects: Path | None, **options: Any) -> None:
    """Load a file, print the result, and write its rejected rows to ``rejects``.

    Raises:
        RejectedFile, InvalidParameters, DatasetBusy: nothing was loaded.
        OSError: the rejected rows cannot be written; the others are loaded.
    """
    chosen = load_options(**options)
    with opening.resources(opening.settings()) as (_, resources):
        with report_progress(f"loading {file.name}") if err.is_terminal else nullcontext(_quiet) as progress:
            state = bring_in(resources, kind, file, options=chosen, shown_as=str(file), told=progress)
        unwritten = None
        if rejects is not None and state.rejects is not None:
            try:
                with resources.object_store.read(state.rejects.artifact.key) as rows, written_whole(rejects) as target:
                    shutil.copyfileobj(rows, target)
            except OSError as error:  # what became of the file is told before
                unwritten = error
    if chosen.notify:
        err.print(f"the next serve or worker, or one that runs, tells {', '.join(chosen.notify)}", markup=False)
    if state.status is DatasetStatus.REJECTED:
        if unwritten is not None:
            err.print(f"--rejects: {in_words(unwritten)}", markup=False)
        message = state.record.error_message or "It was rejected."
        if state.record.proposal is not None:
            tell_proposal(file, kind, f"load {kind} {quote(str(file))}")
        raise RejectedFile(without_hint(message).replace(state.record.filename or "", str(file), 1))
    _tell(state.record, file)
    if unwritten is not None:
        raise unwritten


def tell_proposal(file: Path, kind: str, again: str) -> None:
    """Say with which commands a refused file is read; ``again`` is the one that was refused."""
    shown = quote(str(file))
    err.print(
        f"a mapping would read it; check it, then use it:\n"
        f"  openhours inspect {shown} --kind {kind} --out mapping.json\n"
        f"  openhours {again} --mapping mapping.json",
        markup=False,
    )


def without_hint(message: str) -> str:
    """The message of a refusal without the line that tell_proposal() says more precisely."""
    return message.removesuffix(f"\n{HINT}")


def _quiet(*_: object) -> None:
    """In a pipe a load says nothing before it has ended."""


def _tell(record: DatasetRecord, file: Path) -> None:
    rows = (record.rows_read or 0) - (record.rows_rejected or 0)
    # Without rows nothing is kept of a sample, so that its id would name none; a table has its header.
    kind = DATASET_KINDS[record.kind]
    told = f", dataset {record.id}" if rows or kind.stays_raw else ": no report can use it"
    named = told if kind.by_dataset else ""
    noun = "row" if rows == 1 else "rows"
    out.print(f"{rows:,} {noun} of {file} loaded as {record.kind}{named}", markup=False)
    if record.rows_duplicate:
        err.print(f"duplicate rows: {record.rows_duplicate:,}; the last one counts")
    for warned in record.warnings or ():
        err.print(in_a_line(warned), markup=False)
    for row in record.rejections or ():
        err.print(f"line {row['line']}, {row['column']}: {row['value']} {row['reason']}", markup=False)
    if record.rows_rejected:
        err.print(f"rejected rows, not loaded: {record.rows_rejected:,}", markup=False)
