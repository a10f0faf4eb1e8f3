"""The number that tells all replicas that rights were taken away."""

from sqlalchemy import Connection, select, update

from app.access.tables import auth_epoch


def raise_epoch(connection: Connection) -> None:
    """Have all replicas forget the credentials that they know, as soon as the transaction is committed.

    Every transaction that revokes, disables, demotes or replaces calls it.
    """
    connection.execute(update(auth_epoch).values(n=auth_epoch.c.n + 1))


def current_epoch(connection: Connection) -> int:
    """The number now."""
    number: int = connection.execute(select(auth_epoch.c.n)).scalar_one()
    return number
