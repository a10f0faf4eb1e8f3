"""Errors of report parameters: the value received and the values allowed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from app.errors import InvalidParameters
from app.series.entities import unknown_keys
from app.series.lookup import comparison
from app.wording.unknown_names import SHOWN, unknown_names
from app.wording.values import iso
from app.wording.wrong_values import WrongValue, invalid_parameters

#: How far in the future ``as_of`` may be: as far as the instants of files, whose clocks differ from ours.
FURTHEST_AHEAD: Final = timedelta(days=1)


def refused(parameter: str, received: Any, reason: str, *, allowed: str | None = None) -> InvalidParameters:
    """The error for one value; ``reason`` continues "<value> …"."""
    return invalid_parameters([WrongValue(parameter=parameter, received=received, reason=reason, allowed=allowed)])


def require_past(as_of: datetime | None, *, now: datetime) -> None:
    """Refuse an instant of the report of which nothing can be known yet.

    Raises:
        InvalidParameters: it is more than FURTHEST_AHEAD after ``now``.
    """
    if as_of is not None and as_of > now + FURTHEST_AHEAD:
        latest = f"an instant up to {iso((now + FURTHEST_AHEAD).replace(microsecond=0))}, a day from now"
        raise refused("as_of", as_of, "is more than a day in the future", allowed=latest)


def require_known_time(as_known_at: datetime | None, *, now: datetime) -> None:
    """Refuse a time at which nobody can know yet what will be known.

    Raises:
        InvalidParameters: it is after ``now``.
    """
    if as_known_at is not None and as_known_at > now:
        raise refused("as_known_at", as_known_at, "is in the future", allowed=f"an instant up to {iso(now)}")


def require_known(connection: Connection, parameter: str, kind: str, keys: Sequence[str] | None) -> None:
    """Refuse names that no entity of the kind has.

    Raises:
        UnknownNames: there are such; each of the first SHOWN with similar known ones.
    """
    if unknown := unknown_keys(connection, kind, keys or ()):
        compared = comparison(connection, kind, unknown[:SHOWN])
        raise unknown_names(parameter, kind, compared.nearest, count=len(unknown))
