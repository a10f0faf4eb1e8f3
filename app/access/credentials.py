"""Credentials as rows: insert one, end some, remove those that ended long ago."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, insert, or_, update

from app.access.secrets import Kind, Secret, new_secret
from app.access.tables import token
from app.storage.postgres import database_errors

#: How long a credential is listed, and a spent code is told from one that nobody made, after its end.
KEPT_AFTER_THE_END: Final = timedelta(days=30)

#: Pause between two rounds that remove ended ones, and bounds of the pause before the first, seconds.
LOOK_SECONDS: Final = 3600.0
FIRST_LOOK_SECONDS: Final = (60.0, 600.0)

#: Characters of a browser's name for itself that are kept.
_MOST_OF_AGENT: Final = 200


def issue(
    connection: Connection,
    kind: Kind,
    user_id: str | None,
    *,
    lasts: timedelta | None,
    address: str | None = None,
    user_agent: str | None = None,
    **columns: Any,
) -> Secret:
    """Make a credential; its text is in the answer and nowhere else.

    Args:
        connection: in the caller's transaction.
        kind: of credential.
        user_id: whose; None for the set-up code.
        lasts: from now on; None: for ever, which only a key may.
        address: from where it was asked for.
        user_agent: by which program.
        columns: of the table ``token``.
    """
    secret = new_secret(kind)
    connection.execute(
        insert(token).values(
            id=secret.id,
            kind=kind.value,
            user_id=user_id,
            sha256=secret.digest,
            last4=secret.text[-4:],
            expires_at=None if lasts is None else func.now() + lasts,
            last_ip=address,
            user_agent=user_agent and _printable(user_agent),
            **columns,
        )
    )
    return secret


def is_alive() -> ColumnElement[bool]:
    """The condition for credentials that have not ended; sessions end earlier, if nobody uses them."""
    return and_(token.c.revoked_at.is_(None), or_(token.c.expires_at.is_(None), token.c.expires_at > func.now()))


def end(connection: Connection, which: ColumnElement[bool]) -> list[str]:
    """End credentials that are alive; returns their ids. Who calls it raises the epoch."""
    ended = update(token).where(which, is_alive()).values(revoked_at=func.now()).returning(token.c.id)
    return list(connection.scalars(ended))


def remove_ended(engine: Engine, now: datetime) -> int:
    """Remove credentials that ended long ago; returns how many."""
    latest = now - KEPT_AFTER_THE_END
    with database_errors(), engine.begin() as connection:
        gone = delete(token).where(or_(token.c.expires_at < latest, token.c.revoked_at < latest))
        return connection.execute(gone).rowcount


def _printable(text: str) -> str:
    """The beginning of a text without what Postgres cannot store, or a terminal would obey."""
    return "".join(character for character in text[:_MOST_OF_AGENT] if character.isprintable())
