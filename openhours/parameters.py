"""Parameters of a report as JSON, from what a notebook holds: instants, arrays, columns of a frame."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from openhours.errors import InvalidInput


def as_json(name: str, value: Any) -> Any:
    """A value as JSON has it.

    Args:
        name: of the parameter, for the error.
        value: text, number, aware datetime, date, None; a list, set, array, index or column of those.

    Raises:
        InvalidInput: an instant without a time zone, or what JSON has no form for.
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return _instant(name, value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): as_json(f"{name}.{key}", one) for key, one in value.items()}
    if hasattr(value, "tolist"):  # numpy's and pandas' own
        return as_json(name, value.tolist())
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [as_json(name, one) for one in value]
    raise InvalidInput(
        f"{name}: {value!r} is {type(value).__name__}; give text, a number, a datetime, or a list of those"
    )


def recipients(notify: str | Sequence[str] | Mapping[str, Any]) -> Any:
    """Whom to tell, as JSON has it: names of webhooks and addresses, one as text; or an object with ``to``."""
    return notify if isinstance(notify, str | Mapping) else list(notify)


def _instant(name: str, value: datetime) -> str:
    if value.tzinfo is None:
        raise InvalidInput(f"{name}: {value} has no time zone; give one, such as datetime(2023, 1, 25, 18, tzinfo=UTC)")
    return value.isoformat()
