"""What a table of facts declares: its columns, whose each row is, which stream it comes from."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, false, func, null, or_


class Type(StrEnum):
    """What a column of facts holds. A definition may do with it only what makes sense of its type."""

    INSTANT = "instant"
    DAY = "day"
    NUMBER = "number"
    TRUTH = "truth"
    WORD = "word"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class FactColumn:
    """One column: what it holds, and for people what that means."""

    type: Type
    about: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What every table of facts is asked for.

    Attributes:
        as_of: later instants are left out, aware.
        bots: logins of authors that are bots although nothing in their names says so.
        incident_labels: of issues that are incidents; empty: there is no convention.
        incident_hours: an incident belongs to the latest deployment so long before it, hours.
    """

    as_of: datetime
    bots: Collection[str] = ()
    incident_labels: Sequence[str] = ()
    incident_hours: float = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A table of facts; see registry.py.

    Attributes:
        name: by which definitions call it in ``from``.
        summary: one line for people.
        stream: of sources, whose gaps are gaps of these facts, too.
        columns: by name.
        rows: its rows with these columns, and with REPO_ID, and perhaps OWN_TEAM, AUTHOR and TEAM_AT.
        prepare: makes what ``rows`` needs in the transaction; None: nothing.
        when: the column whose date decides whose a row is, where it has no TEAM_AT.
    """

    name: str
    summary: str
    stream: str
    columns: Mapping[str, FactColumn]
    rows: Callable[[Asked], Select[Any]]
    when: str
    prepare: Callable[[Connection, Asked], None] | None = field(default=None)


#: Columns of the rows that no definition sees: the repository; the team that the row itself names; the login by whose
#: team it is, if the repository is nobody's; the instant whose date decides that.
REPO_ID = "repo_id"
OWN_TEAM = "own_team_id"
AUTHOR = "team_author"
TEAM_AT = "team_at"


def same(one: Any, other: Any, *names: str) -> ColumnElement[bool]:
    """Whether rows of two tables have the same in all of these columns."""
    return and_(*(one.c[name] == other.c[name] for name in names))


def until(column: ColumnElement[Any], asked: Asked) -> ColumnElement[Any]:
    """An instant, if it is not later than ``as_of``."""
    return case((column <= asked.as_of, column))


def is_bot(login: ColumnElement[Any], told: ColumnElement[Any], asked: Asked) -> ColumnElement[bool]:
    """Whether an account is a bot: by what the source says, by the form of its login, or by a list of logins."""
    by_name = or_(login.like("%[bot]"), login.like("app/%"), login.in_(sorted(asked.bots)) if asked.bots else false())
    return or_(func.coalesce(told, False), func.coalesce(by_name, False))


def same_account(
    login: ColumnElement[Any], number: ColumnElement[Any], other: ColumnElement[Any], other_number: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Whether two accounts are known to be the same: by their numbers where both have one, else by their logins.

    Accounts that were deleted all have the name and the number of ghost: no two are known to be the same.
    """
    by_login = func.lower(login) == func.lower(other)
    same = case((and_(number.is_not(None), other_number.is_not(None)), number == other_number), else_=by_login)
    exist = (func.coalesce(func.lower(name) != "ghost", True) for name in (login, other))
    return and_(func.coalesce(same, False), *exist)


def person(login: ColumnElement[Any], number: ColumnElement[Any], address: Any = None) -> ColumnElement[str]:
    """Who it was: by the number of the account, else by the address of a commit, else by the login; null: nobody knows.

    A login may change, and another account may take it. GitHub gives what deleted accounts wrote to one called ghost,
    which is nobody.
    """
    ways = [
        (func.lower(login) == "ghost", null()),
        (number.is_not(None), func.concat("id:", number)),
        (login.is_not(None), func.concat("login:", func.lower(login))),
    ]
    if address is not None:
        ways.insert(2, (address.is_not(None), func.concat("address:", address)))
    return case(*ways)
