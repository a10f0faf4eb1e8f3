"""Documents that users store by name, in versions, beside those of the same names that are shipped."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Connection, Integer, Select, Table, Text, delete, func, insert, select, text
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from app.errors import InvalidParameters, NotFound
from app.ids import is_name
from app.storage.postgres import instant, metadata
from app.wording.suggestions import did_you_mean, suggestions

#: Version of a document that is shipped.
SHIPPED: Final = 0


@dataclass(frozen=True, slots=True)
class NamedDocument:
    """A document that has a name; its version is 0, and it has no instant, if it is shipped."""

    name: str
    version: int
    document: Mapping[str, Any]
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class NamedDocuments:
    """All documents of a sort.

    Attributes:
        table: of those that are stored; see documents_table().
        what: one of them, for people.
        shipped: those that are shipped, by name.
        missing: the error for a name that none has.
    """

    table: Table
    what: str
    shipped: Callable[[], Mapping[str, Mapping[str, Any]]]
    missing: type[NotFound]

    def every(self, connection: Connection) -> list[NamedDocument]:
        """The latest version of each, by name; a stored one takes the place of the shipped one of its name."""
        table = self.table
        latest = select(table).ext(distinct_on(table.c.name)).order_by(table.c.name, table.c.version.desc())
        stored = {row.name: NamedDocument(**row._mapping) for row in connection.execute(latest)}  # noqa: SLF001 - as below
        every = {name: self._shipped(name) for name in self.shipped()} | stored
        return [every[name] for name in sorted(every)]

    def find(self, connection: Connection, name: str, version: int | None = None) -> NamedDocument:
        """One of them, of its latest version unless one is given. Raises what is ``missing``."""
        if version != SHIPPED and is_name(name):
            row = connection.execute(self._latest(name, version)).one_or_none()
            if row is not None:
                return NamedDocument(**row._mapping)  # noqa: SLF001 - SQLAlchemy's own way to a dictionary
        if version in {None, SHIPPED} and name in self.shipped():
            return self._shipped(name)
        raise self.unknown(connection, name, version)

    def require_name(self, name: str) -> None:
        """Refuse a name that none may have. Raises InvalidParameters."""
        if not is_name(name):
            raise InvalidParameters(
                f"name: {name[:80]!r} is not a name of a {self.what}; allowed are up to 64 of the characters a to z, 0 "
                "to 9, -, _ and ., of which the first is a letter or a digit."
            )

    def put(
        self, connection: Connection, name: str, document: Mapping[str, Any], *, dry_run: bool = False
    ) -> tuple[NamedDocument, bool]:
        """Store a document as a new version, unless it equals the latest one; returns it, and whether it was stored.

        Args:
            connection: in a transaction.
            name: one that may be given.
            document: that was read.
            dry_run: store nothing; what would be stored is returned, with the version that it would get.
        """
        if not dry_run:
            connection.execute(text(f"LOCK TABLE {self.table.name} IN SHARE ROW EXCLUSIVE MODE"))
        row = connection.execute(self._latest(name)).one_or_none()
        if row is not None and row.document == document:
            return self.find(connection, name), False
        version = 1 if row is None else row.version + 1
        if dry_run:
            return NamedDocument(name, version, document, None), False
        connection.execute(insert(self.table).values(name=name, version=version, document=document))
        return self.find(connection, name), True

    def remove(self, connection: Connection, name: str) -> None:
        """Remove all versions that are stored; a shipped one of that name counts again.

        Raises:
            NotFound: as ``missing``, there is none of this name.
            InvalidParameters: it is a shipped one.
        """
        of_name = delete(self.table).where(self.table.c.name == name)
        if not is_name(name) or connection.execute(of_name).rowcount == 0:
            if name in self.shipped():
                raise InvalidParameters(f"{name} is shipped and cannot be removed; PUT stores one of the same name.")
            raise self.unknown(connection, name)

    def unknown(self, connection: Connection, name: str, version: int | None = None) -> NotFound:
        """The refusal of a name, or of a version of it."""
        known = sorted({*self.shipped(), *connection.scalars(select(self.table.c.name).distinct())})
        nearest = suggestions(name, known)[:1] if name not in known else []
        of_version = "" if version is None else f" of version {version}"
        return self.missing(
            f"there is no {self.what} {name[:80]!r}{of_version}{did_you_mean(nearest)}; there are {', '.join(known)}.",
            nearest=nearest,
        )

    def _latest(self, name: str, version: int | None = None) -> Select[Any]:
        table = self.table
        query = select(table).where(table.c.name == name).order_by(table.c.version.desc()).limit(1)
        return query if version is None else query.where(table.c.version == version)

    def _shipped(self, name: str) -> NamedDocument:
        return NamedDocument(name, SHIPPED, self.shipped()[name], None)


def documents_table(name: str) -> Table:
    """Declare the table of those that are stored."""
    return Table(
        name,
        metadata,
        Column("name", Text, primary_key=True),
        Column("version", Integer, primary_key=True, comment="counted from 1", autoincrement=False),
        Column("document", JSONB, nullable=False),
        instant("created_at", nullable=False, server_default=func.now()),
    )
