"""Commands about data: load, upload, datasets, entities, demo-data."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from shlex import quote
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from app.commands import opening
from app.commands.mappings import document_of
from app.commands.opening import Server
from app.commands.terminal import byte_progress, err, out, report_progress
from app.errors import InvalidParameters, RejectedFile
from app.ingest.policy import DEFAULT_MAX_ERRORS, DEFAULT_ON_ERROR, MOST_REJECTED, OnError
from app.ingest.registry import DATASET_KINDS
from openhours.errors import OpenhoursError as ClientError

#: The generator is not meant for more: it keeps some data of each store in memory.
MOST_STORES: Final = 1_000_000

#: A million takes about ten seconds and half a gigabyte of memory: they are sorted in one piece.
MOST_PULL_REQUESTS: Final = 1_000_000

#: The calendars of more teams take long to expand.
MOST_TEAMS: Final = 200

DatasetName = Enum("DatasetName", {name: name for name in DATASET_KINDS})  # type: ignore[misc]

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


AssumeZone = Annotated[
    str | None, typer.Option(help="IANA zone of timestamps that name none. Default: they are invalid.")
]


ValidFrom = Annotated[
    str | None,
    typer.Option(
        help="For a file of hours or time zones: the first date on which it holds, such as 2026-07-01; what held "
        "before stays. Default: any date."
    ),
]


def load(
    kind: Annotated[DatasetName, typer.Argument(help="Dataset kind of the file.")],
    file: Annotated[Path, typer.Argument(help="CSV with a header, plain or gzip.")],
    on_error: OnErrorOption = DEFAULT_ON_ERROR,
    max_errors: MaxErrors = DEFAULT_MAX_ERRORS,
    columns: ColumnNames = None,
    mapping: MappingOption = None,
    assume_zone: AssumeZone = None,
    valid_from: ValidFrom = None,
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
        assume_zone=assume_zone,
        valid_from=valid_from,
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
    assume_zone: AssumeZone = None,
    valid_from: ValidFrom = None,
    rejects: Annotated[
        Path | None, typer.Option(help="CSV file to download the rejected rows to. Default: show only the first.")
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Load the file even if the same bytes are already loaded. Default: refuse it."),
    ] = False,
    server: Server = None,
) -> None:
    """Upload a CSV file to be checked and loaded; after Ctrl-C, the same command resumes."""
    from openhours.files import File  # noqa: PLC0415 - the HTTP client takes a while to import
    from openhours.outgoing import outgoing  # noqa: PLC0415

    if not file.is_file():
        raise InvalidParameters(f"{file} is {'a folder' if file.is_dir() else 'missing'}; give the path of a file.")
    _require_file_name(rejects)
    options = {"on_error": on_error.value, "max_errors": str(max_errors)}
    options |= {"columns": columns} if columns is not None else {}
    options |= {"mapping": document_of(mapping) or ""} if mapping is not None else {}
    options |= {"assume_zone": assume_zone} if assume_zone is not None else {}
    options |= {"valid_from": valid_from} if valid_from is not None else {}
    options |= {"force": "true"} if force else {}
    with opening.client(server, slots=1) as client:
        client.page("datasets", limit=1)  # fail before reading a large file for nothing
        with byte_progress(f"reading {file.name}", file.stat().st_size) as done:
            outgoing_file = outgoing(file, kind=kind.value, options=options, read=done)
        answer = _sent(client, outgoing_file, known_as=server or "embedded")
        rejection = _shown(answer)
        if answer["proposal"] is not None:
            _tell_proposal(file, kind.value, server)
        if rejects is not None and answer["rejects"] is not None:
            try:
                client.download(File.of(answer["rejects"]), rejects)
            except (ClientError, OSError) as error:
                err.print(f"--rejects: cannot write {rejects}: {error}", markup=False)
                rejection = rejection or error
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
    except ClientError as error:
        if error.status == 404:  # somebody has removed the dataset
            uploader.forget(file)
        raise
    uploader.forget(file)
    return answer


def datasets(
    server: Server = None,
    kind: Annotated[str | None, typer.Option(help="List only this dataset kind. Default: all.")] = None,
    status: Annotated[
        str | None,
        typer.Option(help="Only uploading, checking, loading, ready, rejected or removing datasets. Default: all."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Number to list, newest first.")] = 20,
) -> None:
    """List datasets, newest first."""
    with opening.client(server, slots=0) as client:
        page = client.page("datasets", kind=kind, status=status, limit=limit)
    table = Table("dataset", "kind", "file", "status", "bytes", "rows", "rejected", "created", box=None)
    for row in page["datasets"]:
        figures = (row["bytes"], row["rows_read"], row["rows_rejected"])
        table.add_row(
            *(row["dataset_id"], row["kind"], escape(row["filename"] or ""), _status(row)),
            *("" if figure is None else f"{figure:,}" for figure in figures),
            row["created_at"],
        )
    out.print(table)
    if page["next_cursor"]:
        err.print(f"there are more than {limit:,}: use --limit, --kind or --status")


def _status(row: Mapping[str, Any]) -> str:
    return f"{row['status']}, rows stay" if row["status"] == "rejected" and row["rows_loaded"] else str(row["status"])


OutFolder = Annotated[
    Path, typer.Option("--out", help="Folder to write polls.csv, hours.csv, timezones.csv and the team files to.")
]

Stores = Annotated[int, typer.Option(min=1, max=MOST_STORES, help="Number of stores.")]

Days = Annotated[
    int | None,
    typer.Option(min=1, help="Days of data. Default: 8 for polls, or as many as the size takes; 90 for pull requests."),
]

PullRequests = Annotated[
    int,
    typer.Option(
        min=0,
        max=MOST_PULL_REQUESTS,
        help="Number of pull requests; also writes hours and zones of their teams. Default: no such files.",
        show_default=False,
    ),
]

Teams = Annotated[int, typer.Option(min=1, max=MOST_TEAMS, help="Number of teams that own the pull requests.")]

Size = Annotated[
    str | None,
    typer.Option("--bytes", help="Add older polls until polls.csv has this size: 500MB, 1GB. Default: no target size."),
]

EndDay = Annotated[
    datetime,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="Polls and pull requests end at the start of this day, UTC.",
        show_default="2025-01-01",
    ),
]


def demo_data(
    *,
    out_folder: OutFolder = Path("out"),
    stores: Stores = 1000,
    days: Days = None,
    pull_requests: PullRequests = 0,
    teams: Teams = 8,
    size: Size = None,
    seed: Annotated[int, typer.Option(help="Random seed: the same seed gives the same bytes.")] = 1,
    end: EndDay = datetime(2025, 1, 1),  # noqa: DTZ001 - typer's dates are naive
    force: Annotated[bool, typer.Option("--force", help="Replace existing files. Default: keep them.")] = False,
) -> None:
    """Generate realistic polls, hours and time zones of fictitious stores, and pull requests of teams."""
    from app.demo_data.files import parse_size, write  # noqa: PLC0415 - numpy takes a while to import

    if end.date() > datetime.now(UTC).date():
        raise InvalidParameters(f"--end: {end:%Y-%m-%d} is in the future, and polls from the future cannot be loaded")
    with report_progress("demo data") as progress:
        files = write(
            out_folder,
            stores=stores,
            days=days,
            size=None if size is None else parse_size(size),
            pull_requests=pull_requests,
            team_count=teams,
            seed=seed,
            end=end.date(),
            force=force,
            progress=progress,
        )
    for file in files:
        out.print(f"{file.path}: {file.rows:,} rows, {file.bytes:,} bytes", markup=False)


def entities(
    server: Server = None,
    kind: Annotated[str | None, typer.Option(help="Entity kind. Default: store.")] = None,
    prefix: Annotated[str, typer.Option(help="List only keys with this prefix. Default: all.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Number to list, in order of their keys.")] = 50,
) -> None:
    """List entities with their time zones."""
    with opening.client(server, slots=0) as client:
        page = client.page("entities", kind=kind, prefix=prefix, limit=limit)
    table = Table("kind", "key", "timezone", box=None)
    for row in page["entities"]:
        is_default = " (default)" if row["timezone_is_default"] else ""
        table.add_row(escape(row["kind"]), escape(row["key"]), f"{row['timezone']}{is_default}")
    out.print(table)
    if page["next_cursor"]:
        err.print(f"there are more than {limit:,}: use --limit or --prefix")
