"""Writes the requested files: all of them, or none."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from app.demo_data import pull_requests as pull_request_log
from app.demo_data import review_times, teams
from app.demo_data.polls import HEADER, LINE_BYTES, PollLog
from app.demo_data.stores import hours_lines, store_ids, zone_lines
from app.errors import InvalidParameters
from app.files.folders import made

#: Cells made at a time: some 2 MB of lines, and arrays that stay in a processor's cache. The bytes do not depend on it.
CHUNK: Final = 1 << 15

#: Days of polls by default, without a size.
DEFAULT_DAYS: Final = 8

#: About how often a store may be polled, minutes: the even parts of an hour.
INTERVALS: Final = tuple(minutes for minutes in range(1, 61) if 60 % minutes == 0)

#: Days of pull requests by default.
DEFAULT_PULL_REQUEST_DAYS: Final = 90

#: Number of teams by default.
DEFAULT_TEAMS: Final = 8

#: Bytes of each unit of a size.
UNITS: Final = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12} | {
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
    "TIB": 2**40,
}

_SIZE: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?) ?([A-Za-z]*)")

OnProgress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written, with the number of its rows, header not counted, and of its bytes."""

    path: Path
    rows: int
    bytes: int


def parse_size(text: str) -> int:
    """A number of bytes such as 500MB, 1GB (a thousand million) or 1GiB (2^30).

    Raises:
        InvalidParameters: the text is not a size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or match[2].upper() not in UNITS or not (size := round(float(match[1]) * UNITS[match[2].upper()])):
        raise InvalidParameters(f"--bytes: {text!r} is not a size such as 500MB, 1GB or 1.5GiB")
    return size


def write(
    folder: Path,
    *,
    stores: int,
    days: int | None = None,
    interval_minutes: int = 60,
    size: int | None = None,
    seed: int,
    end: date,
    pull_requests: int = 0,
    team_count: int = DEFAULT_TEAMS,
    force: bool = False,
    chunk: int = CHUNK,
    progress: OnProgress = lambda _stage, _share: None,
) -> list[Written]:
    """Write hours.csv, timezones.csv and polls.csv to a folder, which is created if necessary.

    With pull requests also team_hours.csv, team_timezones.csv, pull_requests.csv and review_times.csv.

    Args:
        folder: where to write.
        stores: number of stores.
        days: number of days before ``end``; 8 if there is no size.
        interval_minutes: about how often a store is polled, one of INTERVALS.
        size: add older polls until polls.csv has as many bytes; the row that reaches it is the last.
        seed: the same arguments give the same bytes.
        end: the beginning of this day, UTC, is the end of the polls and of the pull requests.
        pull_requests: number of pull requests; without days, they cover 90.
        team_count: number of teams.
        force: replace existing files.
        chunk: cells made at a time.
        progress: called with the file that is being written and the share of it that is done.

    Raises:
        InvalidParameters: a file exists already, the interval is none, or the data would begin before 1970; nothing
            was written.
    """
    if interval_minutes not in INTERVALS:
        raise InvalidParameters(
            f"--interval-minutes: {interval_minutes} does not divide an hour; use {', '.join(map(str, INTERVALS))}"
        )
    log = PollLog(seed, ids := store_ids(seed, stores), end, interval_minutes=interval_minutes)
    cells = _cells(log, DEFAULT_DAYS if days is None and size is None else days or 0, size)
    pieces = {
        "hours.csv": _texts("store_id,day,start_time_local,end_time_local\n", hours_lines(seed, ids)),
        "timezones.csv": _texts("store_id,timezone_str\n", zone_lines(seed, ids)),
        "polls.csv": _polls(log, cells, size, chunk, progress),
    }
    if pull_requests:
        pieces |= _of_teams(seed, pull_requests, team_count, days or DEFAULT_PULL_REQUEST_DAYS, end)
    return write_all(folder, pieces, force=force, progress=progress)


def write_all(
    folder: Path, pieces: Mapping[str, Iterator[bytes]], *, force: bool, progress: OnProgress
) -> list[Written]:
    """Write files by their names from their pieces, all or none.

    Raises:
        InvalidParameters: a file exists already, unless ``force``; nothing was written.
    """
    if not force and (there := [name for name in pieces if (folder / name).exists()]):
        raise InvalidParameters(
            f"--out: {folder} has {', '.join(there)} already; use --force to replace them. Nothing was written."
        )
    with _room(folder), TemporaryDirectory(prefix=".demo-data-", dir=folder) as unfinished:
        written = []
        for name, content in pieces.items():
            progress(name.removesuffix(".csv"), 0.0)
            written.append(_write(Path(unfinished) / name, content))
        for file in written:
            file.path.replace(folder / file.path.name)
    return [Written(folder / file.path.name, file.rows, file.bytes) for file in written]


@contextmanager
def _room(folder: Path) -> Iterator[None]:
    """The folder, created if necessary; what cannot be written to it is told with its name, not a draft's."""
    try:
        with made(folder):
            yield
    except (FileExistsError, NotADirectoryError) as error:
        raise InvalidParameters(
            f"--out: {folder} is not a folder and cannot be created: a file is in the way"
        ) from error
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(folder)) from error


def _cells(log: PollLog, days: int, size: int | None) -> int:
    """Number of cells that are always written; refuses a log that would begin before 1970."""
    cells = days * log.cells_a_day
    if cells > log.cells:
        raise InvalidParameters(f"--days: {days:,} days before --end would begin before 1970; use fewer")
    if size is not None and size > log.cells * LINE_BYTES:
        raise _too_large(size, log.stores)
    return cells


def _too_large(size: int, stores: int) -> InvalidParameters:
    return InvalidParameters(
        f"--bytes: {stores:,} stores have no {size:,} bytes of polls since 1970; take more stores, or less. "
        "Nothing was written."
    )


def _of_teams(seed: int, count: int, team_count: int, days: int, end: date) -> dict[str, Iterator[bytes]]:
    """The files of teams; refuses pull requests that would begin before 1970."""
    if days + pull_request_log.MARGIN_DAYS > (end - date(1970, 1, 1)).days:
        raise InvalidParameters(f"--days: {days:,} days of pull requests would begin before 1970; use fewer")
    names = teams.team_names(team_count)
    lines = pull_request_log.pull_request_lines(seed, count=count, teams=team_count, days=days, end=end)
    return {
        "team_hours.csv": _texts("team,day,start_time_local,end_time_local\n", teams.hours_lines(names)),
        "team_timezones.csv": _texts("team,timezone_str\n", teams.zone_lines(names, teams.ZONES)),
        "pull_requests.csv": _texts(pull_request_log.HEADER, lines),
        "review_times.csv": _texts(
            review_times.HEADER, review_times.review_time_lines(seed, names, days=days, end=end)
        ),
    }


def _texts(header: str, pieces: Iterator[str]) -> Iterator[bytes]:
    yield header.encode()
    for piece in pieces:
        yield piece.encode()


def _polls(log: PollLog, cells: int, size: int | None, chunk: int, progress: OnProgress) -> Iterator[bytes]:
    """The log in pieces: all of these cells, then older ones until it has the size."""
    yield HEADER
    done = len(HEADER)
    for first in range(0, cells, chunk):
        piece = log.lines(first, min(first + chunk, cells))
        yield piece
        done += len(piece)
        progress("polls", min(first / cells, 1.0 if size is None else done / size))
    for first in range(cells, log.cells, chunk):
        if size is None or done >= size:
            break
        piece = log.lines(first, min(first + chunk, log.cells))
        if done + len(piece) > size:
            piece = piece[: piece.index(b"\n", size - done - 1) + 1]
        yield piece
        done += len(piece)
        progress("polls", min(done / size, 1.0))
    if size is not None and done < size:
        raise _too_large(size, log.stores)


def _write(path: Path, pieces: Iterator[bytes]) -> Written:
    rows, size = -1, 0  # a header is no row
    with path.open("wb") as file:
        for piece in pieces:
            rows, size = rows + piece.count(b"\n"), size + len(piece)
            file.write(piece)
    return Written(path, rows, size)
