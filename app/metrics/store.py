"""Definitions by name: those that are shipped, and those that users store, in versions."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection

from app.errors import InvalidParameters, UnknownMetric
from app.metrics.document import read_metric, written
from app.metrics.metric import Metric
from app.metrics.shipped import shipped
from app.metrics.tables import metric_definition
from app.storage.named_documents import NamedDocument, NamedDocuments
from app.wording.warnings import DataWarning, warning

#: More digits than any version has.
_LONGEST_VERSION: Final = 10


@cache
def _shipped() -> Mapping[str, Mapping[str, Any]]:
    return {name: written(document) for name, document in shipped().items()}


#: A definition that has a name.
Definition = NamedDocument

DEFINITIONS: Final = NamedDocuments(metric_definition, "metric", _shipped, UnknownMetric)


def metric_of(definition: Definition) -> Metric:
    """The metric that a definition describes.

    Raises:
        InvalidParameters: it was stored by a version of the program whose facts were others.
    """
    return read_metric(definition.document, name=definition.name, version=definition.version)


def readable(definitions: Iterable[Definition]) -> tuple[list[Metric], list[Definition]]:
    """The metrics of definitions, and those that an earlier version has stored and this one cannot read."""
    found, others = [], []
    for one in definitions:
        try:
            found.append(metric_of(one))
        except InvalidParameters:
            others.append(one)
    return found, others


def named(connection: Connection, names: Iterable[str]) -> list[Metric]:
    """The metrics of these names, in their order: the latest version of each, or with ``name@2`` that one.

    Raises:
        UnknownMetric: there is none of a name.
        InvalidParameters: as metric_of() does.
    """
    return [metric_of(one) for one in definitions(connection, names)]


def definitions(connection: Connection, names: Iterable[str]) -> list[Definition]:
    """The definitions of these names, as named() has them. Raises UnknownMetric."""
    return [_versioned(connection, *name.partition("@")) for name in dict.fromkeys(names)]


def unreadable(definitions: Sequence[Definition]) -> DataWarning:
    """The warning of definitions that cannot be read."""
    return warning("unreadable_metrics", len(definitions), [one.name for one in definitions])


def _versioned(connection: Connection, name: str, at: str, version: str) -> Definition:
    if not at:
        return DEFINITIONS.find(connection, name)
    if not (version.isascii() and version.isdigit() and len(version) < _LONGEST_VERSION):
        raise DEFINITIONS.unknown(connection, f"{name}@{version}")
    return DEFINITIONS.find(connection, name, int(version))
