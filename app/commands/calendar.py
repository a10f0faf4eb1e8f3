"""Commands about calendars: list, show; the holidays of a country or of an .ics file as a file of holidays."""

import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.commands import opening
from app.commands.terminal import out
from app.errors import InvalidParameters
from openhours.whole_files import written_whole

if TYPE_CHECKING:
    from app.entities.calendars import CalendarService

calendar = typer.Typer(help="Calendars: those that are loaded, and holidays as files to load.", no_args_is_help=True)

Output = Annotated[Path | None, typer.Option(help="File to write. Default: standard output.")]

Diff = Annotated[
    bool,
    typer.Option(
        "--diff",
        help="Only print the dates that loading it would add (+), remove (-) and change (~). Default: write it.",
    ),
]

Years = Annotated[str, typer.Option(help="A year, or a first and a last year: 2026-2028.")]


@calendar.command("from-country")
def from_country(
    *,
    country: Annotated[str, typer.Argument(help="Two letters of ISO 3166, such as DE.")],
    years: Years,
    subdivision: Annotated[str | None, typer.Option(help="State or province, such as BY.")] = None,
    category: Annotated[str, typer.Option(help="Category of holidays, such as public, bank or school.")] = "public",
    language: Annotated[
        str | None, typer.Option(help="Language of the names, such as en_US. Default: that of the country.")
    ] = None,
    output: Output = None,
    diff: Diff = False,
) -> None:
    """Write the holidays of a country as a CSV for `openhours load holidays`.

    Compare it with the one of before, and load it: holidays of past years may differ, as the library corrects them.
    """
    from app.entities.public_holidays import holidays_of, years_of  # noqa: PLC0415 - only here

    rows = holidays_of(country, subdivision, category, language, years_of(years, named="--years"))
    _give(f"{category}:{country}" + (f"-{subdivision}" if subdivision else ""), rows, output=output, diff=diff)


@calendar.command("import")
def import_(
    *,
    file: Annotated[Path, typer.Argument(help="iCalendar file (.ics) of all-day events, once or yearly.")],
    name: Annotated[str, typer.Option(help="Name of the calendar.")],
    output: Output = None,
    diff: Diff = False,
) -> None:
    """Write the all-day events of an .ics file as a CSV for `openhours load holidays`.

    Yearly events are written for twenty years, from last year on. A file with other events is refused.
    """
    from app.entities.ics import MOST_BYTES, holidays_in  # noqa: PLC0415 - only here

    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidParameters(f"{file} cannot be read: {error.strerror}; give the path of an .ics file.") from error
    rows = holidays_in(data, name=str(file), first_year=datetime.now(UTC).year - 1)
    _give(name, rows, output=output, diff=diff)


@calendar.command("list")
def list_() -> None:
    """List calendars by name."""
    table = Table("name", "days", "first", "last", "used by", "source", box=None)
    with _service() as service:
        for one in service.list():
            dates = (str(on or "") for on in (one.first, one.last))
            table.add_row(escape(one.name), f"{one.days:,}", *dates, f"{one.entities:,}", one.source)
    out.print(table)


@calendar.command()
def show(name: Annotated[str, typer.Argument(help="Name of the calendar.")]) -> None:
    """Print the dates of a calendar as a CSV of holidays."""
    with _service() as service:
        _, rows = service.get(name)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["calendar", "date", "what", "start_time_local", "end_time_local", "name"])
    writer.writerows([name, row.date, row.what, row.start_time_local, row.end_time_local, row.name] for row in rows)


def _give(name: str, rows: Sequence[tuple[str, str]], *, output: Path | None, diff: bool) -> None:
    """Write a file of holidays, or how it differs from what is loaded."""
    if diff:
        from app.commands.calendar_changes import changes  # noqa: PLC0415 - SQLAlchemy takes a while to import

        for line in changes(name, rows):
            out.print(line, markup=False, highlight=False, soft_wrap=True)
        return
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["calendar", "date", "what", "name"])
    writer.writerows([name, day, "closed", title] for day, title in rows)
    if output is None:
        sys.stdout.write(text.getvalue())
        return
    with written_whole(output) as file:
        file.write(text.getvalue().encode())


@contextmanager
def _service() -> "Iterator[CalendarService]":
    from app.entities.calendars import CalendarService  # noqa: PLC0415 - SQLAlchemy takes a while to import

    with opening.resources(opening.settings()) as (_, resources):
        yield CalendarService(resources.engine)
