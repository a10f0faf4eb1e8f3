"""Times of schedules as people say them, every weekday at 06:30, as cron expressions."""

import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

from app.errors import InvalidParameters
from app.wording.wrong_values import WrongValue, invalid_parameters

Every = Literal["hour", "day", "weekday", "week", "month"]
EVERY: Final[tuple[Every, ...]] = get_args(Every)

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

#: The last date that every month has; from the next one on, some months would be left out.
_LAST_DATE: Final = 28

_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_MINUTE: Final = re.compile(r":([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class When:
    """Either ``cron``, or ``every`` with what goes with it.

    Attributes:
        cron: an expression of five fields.
        every: hour, day, weekday (Monday to Friday), week or month.
        at: local time, HH:MM; of every hour the minute, :MM, by default :00.
        on: of every week a day's name, by default monday; of every month a date from 1 to 28, by default 1, or last.
    """

    cron: str | None = None
    every: Every | None = None
    at: str | None = None
    on: str | None = None


def cron_of(when: When) -> str:
    """The cron expression of what was asked for; one that was given comes back as it is.

    Raises:
        InvalidParameters: neither or both were given, or something that does not go with ``every``.
    """
    if when.cron is not None:
        if lonely := [name for name in ("every", "at", "on") if getattr(when, name) is not None]:
            raise _refused(lonely[0], getattr(when, lonely[0]), "cannot be combined with cron, which sets all of that")
        return when.cron
    if when.every is None:
        allowed = f"{', '.join(EVERY)}; or cron instead"
        raise invalid_parameters(
            [WrongValue(parameter="every", received=None, reason="is missing", allowed=allowed, is_shown=False)]
        )
    days = _days(when.every, when.on)
    if when.every == "hour":
        return f"{_minute(when.at)} * {days}"
    hour, minute = _time(when.every, when.at)
    return f"{minute} {hour} {days}"


def _minute(at: str | None) -> int:
    found = _MINUTE.fullmatch(at or ":00")
    if found is None:
        raise _refused("at", at, "is not a minute", "the minute of every hour, such as :15")
    return int(found[1])


def _time(every: Every, at: str | None) -> tuple[int, int]:
    found = _TIME.fullmatch(at or "")
    allowed = f"the local time, such as 06:30, with every {every}"
    if at is None:
        raise invalid_parameters(
            [WrongValue(parameter="at", received=None, reason="is missing", allowed=allowed, is_shown=False)]
        )
    if found is None:
        raise _refused("at", at, "is not a time of day", allowed)
    return int(found[1]), int(found[2])


def _days(every: Every, on: str | None) -> str:
    """Day of the month, month and day of the week."""
    match every:
        case "week":
            day = (on or _WEEKDAYS[0]).lower()
            if day not in _WEEKDAYS:
                raise _refused("on", on, "is not a day of the week", ", ".join(_WEEKDAYS))
            return f"* * {(_WEEKDAYS.index(day) + 1) % 7}"
        case "month":
            date = (on or "1").lower()
            if date == "last":
                return "L * *"
            if not re.fullmatch("[1-9][0-9]?", date) or int(date) > _LAST_DATE:
                allowed = f"1 to {_LAST_DATE}, or last, the last day of each month"
                raise _refused("on", on, "is not a date that every month has", allowed)
            return f"{date} * *"
    if on is not None:
        raise _refused("on", on, f"does not go with every {every}", "a day, with every week or month")
    return "* * 1-5" if every == "weekday" else "* * *"


def _refused(parameter: str, received: str | None, reason: str, allowed: str | None = None) -> InvalidParameters:
    return invalid_parameters([WrongValue(parameter=parameter, received=received, reason=reason, allowed=allowed)])
