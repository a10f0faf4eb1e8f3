"""The entity that an address names, or what is said when there is none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from app.errors import UnknownEntity, UnknownEntityKind
from app.series import lookup
from app.series.entities import STORE
from app.series.lookup import Named
from app.wording.late import WordedLate
from app.wording.unknown_names import SHOWN, unknown_names
from app.wording.values import repeated, shown

#: The default kind; it may be requested before anything is loaded.
DEFAULT_KIND: Final = STORE


def require_kind(connection: Connection, kind: str) -> None:
    """Raise UnknownEntityKind unless a loaded file has named an entity of the kind."""
    known = lookup.kinds(connection)
    if kind in known or kind == DEFAULT_KIND:
        return
    there_is = f"known kinds: {', '.join(known)}" if known else "no loaded file has named an entity yet"
    raise UnknownEntityKind(f"There is no entity kind {kind!r}; {there_is}.", received=kind, allowed=known)


class MissingEntity(WordedLate, UnknownEntity):
    """An entity that no loaded file has."""


def required(connection: Connection, kind: str, key: str, *, as_known_at: datetime | None = None) -> Named:
    """The entity, with its zone as it was known then; raises UnknownEntityKind, or UnknownEntity with similar keys."""
    require_kind(connection, kind)
    if "\x00" in key:  # Postgres cannot store NUL in a text
        raise MissingEntity(lambda: _missing(kind, key, ()))
    named = lookup.find(connection, kind, key, as_known_at=as_known_at)
    if named is None:
        compared = lookup.comparison(connection, kind, [key])
        raise MissingEntity(lambda: _missing(kind, key, compared.nearest()[key]))
    return named


def all_required(connection: Connection, kind: str, keys: Sequence[str]) -> list[Named]:
    """The entities of all keys, each once, in their order.

    Raises:
        UnknownEntityKind: there is no such kind.
        UnknownNames: there are not all of them; it lists each with similar keys.
    """
    require_kind(connection, kind)
    storable = [key for key in keys if "\x00" not in key]  # Postgres cannot store NUL in a text
    found = lookup.find_all(connection, kind, storable)
    known = {one.key for one in found}
    if unknown := [key for key in dict.fromkeys(keys) if key not in known]:
        compared = lookup.comparison(connection, kind, unknown[:SHOWN])
        raise unknown_names("keys", kind, compared.nearest, count=len(unknown))
    return found


def _missing(kind: str, key: str, nearest: Sequence[str]) -> UnknownEntity:
    hint = f" Did you mean {' or '.join(map(repr, nearest))}?" if nearest else ""
    return UnknownEntity(
        f"There is no {kind} {shown(key)}: no loaded file has named it.{hint}",
        received=repeated(key),
        nearest=list(nearest),
    )
