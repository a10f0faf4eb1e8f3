"""Values of requests, checked like the fields of a file."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.ingest.column_types import DATE
from app.ingest.dates import FIRST, LAST
from app.ingest.kind import Column
from app.wording.wrong_values import WrongValue, invalid_parameters


def parsed(column: Column, value: str, *, parameter: str, errors: list[WrongValue]) -> Any:
    """The value that a field of a file with this text would have; None, with an error, if it has none."""
    try:
        return column.type.parse(value)
    except ValueError as error:
        errors.append(WrongValue(parameter=parameter, received=value, reason=str(error)))


def refuse(errors: Sequence[WrongValue]) -> None:
    """Raise InvalidParameters if there are errors."""
    if errors:
        raise invalid_parameters(errors)


def span(valid_from: date | None, valid_to: date | None, *, place: str = "") -> dict[str, str]:
    """``first`` and ``last`` as Postgres reads them, None for no limit; ``place`` stands before the parameters' names.

    Raises:
        InvalidParameters: a date is not between 1970 and 2100, or they are in the wrong order.
    """
    refuse(wrong_span({"valid_from": valid_from, "valid_to": valid_to}, place=place))
    return {"first": str(valid_from or FIRST), "last": str(valid_to or LAST)}


def wrong_span(dates: Mapping[str, date | None], *, place: str = "") -> list[WrongValue]:
    """What is wrong with a first and a last date, by their names: not between 1970 and 2100, or in the wrong order."""
    errors: list[WrongValue] = []
    for name, on in dates.items():
        if on is not None:
            parsed(Column(name, DATE, example=""), str(on), parameter=place + name, errors=errors)
    (first_name, first), (last_name, last) = dates.items()
    if not errors and first is not None and last is not None and last < first:
        reason = f"is before {first_name} {first}"
        errors.append(WrongValue(parameter=place + last_name, received=str(last), reason=reason))
    return errors
