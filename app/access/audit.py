"""The audit: who did what. Rows are only ever added, in the transaction of what they record."""

from ipaddress import ip_address
from typing import Any, Final, Literal

from sqlalchemy import Connection, insert

from app.access.principal import Principal, actor
from app.access.tables import audit

Outcome = Literal["done", "refused", "failed"]

#: Longest names and ids that are kept whole, characters: an index takes no more than 2.7 kB.
LONGEST: Final = 400


def record(
    connection: Connection,
    action: str,
    object_kind: str | None = None,
    object_id: str | None = None,
    *,
    outcome: Outcome = "done",
    who: Principal | None = None,
    **detail: Any,
) -> None:
    """Record an action, such as ``hours.set`` of object ``stores`` ``17``, in the caller's transaction.

    ``detail`` is JSON-ready and holds no secret. ``who`` is the actor of the task unless given.
    """
    who = who or actor()
    connection.execute(
        insert(audit).values(
            via=who.via,
            actor_id=who.user_id,
            actor_name=_kept(who.name),
            token_id=who.token_id,
            action=action,
            object_kind=object_kind,
            object_id=object_id and _kept(object_id),
            outcome=outcome,
            ip=_address(who.address),
            request_id=who.request_id,
            detail=detail,
        )
    )


def _kept(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _address(text: str | None) -> str | None:
    """An address as Postgres takes it: without the name of an interface; None for a socket that has none."""
    try:
        return str(ip_address((text or "").partition("%")[0]))
    except ValueError:
        return None
