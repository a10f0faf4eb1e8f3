"""Commands that bring files in: load, upload."""

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from shlex import quote
from typing import Annotated, Any, Final

import typer

from app.commands import opening
from app.commands.failures import in_words
from app.commands.mappings import document_of, values_of
from app.commands.opening import Server
from app.commands.telling import NotifyOption, names_of, tell_notified
from app.commands.terminal import byte_progress, err, out, report_progress
from app.errors import InvalidParameters, RejectedFile
from app.ingest.kind import Covers
from app.ingest.policy import DEFAULT_MAX_ERRORS, DEFAULT_ON_ERROR, MOST_REJECTED, OnError
from app.ingest.registry import DATASET_KINDS
from openhours.errors import OpenhoursError as ClientError

DatasetName = Enum("DatasetName", {name: name for name in DATASET_KINDS})  # type: ignore[misc]

#: What a server is remembered as that runs in this process.
EMBEDDED: Final = "embedded"

OnErrorOption = Annotated[
    OnError, typer.Option(help="What to do with invalid rows: reject the whole file, or skip them.")
]

MaxErrors = Annotated[
    int,
    typer.Option(min=0, max=MOST_REJECTED, help="Most invalid rows that skip_rows accepts before it rejects the file."),
]

ColumnNames = Annotated[
    str | None,
    typer.Option(help="Column names of a file without a header, separated by commas. Default: read the header."),
]


MappingOption = Annotated[
    str | None,
    typer.Option("--mapping", help="Mapping by name, or a JSON file. Default: the file has the kind's own columns."),
]


SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="COLUMN=TEXT",
        help="A column of the kind that has this text in every row, such as repo=owner/name; may be repeated. Default: "
        "what the file or the mapping says.",
    ),
]


AssumeZone = Annotated[
    str | None, typer.Option(help="IANA zone of timestamps without a zone. Default: they are invalid.")
]


ValidFrom = Annotated[
    str | None,
    typer.Option(
        help="For a file of hours or time zones: the first date on which it applies, such as 2026-07-01; earlier ones "
        "stay. Default: any date."
    ),
]


SourceName = Annotated[
    str | None,
    typer.Option(help="For counts: who counted; the file replaces the days that it covers. Default: files."),
]
CoversOption = Annotated[
    Covers | None,
    typer.Option(
        help="For counts: the file covers all entities of its source, or each named one on the days on which it "
        "has a row. Default: all."
    ),
]
CoversFrom = Annotated[
    str | None, typer.Option(help="For counts: the first date that the file covers. Default: that of a row.")
]
CoversTo = Annotated[
    str | None,
    typer.Option(help="For counts and commits: the last date that the file covers. Default: that of a row."),
]
SnapshotOption = Annotated[
    bool,
    typer.Option(
        "--snapshot", help="For commits: the file is complete for its repositories. Default: it adds to them."
    ),
]


def load(
    kind: Annotated[DatasetName, typer.Argument(help="Dataset kind of the file.")],
    file: Annotated[Path, typer.Argument(help="CSV with a header, plain or gzip.")],
    on_error: OnErrorOption = DEFAULT_ON_ERROR,
    max_errors: MaxErrors = DEFAULT_MAX_ERRORS,
    columns: ColumnNames = None,
    mapping: MappingOption = None,
    set: SetOption = None,  # noqa: A002 - the option's name
    assume_zone: AssumeZone = None,
    valid_from: ValidFrom = None,
    source: SourceName = None,
    covers: CoversOption = None,
    covers_from: CoversFrom = None,
    covers_to: CoversTo = None,
    *,
    snapshot: SnapshotOption = False,
    notify: NotifyOption = None,
    rejects: Annotated[
        Path | None, typer.Option(help="CSV file to write the rejected rows to. Default: show only the first.")
    ] = None,
) -> None:
    """Load a CSV file into Postgres, all or nothing; show the rejected rows."""
    from app.commands.loading import load_file  # noqa: PLC0415 - Arrow takes a while to import

    _require_file_name(rejects)
    load_file(
        kind.value,
        file,
        on_error=on_error,
        max_errors=max_errors,
        columns=columns,
        mapping=document_of(mapping),
        set=values_of(set),
        assume_zone=assume_zone,
        valid_from=valid_from,
        source=source,
        covers=covers,
        covers_from=covers_from,
        covers_to=covers_to,
        snapshot=snapshot or None,
        notify=names_of(notify) or None,
        rejects=rejects,
    )


def upload(
    file: Annotated[Path, typer.Argument(help="CSV, plain or gzip.")],
    kind: Annotated[DatasetName, typer.Option(help="Dataset kind of the file.")],
    *,
    on_error: OnErrorOption = DEFAULT_ON_ERROR,
    max_errors: MaxErrors = DEFAULT_MAX_ERRORS,
    columns: ColumnNames = None,
    mapping: MappingOption = None,
    set: SetOption = None,  # noqa: A002 - the option's name
    assume_zone: AssumeZone = None,
    valid_from: ValidFrom = None,
    source: SourceName = None,
    covers: CoversOption = None,
    covers_from: CoversFrom = None,
    covers_to: CoversTo = None,
    snapshot: SnapshotOption = False,
    notify: NotifyOption = None,
    rejects: Annotated[
        Path | None, typer.Option(help="CSV file to download the rejected rows to. Default: show only the first.")
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Load the file even if the same bytes are already loaded. Default: refuse it."),
    ] = False,
    server: Server = None,
) -> None:
    """Upload a CSV file to be checked and loaded; with a server, the same command resumes it after Ctrl-C."""
    from openhours.files import File  # noqa: PLC0415 - the HTTP client takes a while to import
    from openhours.outgoing import outgoing  # noqa: PLC0415

    if not file.is_file():
        raise InvalidParameters(f"{file} is {'a folder' if file.is_dir() else 'missing'}; give the path of a file.")
    _require_file_name(rejects)
    options = {"on_error": on_error.value, "max_errors": str(max_errors)}
    options |= {"columns": columns} if columns is not None else {}
    options |= {"mapping": document_of(mapping) or ""} if mapping is not None else {}
    options |= {"set": values_of(set) or ""} if set else {}
    options |= {"assume_zone": assume_zone} if assume_zone is not None else {}
    options |= {"valid_from": valid_from} if valid_from is not None else {}
    covering = {"source": source, "covers": covers, "covers_from": covers_from, "covers_to": covers_to}
    options |= {name: str(value) for name, value in covering.items() if value is not None}
    options |= {"snapshot": "true"} if snapshot else {}
    options |= {"notify": ",".join(names_of(notify))} if names_of(notify) else {}
    options |= {"force": "true"} if force else {}
    with opening.client(server, slots=1) as client:
        client.page("datasets", limit=1)  # fail before reading a large file for nothing
        with byte_progress(f"reading {file.name}", file.stat().st_size) as done:
            outgoing_file = outgoing(file, kind=kind.value, options=options, read=done)
        answer = _sent(client, outgoing_file, known_as=server or EMBEDDED)
        rejection = _shown(answer)
        if answer["proposal"] is not None:
            _tell_proposal(file, kind.value, server)
        if rejects is not None and answer["rejects"] is not None:
            try:
                client.download(File.of(answer["rejects"]), rejects)
            except (ClientError, OSError) as error:
                said = in_words(error) if isinstance(error, OSError) else f"cannot write {rejects}: {error}"
                err.print(f"--rejects: {said}", markup=False)
                rejection = rejection or error
        if server is None:
            tell_notified(client, answer["dataset_id"], names_of(notify))
    if rejection is not None:
        raise rejection


def _shown(answer: Mapping[str, Any]) -> Exception | None:
    """Print the outcome of an upload; returns the error to exit with if the file was rejected."""
    counts = ", ".join(
        f"{answer[f'rows_{name}'] or 0:,} {name}" for name in ("read", "accepted", "rejected", "duplicate")
    )
    out.print(f"dataset {answer['dataset_id']} {answer['status']}: rows {counts}", markup=False)
    for row in answer["rejections"]:
        out.print(f"line {row['line']}, {row['column']}: {row['value']} {row['reason']}", markup=False)
    if answer["status"] != "rejected":
        return None
    left_out = ("line ", "…", "A mapping would read it")  # they are said elsewhere
    told = [line for line in answer["error"]["message"].splitlines() if not line.startswith(left_out)]
    error = RejectedFile("\n".join(told))
    error.code = answer["error"]["code"]
    return error


def _tell_proposal(file: Path, kind: str, server: str | None) -> None:
    from app.commands.loading import tell_proposal  # noqa: PLC0415 - Arrow takes a while to import

    there = "" if server is None else f" --server {quote(server)}"
    tell_proposal(file, kind, f"upload {quote(str(file))} --kind {kind}{there}")


def _require_file_name(rejects: Path | None) -> None:
    """Refuse, before any work, a path to which the rejected rows cannot be written."""
    if rejects is None:
        return
    if rejects.is_dir():
        raise InvalidParameters(f"--rejects: {rejects} is a folder, not the name of a file")
    if not rejects.parent.is_dir():
        raise InvalidParameters(f"--rejects: there is no folder {rejects.parent}")


def _sent(client: Any, file: Any, *, known_as: str) -> Any:
    """Upload a file and wait until it is ready or rejected; returns the last response.

    Until then the upload is remembered, so Ctrl-C while the rows are checked does not cost a second upload.
    """
    uploader = client.uploader(memory=opening.settings().home / "uploads", known_as=known_as)
    try:
        with byte_progress(f"uploading {file.path.name}", file.size_bytes) as sent:
            dataset_id = uploader.send(file, sent=sent)
    finally:
        uploader.close()
    answer: Any = None
    try:
        with report_progress(f"dataset {dataset_id}") as progress:
            for answer in client.follow_dataset(dataset_id):
                progress(answer["status"], answer["progress"])
    except KeyboardInterrupt:
        state = (
            "is uploaded, but it is not checked and loaded until the next serve, worker or upload runs"
            if known_as == EMBEDDED
            else "is uploaded, and is still checked and loaded"
        )
        err.print(
            f"dataset {dataset_id} {state}; datasets shows its state, the same command follows it again, and DELETE "
            f"/datasets/{dataset_id} removes it",
            markup=False,
        )
        raise
    except ClientError as error:
        if error.status == 404:  # somebody has removed the dataset
            uploader.forget(file)
        raise
    uploader.forget(file)
    return answer
