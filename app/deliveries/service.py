"""What the outside may ask of deliveries: list them, look at one, send it again; who wants no mail."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.access import audit
from app.access.server_secret import ServerSecret
from app.deliveries import queue, records, unsubscribing, webhooks
from app.deliveries.records import Delivery, Status
from app.deliveries.tables import delivery, unsubscribed
from app.errors import CodeSpent, InvalidParameters
from app.paging import Page, newest_first, place_of
from app.storage.postgres import database_errors


class DeliveryService:
    """Stateless, so any replica can serve them."""

    def __init__(self, engine: Engine, master: Callable[[], ServerSecret]) -> None:
        """``master`` reads the secret key of the installation."""
        self._engine = engine
        self._master = master

    def page(
        self, *, status: Status | None, webhook: str | None, subject: str | None, cursor: str | None, limit: int
    ) -> Page[Delivery]:
        """Deliveries, newest first.

        Raises:
            UnknownWebhook.
            InvalidParameters: of the cursor.
        """
        before = None if cursor is None else place_of(cursor)
        with database_errors(), self._engine.connect() as connection:
            webhook_id = None if webhook is None else webhooks.required(connection, webhook).id
            found = records.newest(
                connection, status=status, webhook_id=webhook_id, subject=subject, before=before, limit=limit + 1
            )
        return newest_first(found, limit=limit)

    def get(self, delivery_id: str) -> Delivery:
        """One of them. Raises UnknownDelivery."""
        with database_errors(), self._engine.connect() as connection:
            return records.required(connection, delivery_id)

    def send(self, delivery_id: str) -> Delivery:
        """Send a delivery once more, or one that waits at once.

        Raises:
            UnknownDelivery.
            InvalidParameters: its webhook is disabled, or who would get it wants no mail.
        """
        with database_errors(), self._engine.begin() as connection:
            one = records.required(connection, delivery_id)
            if one.address is not None and connection.scalar(
                select(unsubscribed.c.address).where(_is(unsubscribed.c.address, one.address)).limit(1)
            ):
                message = f"{one.address} has unsubscribed; `openhours mail allow` allows mail to it again."
                raise InvalidParameters(message, received=delivery_id)
            if one.webhook is not None and not webhooks.required(connection, one.webhook).enabled:
                raise InvalidParameters(
                    f"The webhook {one.webhook} is disabled; enable it first.", received=delivery_id
                )
            mine = delivery.c.id == delivery_id
            queue.send_again(connection, mine)
            now = update(delivery).where(mine, delivery.c.status == "waiting").values(due_at=func.now())
            connection.execute(now)
            audit.record(connection, "delivery.send", "delivery", delivery_id, event=one.event)
            return records.required(connection, delivery_id)

    def address_of(self, token: str) -> str:
        """Who got this token in a mail.

        Raises:
            CodeSpent: nobody did, or it was used, or the mail is past its retention.
        """
        with database_errors(), self._engine.connect() as connection:
            return self._address(connection, token)[1]

    def unsubscribe(self, token: str) -> str:
        """Send no more mail to whoever got this token in one; returns their address. Raises CodeSpent as address_of."""
        with database_errors(), self._engine.begin() as connection:
            delivery_id, address = self._address(connection, token)
            connection.execute(insert(unsubscribed).values(address=address).on_conflict_do_nothing())
            queue.drop_waiting(connection, _is(delivery.c.address, address), "The recipient has unsubscribed.")
            used = update(delivery).where(delivery.c.id == delivery_id).values(unsubscribed_at=func.now())
            connection.execute(used)
            audit.record(connection, "mail.unsubscribe", "address", address)
        return address

    def unsubscribed(self) -> list[str]:
        """The addresses that get no mail, in order."""
        with database_errors(), self._engine.connect() as connection:
            return list(connection.scalars(select(unsubscribed.c.address).order_by(unsubscribed.c.address)))

    def allow(self, address: str) -> bool:
        """Let mail be sent again to an address that wanted none; False: it did not say so."""
        with database_errors(), self._engine.begin() as connection:
            statement = delete(unsubscribed).where(_is(unsubscribed.c.address, address.strip()))
            was = "\0" not in address and connection.execute(statement).rowcount > 0
            if was:
                audit.record(connection, "mail.allow", "address", address)
        return was

    def _address(self, connection: Connection, token: str) -> tuple[str, str]:
        """The mail that a token is from, and who got it. Raises CodeSpent."""
        delivery_id = unsubscribing.delivery_of(self._master(), token)
        mine = (delivery.c.id == delivery_id, delivery.c.unsubscribed_at.is_(None), delivery.c.address.is_not(None))
        address = None if delivery_id is None else connection.scalar(select(delivery.c.address).where(*mine))
        if delivery_id is None or address is None:
            raise CodeSpent("This link was used already, is incomplete, or comes from a mail that is too old.")
        return delivery_id, address


def _is(column: ColumnElement[str], address: str) -> ColumnElement[bool]:
    """Whether it is the same mailbox, in whatever case somebody wrote it; see queue.tell()."""
    return func.lower(column) == address.lower()
