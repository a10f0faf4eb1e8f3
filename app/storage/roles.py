"""Roles of Postgres that read some views and nothing else."""

from collections.abc import Iterable
from typing import Final

import psycopg2
from psycopg2.extensions import encrypt_password
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.storage.postgres import driver_cursor

#: SQLSTATE of a statement that its role may not execute.
_NOT_ALLOWED: Final = "42501"

#: Connections that a role has at a time.
_CONNECTIONS: Final = 20

#: Longest that a statement of it takes, seconds.
_STATEMENT_SECONDS: Final = 30


def role_exists(connection: Connection, role: str) -> bool:
    """Whether the server has a role of this name."""
    query = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
    return bool(connection.scalar(query, {"role": role}))


def make_reader(connection: Connection, role: str, password: str) -> None:
    """Make a role that logs in with this password, or give it another one; it begins without any right.

    The server is sent the password's hash alone: no log of statements has more.

    Raises:
        DBAPIError: is_not_allowed() tells whether because the user of the connection may not.
    """
    made = role_exists(connection, role)
    with driver_cursor(connection) as cursor:
        hashed = encrypt_password(password, role, scope=cursor, algorithm="scram-sha-256")
        limits = f"LOGIN NOINHERIT NOCREATEDB NOCREATEROLE CONNECTION LIMIT {_CONNECTIONS} PASSWORD %s"
        verb = "ALTER" if made else "CREATE"
        statement = cursor.mogrify(f"{verb} ROLE {_quoted(role)} {limits}", [hashed])
    connection.exec_driver_sql(statement.decode())
    for name, value in (("default_transaction_read_only", "on"), ("statement_timeout", f"'{_STATEMENT_SECONDS}s'")):
        connection.exec_driver_sql(f"ALTER ROLE {_quoted(role)} SET {name} = {value}")


def may_read(connection: Connection, role: str, view: str) -> bool:
    """Whether a role, which there is, reads this view."""
    query = text("SELECT has_table_privilege(:role, :view, 'SELECT')")
    return bool(connection.scalar(query, {"role": role, "view": view}))


def let_read(connection: Connection, role: str, views: Iterable[str]) -> None:
    """Have a role read these views."""
    connection.exec_driver_sql(f"GRANT SELECT ON {', '.join(views)} TO {_quoted(role)}")


def let_read_no_more(connection: Connection, role: str, views: Iterable[str]) -> None:
    """Take that back."""
    connection.exec_driver_sql(f"REVOKE SELECT ON {', '.join(views)} FROM {_quoted(role)}")


def remove_role(connection: Connection, role: str) -> None:
    """Remove a role that has no right left."""
    connection.exec_driver_sql(f"DROP ROLE {_quoted(role)}")


def is_not_allowed(error: DBAPIError) -> bool:
    """Whether the user of the connection may not do what failed."""
    return isinstance(error.orig, psycopg2.Error) and error.orig.pgcode == _NOT_ALLOWED


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
