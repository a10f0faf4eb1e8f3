"""Deliveries, messages to webhooks and by mail: list, view, send again; who wants no mail."""

from collections.abc import Mapping
from time import monotonic, sleep
from typing import Any, Final
from urllib.parse import quote

from openhours.connection import Connection
from openhours.errors import StillRunning
from openhours.waiting import POLL_SECONDS

#: An attempt takes 15 seconds at most to a webhook, and half a minute by mail, seconds.
ATTEMPT_SECONDS: Final = 40.0


class Deliveries(Connection):
    """What a client asks of deliveries."""

    def deliveries(
        self,
        *,
        status: str | None = None,
        webhook: str | None = None,
        subject: str | None = None,
        limit: int | None = None,
    ) -> list[Mapping[str, Any]]:
        """Deliveries, newest first, as answered.

        Args:
            status: only ``waiting``, ``delivered``, ``failed`` or ``dropped``.
            webhook: only those to the webhook of this name.
            subject: only those that tell of the report, file or other of this id.
            limit: at most so many. Default: all.
        """
        return list(self._rows("deliveries", most=limit, status=status, webhook=webhook, subject=subject))

    def delivery(self, delivery_id: str) -> Mapping[str, Any]:
        """One of them, as answered, with what it says (``payload``) and what its receiver said (``answer``)."""
        return self._ask("GET", _path(delivery_id))

    def send_delivery(self, delivery_id: str) -> Mapping[str, Any]:
        """Send a delivery once more, or one that waits at once; returns it as answered."""
        return self._ask("POST", f"{_path(delivery_id)}/send")

    def wait_for_delivery(
        self, delivery_id: str, *, after: str | None = None, timeout_seconds: float = ATTEMPT_SECONDS
    ) -> Mapping[str, Any]:
        """The answer for a delivery that was tried once, whatever came of it, or that has ended.

        Args:
            delivery_id: which one.
            after: ``tried_at`` of an earlier attempt, which is not the one that is waited for.
            timeout_seconds: how long to wait.

        Raises:
            StillRunning: nobody has tried it in time.
        """
        deadline = monotonic() + timeout_seconds
        while True:
            found = self.delivery(delivery_id)
            if found["status"] != "waiting" or found["tried_at"] not in (None, after):
                return found
            if monotonic() > deadline:
                raise StillRunning(
                    f"Delivery {delivery_id} has not been tried within {timeout_seconds:g} seconds. It waits until a "
                    "process that runs jobs sends it: is one running?",
                    delivery_id=delivery_id,
                )
            sleep(POLL_SECONDS)

    def unsubscribed(self) -> list[str]:
        """The addresses that get no mail, because somebody who got one said so, in order."""
        return list(self._ask("GET", "/unsubscribed")["addresses"])

    def allow_mail(self, address: str) -> None:
        """Allow mail to an unsubscribed address again."""
        self._response("DELETE", f"/unsubscribed/{quote(address, safe='')}")


def _path(delivery_id: str) -> str:
    return f"/deliveries/{quote(delivery_id, safe='')}"
