"""The role that a dashboard reads by: the views, and nothing else of the database."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from app.access import audit
from app.dashboards.tables import VIEWS, dashboard_reader
from app.errors import InvalidParameters, SetupError
from app.storage.postgres import database_errors
from app.storage.roles import (
    is_not_allowed,
    let_read,
    let_read_no_more,
    make_reader,
    may_read,
    remove_role,
    role_exists,
)

_NAME: Final = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")

#: Least length of a password, characters.
LEAST_PASSWORD: Final = 8


def add_role(engine: Engine, role: str, *, password: str | None) -> None:
    """Have a role read the views, and jobs refresh them from now on.

    Args:
        engine: as the owner of the tables.
        role: its name.
        password: the role is made with it, or gets it if it was made here before; None: the server has the role.

    Raises:
        InvalidParameters: a name that is none, a role that there is not, or one that was not made here.
        SetupError: the owner of the tables may not make roles.
    """
    _require_name(role)
    with _told(role), database_errors(), engine.begin() as connection:
        is_ours = connection.scalar(select(dashboard_reader.c.is_ours).where(dashboard_reader.c.role == role))
        exists = role_exists(connection, role)
        if password is None:
            if not exists:
                raise InvalidParameters(f"{role}: the server has no such role; without --existing it is made.")
        elif exists and not is_ours:
            raise InvalidParameters(
                f"{role}: the server has a role of this name that was not made here; choose another name, or grant it "
                f"access with --existing, which changes no password."
            )
        else:
            _require_password(password)
            make_reader(connection, role, password)
        let_read(connection, role, VIEWS)
        row = insert(dashboard_reader).values(role=role, is_ours=password is not None)
        connection.execute(row.on_conflict_do_nothing())
        audit.record(connection, "dashboards.allow", "role", role, made=password is not None and not exists)


def remove_reader(engine: Engine, role: str) -> None:
    """Have a role read the views no more; one that was made here goes. Without any, nobody refreshes the views.

    Raises:
        InvalidParameters: it does not read them.
        SetupError: the owner of the tables may not remove roles.
    """
    with _told(role), database_errors(), engine.begin() as connection:
        is_ours = connection.scalar(
            delete(dashboard_reader).where(dashboard_reader.c.role == role).returning(dashboard_reader.c.is_ours)
        )
        if is_ours is None:
            known = ", ".join(readers(connection)) or "no role does"
            raise InvalidParameters(f"{role}: does not read the dashboard views; {known}.")
        if role_exists(connection, role):
            let_read_no_more(connection, role, VIEWS)
            if is_ours:
                remove_role(connection, role)
        audit.record(connection, "dashboards.forbid", "role", role, removed=is_ours)


def let_readers_read(engine: Engine) -> None:
    """Give the readers what they lack: views of a later version, or all of them in a database that was restored."""
    with database_errors(), engine.begin() as connection:
        for role in readers(connection):
            if role_exists(connection, role):
                lacking = [view for view in VIEWS if not may_read(connection, role, view)]
                if lacking:
                    let_read(connection, role, lacking)


def readers(connection: Connection) -> list[str]:
    """The roles that read the views, by name."""
    return list(connection.scalars(select(dashboard_reader.c.role).order_by(dashboard_reader.c.role)))


def _require_name(role: str) -> None:
    if _NAME.fullmatch(role) is None:
        raise InvalidParameters(
            f"{role!r} is not a name of a role; allowed are up to 63 of a-z, 0-9 and _, beginning with a letter, not "
            "with pg_."
        )


def _require_password(password: str) -> None:
    if len(password) < LEAST_PASSWORD or not password.isprintable():
        raise InvalidParameters(
            f"The password has {len(password)} characters, or some that are not printable; use at least "
            f"{LEAST_PASSWORD} printable ones."
        )


@contextmanager
def _told(role: str) -> Iterator[None]:
    """Say what to do where the owner of the tables may not make roles, as in the embedded Postgres."""
    try:
        yield
    except DBAPIError as error:
        if not is_not_allowed(error):
            raise
        raise SetupError(
            f"The user of OPENHOURS_DATABASE_URL may neither make nor change the role {role}. Have an administrator of "
            f"the server execute CREATE ROLE {role} LOGIN PASSWORD '…', then give the same command with --existing; or "
            "let that user make roles: ALTER ROLE … CREATEROLE."
        ) from error
