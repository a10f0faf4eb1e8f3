"""The command that moves weeks of polls into S3, and back."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from app.commands import opening
from app.commands.terminal import err, out, report_progress
from app.errors import InvalidParameters, SeriesBusy


def seal(
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Seal every week that has ended. Default: those that are due.")
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Bring all sealed weeks back into Postgres. Default: seal.")
    ] = False,
) -> None:
    """Seal the weeks of polls that are due: move them into S3; --undo brings all back."""
    from app.sealing.foreground import seal_weeks, unseal_weeks  # noqa: PLC0415 - Arrow takes a while to import

    if every and undo:
        raise InvalidParameters("--all and --undo contradict each other; --undo brings all sealed weeks back.")
    settings = opening.settings()
    with opening.resources(settings) as (_, resources):
        if undo:
            with report_progress("unsealing") as told:
                weeks = unseal_weeks(resources, told=told)
            out.print(f"{_weeks(weeks)} unsealed")
            return
        with report_progress("sealing") as told:
            done = seal_weeks(resources, every=every, now=datetime.now(UTC), told=told)
    each = f", {done.bytes / done.polls:.1f} bytes a poll" if done.polls else ""
    out.print(f"{_weeks(done.weeks)} sealed: {done.polls:,} polls, {done.bytes:,} bytes{each}")
    if not every and settings.seal_after_days is None:
        err.print("OPENHOURS_SEAL_AFTER_DAYS is never, so no week is due; --all seals every week that has ended")
    if done.changed:
        err.print(f"unchanged, because loads have changed them meanwhile: {_weeks(done.changed)}")
    if done.busy:
        raise SeriesBusy(
            f"Reports or loads were using the polls the whole time, so {_weeks(done.busy)} could not be sealed."
        )


def _weeks(number: int) -> str:
    return f"{number:,} {'week' if number == 1 else 'weeks'}"
