"""The registry of sources in Postgres: their rows as values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, select, update

from app.errors import UnknownSource
from app.ids import is_name
from app.sources.contract import Access, SourceKind
from app.sources.options import SourceOptions, address_of
from app.sources.registry import SOURCE_KINDS
from app.sources.secrets import SourceSecrets, StoredToken
from app.sources.tables import source
from app.wording.suggestions import did_you_mean, suggestions
from app.wording.values import shown
from app.wording.wrong_values import WrongValue, invalid_parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source as its row has it.

    Attributes:
        id: 32 hexadecimal digits; a name may be used again for another.
        kind: of SOURCE_KINDS.
        options: where it reads, and what.
        stored: its token.
        enabled: whether syncs begin by themselves; if not, ``paused_reason`` says why.
        synced_at: when a sync that read everything last began; aware.
        requests, records: that the last sync has made and read.
        error_code, error_message: of the last sync; None: it went well.
    """

    id: str
    kind: str
    name: str
    options: SourceOptions
    stored: StoredToken
    enabled: bool
    paused_reason: str | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    synced_at: datetime | None
    requests: int | None
    records: int | None
    error_code: str | None
    error_message: str | None

    @property
    def source_kind(self) -> SourceKind:
        """Its entry in the registry."""
        return SOURCE_KINDS[self.kind]

    @property
    def address(self) -> str:
        """The base address of its API."""
        return address_of(self.source_kind, self.options)

    @property
    def streams(self) -> Sequence[str]:
        """The names of the streams that it reads."""
        return self.options.streams or list(self.source_kind.streams())


def listed(connection: Connection, kind: str | None = None) -> list[Source]:
    """All sources by name, of one kind or of any."""
    query = select(source).order_by(source.c.name)
    return [_source(row) for row in connection.execute(query if kind is None else query.where(source.c.kind == kind))]


def find(connection: Connection, source_id: str) -> Source | None:
    """A source by its id; None if it was removed."""
    row = connection.execute(select(source).where(source.c.id == source_id)).one_or_none()
    return None if row is None else _source(row)


def held(connection: Connection, source_id: str) -> Source | None:
    """The same, and nobody else changes it until the transaction ends."""
    row = connection.execute(select(source).where(source.c.id == source_id).with_for_update()).one_or_none()
    return None if row is None else _source(row)


def named(connection: Connection, name: str, *, for_update: bool = False) -> Source:
    """A source by its name; ``for_update`` holds it until the transaction ends. Raises UnknownSource."""
    query: Select[Any] = select(source).where(source.c.name == name)
    row = None
    if is_name(name):  # Postgres cannot even store every other text
        row = connection.execute(query.with_for_update() if for_update else query).one_or_none()
    if row is None:
        raise _unknown(connection, name)
    return _source(row)


def change(connection: Connection, source_id: str, **values: Any) -> None:
    """Set columns of a source."""
    connection.execute(update(source).where(source.c.id == source_id).values(**values))


def columns_of(stored: StoredToken) -> Mapping[str, Any]:
    """What the row has of a token."""
    return {"token": stored.token, "token_key": stored.token_key, "token_from": stored.token_from}


def acceptable_name(name: str) -> str:
    """A name that a source can have. Raises InvalidParameters."""
    if not is_name(name):
        allowed = "up to 64 of the characters a to z, 0 to 9, -, _ and ., of which the first is a letter or a digit"
        reason = "is not a name of a source"
        raise invalid_parameters([WrongValue(parameter="name", received=name, reason=reason, allowed=allowed)])
    return name


def access_of(source: Source, secrets: SourceSecrets, engine: Engine) -> Access:
    """How a client gets at the API of a source.

    Raises:
        TokenUnavailable, InvalidParameters: its token cannot be read.
        TokenRefused, SourceUnavailable: it is an app's, which gets none.
    """
    return access(source.source_kind, source.options, lambda: secrets.open(source.id, source.stored), engine)


def access(kind: SourceKind, options: SourceOptions, stored: Callable[[], str | None], engine: Engine) -> Access:
    """How a client gets at an API with what is stored as its token, which is read anew at each need.

    Raises:
        TokenRefused, SourceUnavailable: of an app, because its first token is made here.
    """
    base_url, token, first = address_of(kind, options), stored, stored()
    if options.app is not None and kind.app_token is not None:
        token = kind.app_token(base_url, options.app.id, options.app.installation, first or "")
        token()
    return Access(base_url=base_url, token=token, token_hash=token_hash(base_url, options, first), engine=engine)


def token_hash(base_url: str, options: SourceOptions, token: str | None) -> str:
    """By which budgets and ETags are told apart: sources with one token, or one installation of an app, share both."""
    whose = token or "" if options.app is None else f"installation {options.app.installation}"
    return sha256(f"{base_url}\0{whose}".encode()).hexdigest()[:32]


def _source(row: Row[Any]) -> Source:
    fields = dict(row._mapping)  # noqa: SLF001 - the documented name of a row's mapping
    known = {name: fields[name] for name in Source.__dataclass_fields__ if name in fields and name != "options"}
    stored = StoredToken(token=fields["token"], token_key=fields["token_key"], token_from=fields["token_from"])
    return Source(**known, options=SourceOptions.model_validate(fields["options"]), stored=stored)


def _unknown(connection: Connection, name: str) -> UnknownSource:
    known = list(connection.scalars(select(source.c.name).order_by(source.c.name)))
    nearest = suggestions(name, known)[:1]
    meant = did_you_mean(nearest)
    there = f"; there are {', '.join(known)}" if known else ", and no other; add one with openhours sources add"
    return UnknownSource(f"There is no source {shown(name)}{meant}{there}.", nearest=nearest)
