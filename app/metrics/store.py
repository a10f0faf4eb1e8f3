"""Definitions by name: those that are shipped, and those that users store, in versions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.errors import UnknownMetric
from app.ids import is_name
from app.metrics.document import read_metric, written
from app.metrics.metric import Metric
from app.metrics.shipped import shipped
from app.metrics.tables import metric_definition
from app.wording.suggestions import did_you_mean, suggestions

#: Version of a definition that is shipped.
SHIPPED: Final = 0

#: More digits than any version has.
_LONGEST_VERSION: Final = 10


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition that has a name; its version is 0, and it has no instant, if it is shipped."""

    name: str
    version: int
    document: Mapping[str, Any]
    created_at: datetime | None

    def metric(self) -> Metric:
        """The metric that it describes.

        Raises:
            InvalidParameters: it was stored by a version of the program whose facts were others.
        """
        return read_metric(self.document, name=self.name, version=self.version)


def definitions(connection: Connection) -> list[Definition]:
    """The latest version of each, by name; a stored one takes the place of the shipped one of its name."""
    table = metric_definition
    latest = select(table).ext(distinct_on(table.c.name)).order_by(table.c.name, table.c.version.desc())
    stored = {row.name: Definition(**row._mapping) for row in connection.execute(latest)}  # noqa: SLF001 - as below
    every = {name: _shipped(name) for name in shipped()} | stored
    return [every[name] for name in sorted(every)]


def find(connection: Connection, name: str, version: int | None = None) -> Definition:
    """A definition, of its latest version unless one is given. Raises UnknownMetric."""
    if version != SHIPPED and is_name(name):
        row = connection.execute(latest_of(name, version)).one_or_none()
        if row is not None:
            return Definition(**row._mapping)  # noqa: SLF001 - SQLAlchemy's own way to a dictionary
    if version in {None, SHIPPED} and name in shipped():
        return _shipped(name)
    raise unknown(connection, name, version)


def current(connection: Connection) -> list[Metric]:
    """The latest version of every metric, by name.

    Raises:
        InvalidParameters: one was stored by a version of the program whose facts were others.
    """
    return [one.metric() for one in definitions(connection)]


def named(connection: Connection, names: Iterable[str]) -> list[Metric]:
    """The metrics of these names, in their order: the latest version of each, or with ``name@2`` that one.

    Raises:
        UnknownMetric: there is none of a name.
        InvalidParameters: as current() does.
    """
    return [_versioned(connection, *name.partition("@")).metric() for name in dict.fromkeys(names)]


def _versioned(connection: Connection, name: str, at: str, version: str) -> Definition:
    if not at:
        return find(connection, name)
    if not (version.isascii() and version.isdigit() and len(version) < _LONGEST_VERSION):
        raise unknown(connection, f"{name}@{version}")
    return find(connection, name, int(version))


def latest_of(name: str, version: int | None = None) -> Select[Any]:
    """The query for the latest stored version of a name, or for the given one."""
    table = metric_definition
    query = select(table).where(table.c.name == name).order_by(table.c.version.desc()).limit(1)
    return query if version is None else query.where(table.c.version == version)


def unknown(connection: Connection, name: str, version: int | None = None) -> UnknownMetric:
    """The refusal of a name, or of a version of it."""
    known = sorted({*shipped(), *connection.scalars(select(metric_definition.c.name).distinct())})
    nearest = suggestions(name, known)[:1] if name not in known else []
    meant = did_you_mean(nearest)
    of_version = "" if version is None else f" of version {version}"
    return UnknownMetric(
        f"there is no metric {name[:80]!r}{of_version}{meant}; there are {', '.join(known)}.", nearest=nearest
    )


def _shipped(name: str) -> Definition:
    return Definition(name, SHIPPED, written(shipped()[name]), None)
