"""What a command shows: results on stdout, progress and errors on stderr; a bar on a terminal, lines in a pipe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

#: Width of tables, characters: a narrower terminal wraps lines rather than truncate ids and numbers.
_TABLE_WIDTH = 160

# Print texts unchanged: ":100:" is part of a value, not the name of an emoji.
out = Console(highlight=False, emoji=False, soft_wrap=True, width=_TABLE_WIDTH)
err = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


@contextmanager
def report_progress(title: str) -> Iterator[Callable[[str, float], None]]:
    """Show the progress of a report; yields a function of (stage, share done)."""
    if err.is_terminal:
        columns = (TextColumn("{task.fields[stage]:>9}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, console=err) as bar:
            task = bar.add_task(title, total=1.0, stage="queued")
            yield lambda stage, share: bar.update(task, completed=share, stage=stage)
        return
    told: set[str] = set()

    def line(stage: str, share: float) -> None:
        if stage not in told:
            told.add(stage)
            err.print(f"{title}: {stage} ({share:.0%})")

    yield line


@contextmanager
def byte_progress(title: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
    """Show bytes done, speed and remaining time; yields a function of the number of bytes."""
    if err.is_terminal:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=err) as bar:
            task = bar.add_task(title, total=total_bytes)
            yield lambda done: bar.update(task, completed=done)
        return
    err.print(f"{title}: {total_bytes:,} bytes", markup=False)
    yield lambda _: None
