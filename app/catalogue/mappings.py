"""Mappings by name: those that are shipped, and those that users store, in versions."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Engine

from app.access import audit
from app.catalogue.options import LoadOptions, UsedMapping
from app.catalogue.tables import mapping
from app.errors import InvalidParameters, UnknownMapping
from app.ingest.csv.mapped.columns import require_own
from app.ingest.registry import DATASET_KINDS
from app.mapping.document import Mapping as FileMapping
from app.mapping.document import read_mapping, written
from app.mapping.shipped import shipped
from app.storage.named_documents import NamedDocument, NamedDocuments
from app.storage.postgres import database_errors
from app.wording.suggestions import suggestions
from app.wording.wrong_values import WrongValue, invalid_parameters


@cache
def _shipped() -> Mapping[str, Mapping[str, Any]]:
    return {name: written(one) for name, one in shipped().items()}


#: A mapping that has a name.
NamedMapping = NamedDocument

MAPPINGS: Final = NamedDocuments(mapping, "mapping", _shipped, UnknownMapping)


class MappingService:
    """Operations on named mappings; stateless, so any replica can serve them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self) -> list[NamedMapping]:
        """The latest version of each, by name."""
        with database_errors(), self._engine.connect() as connection:
            return MAPPINGS.every(connection)

    def get(self, name: str, version: int | None = None) -> NamedMapping:
        """A mapping, of its latest version unless one is given. Raises UnknownMapping."""
        with database_errors(), self._engine.connect() as connection:
            return MAPPINGS.find(connection, name, version)

    def put(self, name: str, document: Any) -> NamedMapping:
        """Store a mapping as a new version, unless it equals the latest one.

        Raises:
            InvalidParameters: it is none, or none of a dataset kind; what it lacks may be ``set`` for each file.
        """
        MAPPINGS.require_name(name)
        read = read_mapping(document)
        _require_kind(read)
        new = written(read)
        with database_errors(), self._engine.begin() as connection:
            found, is_new = MAPPINGS.put(connection, name, new)
            if is_new:
                audit.record(connection, "mapping.set", "mapping", name, version=found.version)
            return found

    def remove(self, name: str) -> None:
        """Remove all versions that are stored; a shipped mapping of that name counts again.

        Raises:
            UnknownMapping: there is none of this name.
            InvalidParameters: it is a shipped one.
        """
        with database_errors(), self._engine.begin() as connection:
            MAPPINGS.remove(connection, name)
            audit.record(connection, "mapping.remove", "mapping", name)


def _require_kind(new: FileMapping) -> None:
    """Raise InvalidParameters if the kind of a mapping, or one of the columns that it gives, does not exist."""
    kind = DATASET_KINDS.get(new.kind)
    if kind is None:
        wrong = WrongValue(
            parameter="kind",
            received=new.kind,
            reason="is not a dataset kind",
            allowed=list(DATASET_KINDS),
            nearest=suggestions(new.kind, DATASET_KINDS)[:1],
        )
        raise invalid_parameters([wrong], subject="mapping")
    require_own(kind, new.targets, parameter="mapping: columns")


def resolved(connection: Connection, options: LoadOptions) -> LoadOptions:
    """Options with the document of a mapping in place of its name, and with what is ``set`` in it.

    Raises:
        InvalidParameters: the name is unknown.
    """
    if not isinstance(options.mapping, str):
        return options.with_values()
    try:
        found = MAPPINGS.find(connection, options.mapping)
    except UnknownMapping as error:
        raise InvalidParameters(f"mapping: {error.message}", nearest=error.details["nearest"]) from error
    used = UsedMapping(name=found.name, version=found.version, document=dict(found.document))
    return options.model_copy(update={"mapping": used}).with_values()
