"""Names that people give to what they make: which may be given, and that each is given once."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app.errors import NameTaken
from app.ids import is_id, is_name
from app.wording.values import repeated, shown
from app.wording.wrong_values import WrongValue


def wrong_name(name: str, *, of: str, reserved: Collection[str]) -> list[WrongValue]:
    """What is wrong with the name of a schedule, a webhook or a rule; ``reserved`` are addresses of their own."""
    if is_name(name) and not is_id(name) and name not in reserved:
        return []
    allowed = (
        "up to 64 of the characters a to z, 0 to 9, -, _ and ., of which the first is a letter or a digit, but no id, "
        f"and not {', '.join(reserved)}"
    )
    return [WrongValue(parameter="name", received=name, reason=f"is not a name of a {of}", allowed=allowed)]


def require_free(connection: Connection, statement: Any, *, of: str, name: str) -> None:
    """Execute what gives a name, in the caller's transaction. Raises NameTaken: another has it."""
    try:
        with connection.begin_nested():
            connection.execute(statement)
    except IntegrityError as error:
        words = f"There is a {of} {shown(name)} already; remove it, change it, or choose another name."
        raise NameTaken(words, received=repeated(name)) from error
