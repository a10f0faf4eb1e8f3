"""The user that an identity at a provider is here."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, func, insert, select, update

from app.access import audit
from app.access.epoch import raise_epoch
from app.access.names import what_is_wrong
from app.access.oidc.provider import Identity
from app.access.scopes import Role
from app.access.sessions import end_logins
from app.access.tables import user
from app.access.user_records import is_reserved, looking_like
from app.access.users import lock_names
from app.errors import LoginFailed, NotAllowed
from app.ids import new_id

#: What a name may not have: it is shown in lists, and typed in commands.
_UNSHOWABLE = re.compile(r"[^\w.@+ -]+")


def signed_in(connection: Connection, identity: Identity, role: Role | None) -> str:
    """The id of the user of an identity, who gets the role of their groups now; made at the first login.

    By issuer and subject alone: whoever has the name or the e-mail address of a user there is not that user here.

    Raises:
        NotAllowed: no group of theirs has a role. Call it in a transaction that is committed all the same: their
            sessions have ended.
        LoginFailed: the user is disabled here.
    """
    found = connection.execute(
        select(user.c.id, user.c.role, user.c.disabled_at)
        .where(user.c.oidc_iss == identity.issuer, user.c.oidc_sub == identity.subject)
        .with_for_update()
    ).one_or_none()
    if role is None:
        if found is not None:
            _end_sessions(connection, found.id)
        raise NotAllowed("No group of yours at the provider has a role here. Ask an administrator of this service.")
    if found is None:
        return _made(connection, identity, role)
    if found.disabled_at is not None:
        raise LoginFailed("This account cannot log in. Ask an administrator of this service.")
    _take_over(connection, found, identity, role)
    return str(found.id)


def _made(connection: Connection, identity: Identity, role: Role) -> str:
    identifier = new_id(datetime.now(UTC))
    lock_names(connection)
    for name in _names(identity):
        if is_reserved(name):
            continue
        taken = connection.execute(select(user.c.id).where(func.lower(user.c.name) == func.lower(name)))
        if taken.one_or_none() is None and looking_like(connection, name) is None:
            break
    connection.execute(
        insert(user).values(
            id=identifier,
            name=name,
            email=identity.email,
            kind="person",
            role=role,
            oidc_iss=identity.issuer,
            oidc_sub=identity.subject,
            created_by=identity.issuer,
        )
    )
    audit.record(connection, "user.add", "user", identifier, name=name, role=role, issuer=identity.issuer)
    return identifier


def _names(identity: Identity) -> Iterator[str]:
    """Names to try: the last is nobody's."""
    name = _UNSHOWABLE.sub(" ", identity.name).strip() or "user"
    if what_is_wrong(name):
        name = "user"
    host = urlsplit(identity.issuer).hostname or "provider"
    yield name
    yield f"{name}@{host}"
    yield f"{name}@{host} {new_id(datetime.now(UTC))[-8:]}"


def _take_over(connection: Connection, found: Row[Any, Any, Any], identity: Identity, role: Role) -> None:
    connection.execute(update(user).where(user.c.id == found.id).values(role=role, email=identity.email))
    if found.role != role:
        raise_epoch(connection)
        audit.record(connection, "user.role", "user", found.id, role=role, was=found.role, issuer=identity.issuer)


def _end_sessions(connection: Connection, user_id: str) -> None:
    end_logins(connection, user_id)
    raise_epoch(connection)
    audit.record(connection, "login", "user", user_id, outcome="refused", reason="no group has a role")
