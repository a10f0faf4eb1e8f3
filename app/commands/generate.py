"""The command demo-data: files of fictitious stores, teams and songs."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from app.commands.terminal import out, report_progress
from app.errors import InvalidParameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.demo_data.files import Written

#: The generator is not meant for more: it keeps some data of each store in memory.
MOST_STORES: Final = 1_000_000

#: A million takes about ten seconds and half a gigabyte of memory: they are sorted in one piece.
MOST_PULL_REQUESTS: Final = 1_000_000

#: The calendars of more teams take long to expand.
MOST_TEAMS: Final = 200

#: The titles of more songs begin to repeat.
MOST_SONGS: Final = 1 << 40


class Data(StrEnum):
    """What files are about."""

    POLLS = "polls"
    PLAYS = "plays"


What = Annotated[
    Data,
    typer.Argument(help="`polls` of stores, with hours, time zones and teams; or `plays` of songs, to be rolled up."),
]

OutFolder = Annotated[Path, typer.Option("--out", help="Folder to write the files to.")]

Songs = Annotated[
    int, typer.Option(min=1, max=MOST_SONGS, help="Number of songs, of `plays`; as many titles, on 366 dates.")
]

Stores = Annotated[int, typer.Option(min=1, max=MOST_STORES, help="Number of stores.")]

Days = Annotated[
    int | None,
    typer.Option(min=1, help="Days of data. Default: 8 for polls, or as many as the size needs; 90 for pull requests."),
]

IntervalMinutes = Annotated[
    int, typer.Option(min=1, max=60, help="About how often each store is polled, minutes; a divisor of 60.")
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
    typer.Option(
        "--bytes",
        help="Add older polls until polls.csv has this size: 500MB, 1GB. Default: no target size. Of `plays` the size "
        "of plays.csv; default: 10MB.",
    ),
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
    what: What = Data.POLLS,
    *,
    out_folder: OutFolder = Path("out"),
    stores: Stores = 1000,
    days: Days = None,
    interval_minutes: IntervalMinutes = 60,
    pull_requests: PullRequests = 0,
    teams: Teams = 8,
    size: Size = None,
    songs: Songs = 10_000,
    seed: Annotated[int, typer.Option(help="Random seed: the same seed gives the same bytes.")] = 1,
    end: EndDay = datetime(2025, 1, 1),  # noqa: DTZ001 - typer's dates are naive
    force: Annotated[bool, typer.Option("--force", help="Replace existing files. Default: keep them.")] = False,
) -> None:
    """Generate realistic polls, hours and zones of fictitious stores, pull requests of teams, or plays of songs."""
    from app.demo_data.files import parse_size, write  # noqa: PLC0415 - numpy takes a while to import

    if what is Data.PLAYS:
        _write_plays(out_folder, size=size, songs=songs, seed=seed, force=force)
        return
    if end.date() > datetime.now(UTC).date():
        raise InvalidParameters(f"--end: {end:%Y-%m-%d} is in the future, and polls from the future cannot be loaded")
    with report_progress("demo data") as progress:
        files = write(
            out_folder,
            stores=stores,
            days=days,
            interval_minutes=interval_minutes,
            size=None if size is None else parse_size(size),
            pull_requests=pull_requests,
            team_count=teams,
            seed=seed,
            end=end.date(),
            force=force,
            progress=progress,
        )
    _tell(files)


def _write_plays(folder: Path, *, size: str | None, songs: int, seed: int, force: bool) -> None:
    from app.demo_data.files import parse_size  # noqa: PLC0415 - as above
    from app.demo_data.plays import DEFAULT_BYTES, write_plays  # noqa: PLC0415

    size_bytes = DEFAULT_BYTES if size is None else parse_size(size)
    with report_progress("demo data") as progress:
        files = write_plays(folder, size=size_bytes, songs=songs, seed=seed, force=force, progress=progress)
    _tell(files)


def _tell(files: "Sequence[Written]") -> None:
    for file in files:
        out.print(f"{file.path}: {file.rows:,} rows, {file.bytes:,} bytes", markup=False)
