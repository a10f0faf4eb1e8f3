"""The command ``inspect``: what a file seems to be, and a mapping that would read it."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.data import DatasetName
from app.commands.mappings import values_of
from app.commands.terminal import err, out
from app.errors import InvalidParameters, RejectedFile
from app.wording.warnings import in_a_line
from openhours.whole_files import written_whole

if TYPE_CHECKING:
    from app.ingest.inspection.inspect import Inspection


def inspect(
    file: Annotated[Path, typer.Argument(help="Any file: CSV, JSON, Excel workbook, Parquet.")],
    kind: Annotated[DatasetName | None, typer.Option(help="Dataset kind. Default: the one that fits best.")] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Write the proposed mapping to this file. Default: only print it.")
    ] = None,
    set: Annotated[  # noqa: A002 - the option's name
        list[str] | None,
        typer.Option(
            "--set",
            metavar="COLUMN=TEXT",
            help="A column of the kind that has this text in every row, such as repo=owner/name; may be repeated. "
            "Default: what the file says.",
        ),
    ] = None,
    *,
    accept: Annotated[
        bool, typer.Option("--accept", help="Load the file with the proposed mapping. Default: load nothing.")
    ] = False,
) -> None:
    """Guess what a file contains, and propose a mapping."""
    from app.catalogue.options import load_options  # noqa: PLC0415 - Arrow takes a while to import
    from app.ingest.inspection.inspect import inspect as look  # noqa: PLC0415
    from app.ingest.inspection.layout import looked_at  # noqa: PLC0415
    from app.ingest.registry import DATASET_KINDS  # noqa: PLC0415

    try:
        with file.open("rb") as stream:
            data = looked_at(stream)
    except OSError as error:
        raise InvalidParameters(f"{file} cannot be read: {error.strerror}") from error
    kinds = list(DATASET_KINDS.values()) if kind is None else [DATASET_KINDS[kind.value]]
    given = load_options(set=values_of(set)).set or {}
    found = look(data, name=file.name, kinds=kinds, now=datetime.now(UTC), given=given)
    _tell(found)
    document = json.dumps(found.proposal.document, ensure_ascii=False, indent=2)
    if out_file is not None and found.proposal.document is not None:
        with written_whole(out_file) as target:
            target.write(f"{document}\n".encode())
    if accept:
        _accept(file, found, document)


def _tell(found: "Inspection") -> None:
    for column in found.columns:
        out.print(f"column {column.name}: {column.what}; {', '.join(map(repr, column.examples))}", markup=False)
    out.print(f"kind {found.proposal.kind}", markup=False)
    if found.proposal.shipped is not None:
        out.print(f"mapping {found.proposal.shipped}, which is shipped", markup=False)
    if found.proposal.document is not None:
        out.print(
            json.dumps(found.proposal.document, ensure_ascii=False), markup=False, highlight=False, soft_wrap=True
        )
    for name in found.proposal.missing:
        words = "|".join(_words(found.proposal.kind, name)) or "TEXT"
        told = f"if it is the same in all rows, use --set {name}={words}"
        err.print(f"missing: no column seems to be {name}; {told}", markup=False, soft_wrap=True)
    for text, assumed in found.proposal.questions:
        err.print(f"undecided: {text}" + (f" Assumed: {assumed}" if assumed else ""), markup=False)
    for row in found.rows:
        out.print(json.dumps(row, ensure_ascii=False, default=str), markup=False, highlight=False, soft_wrap=True)
    for mistake in found.rejections:
        err.print(str(mistake), markup=False)
    for warned in found.warnings:
        err.print(in_a_line(asdict(warned)), markup=False)


def _words(kind: str, name: str) -> tuple[str, ...]:
    """The words that a column of a kind may have; none of one that may have others."""
    from app.ingest.registry import DATASET_KINDS  # noqa: PLC0415 - as above

    return tuple(next(one for one in DATASET_KINDS[kind].columns if one.name == name).type.allowed)


def _accept(file: Path, found: "Inspection", document: str) -> None:
    from app.commands.loading import load_file  # noqa: PLC0415 - as above

    if not found.may_be_accepted:
        raise RejectedFile(
            f"{file} was not loaded: the mapping has open questions; write it to a file with --out, complete it, and "
            f"load with --mapping."
        )
    load_file(found.proposal.kind, file, rejects=None, mapping=document)
