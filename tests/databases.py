"""Databases for tests: each has one as it was migrated.

To copy a database of 600 files and to drop it takes most of what a short test of the service takes. One that has got
only rows is emptied and lent again; what has changed in any other way, or is still in use, is dropped. Connections to
it are lent again, too: Postgres reads its catalogues anew for each, which takes longer than most statements.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from time import monotonic, sleep
from typing import Any

import psycopg2
from psycopg2 import extensions

#: Of objects that migrations make; those of Postgres have lower numbers.
_OURS = 16_384

#: Catalogues of what a schema has, with the column that numbers an object: each change writes a row anew, and its
#: transaction tells. To empty a table does so in pg_class and pg_trigger, which are looked at in another way.
_CATALOGUES = {
    "pg_attrdef": "oid",
    "pg_attribute": "attrelid",
    "pg_collation": "oid",
    "pg_constraint": "oid",
    "pg_default_acl": "oid",
    "pg_extension": "oid",
    "pg_index": "indexrelid",
    "pg_largeobject_metadata": "oid",
    "pg_policy": "oid",
    "pg_proc": "oid",
    "pg_rewrite": "oid",
    "pg_sequence": "seqrelid",
    "pg_statistic_ext": "oid",
    "pg_type": "oid",
}

#: What tells two schemas apart. The schema of temporary tables stays when they are gone.
_SCHEMA = rf"""
SELECT 'pg_class', count(*), md5(string_agg((
    oid, relname, relnamespace, relowner, relkind, relacl, reloptions, relpersistence, relreplident
)::text, '' ORDER BY oid)) FROM pg_class WHERE oid >= {_OURS}
UNION ALL SELECT 'pg_trigger', count(*), md5(string_agg((
    oid, tgrelid, tgname, tgfoid, tgenabled
)::text, '' ORDER BY oid)) FROM pg_trigger WHERE oid >= {_OURS}
UNION ALL SELECT 'pg_namespace', count(*), string_agg(xmin::text, '' ORDER BY oid)
    FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%temp\_%'
UNION ALL SELECT 'settings', count(*), string_agg(setconfig::text, '') FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
""" + "".join(
    f"UNION ALL SELECT '{name}', count(*), sum(xmin::text::bigint)::text FROM {name} WHERE {number} >= {_OURS}\n"
    for name, number in _CATALOGUES.items()
)

#: _SCHEMA, prepared.
_LOOK = "EXECUTE look"

#: Tables in which something has been written since they were emptied.
_WRITTEN = (
    f"SELECT oid::regclass::text FROM pg_class WHERE oid >= {_OURS} AND relkind = 'r' AND pg_relation_size(oid) > 0"
)

#: Partitions for the weeks of polls, which loading makes.
_PARTITIONS = f"SELECT oid::regclass::text FROM pg_class WHERE oid >= {_OURS} AND relkind = 'r' AND relispartition"

_SEQUENCES = f"SELECT setval(oid, 1, false) FROM pg_class WHERE oid >= {_OURS} AND relkind = 'S'"

_OTHERS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)

#: Connections to a database that are kept: most tests have one or two.
_MOST_KEPT = 2

#: How long a connection that was closed may take to end, seconds.
_ENDING_SECONDS = 0.5


class _Connection(extensions.connection):
    """One that is kept when it is closed, for the next test."""

    keep: "Callable[[_Connection], bool] | None" = None
    how: tuple[tuple[str, Any], ...] = ()

    def close(self) -> None:
        if self.keep is None or not self.keep(self):
            self.end()

    def end(self) -> None:
        super().close()

    def is_as_new(self) -> bool:
        """Whether it has nothing any more of what was done on it."""
        try:
            self.reset()
            self.autocommit = True
            with self.cursor() as cursor:
                cursor.execute("DISCARD ALL")
            self.autocommit = False
        except psycopg2.Error:  # it was ended, or a thread still uses it
            return False
        return True


@dataclass(slots=True)
class _Database:
    """One that is kept: what its schema is, and which rows migrations have written, by table.

    ``number`` counts how often it was lent; ``returned`` are connections that the test has closed, ``ready`` those that
    were made as new since.
    """

    name: str
    connection: Any
    schema: list[Any]
    rows: dict[str, str]
    number: int = 0
    returned: list[_Connection] = field(default_factory=list)
    ready: list[_Connection] = field(default_factory=list)

    def connected(self, how: dict[str, Any]) -> _Connection:
        """A connection of the driver by these arguments."""
        same = tuple(sorted(how.items()))
        for one in list(self.ready):
            if one.how == same:
                self.ready.remove(one)
                one.keep = self._keep
                return one
        made: _Connection = psycopg2.connect(**how, connection_factory=_Connection)
        made.how, made.keep = same, self._keep
        return made

    def _keep(self, connection: _Connection) -> bool:
        connection.keep = None
        if connection.closed or len(self.returned) >= _MOST_KEPT:
            return False
        self.returned.append(connection)
        return True

    def emptied(self) -> bool:
        """Whether it is as it was made: only rows had come, and they are gone."""
        held, self.returned = [*self.ready, *self.returned], []
        self.ready = [one for one in held[-_MOST_KEPT:] if one.is_as_new()]
        for one in held:
            if one not in self.ready:
                one.end()
        try:
            with self.connection.cursor() as cursor:
                return self._is_idle(cursor) and self._empty(cursor)
        except psycopg2.Error:  # a test has ended the connection, or locks something
            return False

    def close(self) -> None:
        self.connection.close()
        for one in (*self.ready, *self.returned):
            one.end()

    def _is_idle(self, cursor: Any) -> bool:
        deadline = monotonic() + _ENDING_SECONDS
        ours = {(one.info.backend_pid,) for one in self.ready}
        while not ours.issuperset(_all(cursor, _OTHERS)):
            if monotonic() > deadline:
                return False
            sleep(0.002)
        return True

    def _empty(self, cursor: Any) -> bool:
        if partitions := [name for (name,) in _all(cursor, _PARTITIONS)]:
            cursor.execute(f"DROP TABLE {', '.join(partitions)}")
        if _all(cursor, _LOOK) != self.schema:
            return False
        written = {name for (name,) in _all(cursor, _WRITTEN)}
        changed = [name for name, rows in self.rows.items() if _rows(cursor, name) != rows]
        gone = [*sorted(written - self.rows.keys()), *changed]
        if gone:
            guarded = [name for name in gone if name.startswith("audit")]  # triggers keep what is in them
            cursor.execute("BEGIN")
            for name in guarded:
                cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
            cursor.execute(f"TRUNCATE {', '.join(gone)} CASCADE")
            for name in guarded:
                cursor.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")
            cursor.execute("COMMIT")
            for name in changed:
                cursor.copy_expert(f"COPY {name} FROM STDIN", StringIO(self.rows[name]))
        cursor.execute(_SEQUENCES)
        return True


class Databases:
    """Those of one Postgres, copied from one that is migrated."""

    def __init__(self, url: str) -> None:
        self._server, _, self._template = url.rpartition("/")
        self._admin = _connected(f"{self._server}/postgres")
        self._kept: list[_Database] = []
        self._lent: dict[str, _Database] = {}

    def close(self) -> None:
        self._admin.close()
        for database in self._kept:
            database.close()

    @contextmanager
    def one(self) -> Iterator[str]:
        """The address of a database, of this test alone."""
        database = self._kept.pop() if self._kept else self._copy()
        self._lent[database.name] = database
        database.number += 1
        clean = False
        try:
            yield f"{self._server}/{database.name}"
            clean = database.emptied()
        finally:
            del self._lent[database.name]
            if clean:
                self._kept.append(database)
            else:
                database.close()
                self._drop(database.name)

    def connecting(self, url: str) -> Callable[..., _Connection]:
        """What connects an engine to this database, for as long as it is lent."""
        database = self._lent[url.rpartition("/")[2]]
        number = database.number

        def connect(_: Any, __: Any, ___: Any, how: dict[str, Any]) -> _Connection:
            if database.number != number or database.name not in self._lent:
                raise psycopg2.OperationalError("the test whose database this was is over")
            return database.connected(how)

        return connect

    @contextmanager
    def like(self, url: str) -> Iterator[str]:
        """The address of a copy of one that is lent, with its rows; nothing may be connected to that."""
        model = url.rpartition("/")[2]
        self._lent[model].close()  # so it is dropped in the end
        name = self._made(model)
        try:
            yield f"{self._server}/{name}"
        finally:
            self._drop(name)

    def _made(self, template: str) -> str:
        name = f"test_{uuid.uuid4().hex}"
        with self._admin.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def _copy(self) -> _Database:
        name = self._made(self._template)
        connection = _connected(f"{self._server}/{name}")
        with connection.cursor() as cursor:
            cursor.execute(f"PREPARE look AS {_SCHEMA}")  # to plan it each time takes as long as to answer
            schema = _all(cursor, _LOOK)
            rows = {table: _rows(cursor, table) for (table,) in _all(cursor, _WRITTEN)}
        return _Database(name, connection, schema, rows)

    def _drop(self, name: str) -> None:
        """Drop one whatever is connected to it; an autovacuum worker may not be ended by us, but ends soon."""
        deadline = monotonic() + 30
        while True:
            try:
                with self._admin.cursor() as cursor:
                    cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
            except psycopg2.errors.InsufficientPrivilege:
                if monotonic() > deadline:
                    raise
                sleep(0.2)
            else:
                return


def _connected(url: str) -> Any:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    return connection


def _all(cursor: Any, query: str) -> list[Any]:
    cursor.execute(query)
    rows: list[Any] = cursor.fetchall()
    return rows


def _rows(cursor: Any, table: str) -> str:
    text = StringIO()
    cursor.copy_expert(f"COPY {table} TO STDOUT", text)
    return text.getvalue()
