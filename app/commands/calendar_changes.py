"""What would change in a calendar if a file were loaded in its place."""

from collections.abc import Iterator, Sequence

from app.commands import opening
from app.errors import UnknownCalendar


def changes(name: str, rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Lines of closed dates that come (+), that go (-), and that are said otherwise (~), by date.

    Args:
        name: of the calendar.
        rows: date and name of each closed date that it would have.
    """
    known = _known(name)
    wanted = {day: {f"closed {title}".strip()} for day, title in rows}
    for day in sorted({*known, *wanted}):
        before, after = (", ".join(sorted(one.get(day, ()))) for one in (known, wanted))
        if day not in known:
            yield f"+ {day} {after}"
        elif day not in wanted:
            yield f"- {day} {before}"
        elif before != after:
            yield f"~ {day} {before} -> {after}"


def _known(name: str) -> dict[str, set[str]]:
    from app.entities.calendars import CalendarService  # noqa: PLC0415 - SQLAlchemy takes a while to import

    found: dict[str, set[str]] = {}
    with opening.resources(opening.settings()) as (_, resources):
        try:
            _, rows = CalendarService(resources.engine).get(name)
        except UnknownCalendar:
            return {}
    for row in rows:
        times = f" {row.start_time_local}-{row.end_time_local}" if row.what == "hours" else ""
        found.setdefault(row.date, set()).add(f"{row.what}{times} {row.name or ''}".strip())
    return found
