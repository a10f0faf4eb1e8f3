"""Mappings by name: those that are shipped, and those that users store, in versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, delete, insert, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from app.access import audit
from app.catalogue.options import LoadOptions, UsedMapping
from app.catalogue.tables import mapping
from app.errors import InvalidParameters, UnknownMapping
from app.ids import is_name
from app.mapping.document import read_mapping, written
from app.mapping.shipped import shipped
from app.storage.postgres import database_errors
from app.wording.suggestions import did_you_mean, suggestions

#: Version of a mapping that is shipped.
SHIPPED: Final = 0


@dataclass(frozen=True, slots=True)
class NamedMapping:
    """A mapping that has a name; its version is 0, and it has no instant, if it is shipped."""

    name: str
    version: int
    document: Mapping[str, Any]
    created_at: datetime | None


class MappingService:
    """Operations on named mappings; stateless, so any replica can serve them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self) -> list[NamedMapping]:
        """The latest version of each, by name."""
        latest = select(mapping).ext(distinct_on(mapping.c.name)).order_by(mapping.c.name, mapping.c.version.desc())
        with database_errors(), self._engine.connect() as connection:
            stored = {row.name: NamedMapping(**row._mapping) for row in connection.execute(latest)}  # noqa: SLF001
        every = {name: _shipped(name) for name in shipped()} | stored
        return [every[name] for name in sorted(every)]

    def get(self, name: str, version: int | None = None) -> NamedMapping:
        """A mapping, of its latest version unless one is given. Raises UnknownMapping."""
        with database_errors(), self._engine.connect() as connection:
            return find(connection, name, version)

    def put(self, name: str, document: Any) -> NamedMapping:
        """Store a mapping as a new version, unless it equals the latest one. Raises InvalidParameters."""
        if not is_name(name):
            raise InvalidParameters(
                f"name: {name[:80]!r} is not a name of a mapping; allowed are up to 64 of the characters a to z, 0 to "
                "9, -, _ and ., of which the first is a letter or a digit."
            )
        new = written(read_mapping(document))
        with database_errors(), self._engine.begin() as connection:
            connection.execute(text("LOCK TABLE mapping IN SHARE ROW EXCLUSIVE MODE"))
            latest = connection.execute(_latest(name)).one_or_none()
            if latest is None or latest.document != new:
                version = 1 if latest is None else latest.version + 1
                connection.execute(insert(mapping).values(name=name, version=version, document=new))
                audit.record(connection, "mapping.set", "mapping", name, version=version)
            return find(connection, name)

    def remove(self, name: str) -> None:
        """Remove all versions that are stored; a shipped mapping of that name counts again. Raises UnknownMapping."""
        with database_errors(), self._engine.begin() as connection:
            if not is_name(name) or connection.execute(delete(mapping).where(mapping.c.name == name)).rowcount == 0:
                if name in shipped():
                    raise InvalidParameters(
                        f"{name} is shipped and cannot be removed; PUT stores one of the same name."
                    )
                raise _unknown(connection, name)
            audit.record(connection, "mapping.remove", "mapping", name)


def resolved(connection: Connection, options: LoadOptions) -> LoadOptions:
    """Options with the document of a mapping in place of its name, and with what is ``set`` in it.

    Raises:
        InvalidParameters: the name is unknown.
    """
    if not isinstance(options.mapping, str):
        return options.with_values()
    try:
        found = find(connection, options.mapping)
    except UnknownMapping as error:
        raise InvalidParameters(f"mapping: {error.message}", nearest=error.details["nearest"]) from error
    used = UsedMapping(name=found.name, version=found.version, document=dict(found.document))
    return options.model_copy(update={"mapping": used}).with_values()


def find(connection: Connection, name: str, version: int | None = None) -> NamedMapping:
    """A named mapping. Raises UnknownMapping."""
    if version != SHIPPED and is_name(name):
        row = connection.execute(_latest(name, version)).one_or_none()
        if row is not None:
            return NamedMapping(**row._mapping)  # noqa: SLF001 - SQLAlchemy's own way to a dictionary
    if version in {None, SHIPPED} and name in shipped():
        return _shipped(name)
    raise _unknown(connection, name, version)


def _latest(name: str, version: int | None = None) -> Select[Any]:
    query = select(mapping).where(mapping.c.name == name).order_by(mapping.c.version.desc()).limit(1)
    return query if version is None else query.where(mapping.c.version == version)


def _shipped(name: str) -> NamedMapping:
    return NamedMapping(name, SHIPPED, written(shipped()[name]), None)


def _unknown(connection: Connection, name: str, version: int | None = None) -> UnknownMapping:
    known = sorted({*shipped(), *connection.scalars(select(mapping.c.name).distinct())})
    nearest = suggestions(name, known)[:1]
    meant = did_you_mean(nearest)
    of_version = "" if version is None else f" of version {version}"
    return UnknownMapping(
        f"there is no mapping {name[:80]!r}{of_version}{meant}; there are {', '.join(known)}.", nearest=nearest
    )
