"""The audit: who did what. Rows are only ever added, in the transaction of what they record."""

from typing import Any, Literal

from sqlalchemy import Connection, insert

from app.access.principal import Principal, actor
from app.access.tables import audit

Outcome = Literal["done", "refused", "failed"]


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
            actor_name=who.name,
            token_id=who.token_id,
            action=action,
            object_kind=object_kind,
            object_id=object_id,
            outcome=outcome,
            ip=who.address,
            request_id=who.request_id,
            detail=detail,
        )
    )
