"""Webhooks, receivers that the service tells what has happened: make, list, set, test, rotate, remove."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from openhours.connection import Connection


class Webhooks(Connection):
    """What a client asks of webhooks; each goes by its name or its id."""

    def webhooks(self) -> list[Mapping[str, Any]]:
        """Webhooks by name, as answered."""
        return list(self._ask("GET", "/webhooks")["webhooks"])

    def webhook(self, name: str) -> Mapping[str, Any]:
        """One of them, as answered: its ``url``, its ``events``, how many deliveries wait, arrived and failed."""
        return self._ask("GET", _path(name))

    def event_types(self) -> Mapping[str, str]:
        """What webhooks can be told of: types, with what each means in words."""
        return {one["type"]: one["words"] for one in self._ask("GET", "/webhooks/events")["events"]}

    def add_webhook(self, name: str, url: str, **more: Any) -> Mapping[str, Any]:
        """Make a webhook; returns it as answered, with its ``secret``, which is not shown again.

        Args:
            name: by which people know it.
            url: where its receiver listens.
            more: ``events``, a list of types or ``["*"]``; ``format``, ``description``, ``enabled``.
        """
        return self._ask("POST", "/webhooks", json={"name": name, "url": url, **more})

    def set_webhook(self, name: str, url: str, **more: Any) -> Mapping[str, Any]:
        """Set a webhook anew, all of it but its secret, as add_webhook() makes one."""
        return self._ask("PUT", _path(name), json={"name": name, "url": url, **more})

    def remove_webhook(self, name: str) -> None:
        """Remove a webhook, with the record of its deliveries."""
        self._response("DELETE", _path(name))

    def enable_webhook(self, name: str) -> Mapping[str, Any]:
        """Have a webhook told what happens from now on."""
        return self._ask("POST", f"{_path(name)}/enable")

    def disable_webhook(self, name: str) -> Mapping[str, Any]:
        """Have nothing sent to a webhook until it is enabled; what waits for it is dropped."""
        return self._ask("POST", f"{_path(name)}/disable")

    def rotate_webhook(self, name: str) -> Mapping[str, Any]:
        """Make a new secret; returns the webhook with it. The one of before signs along until ``previous_until``."""
        return self._ask("POST", f"{_path(name)}/rotate")

    def test_webhook(self, name: str) -> str:
        """Send a message by which its receiver can be tried; returns the id of the delivery."""
        return str(self._ask("POST", f"{_path(name)}/test")["delivery_id"])

    def send_failed(self, name: str, *, since: str) -> int:
        """Send once more all that a webhook did not get since an instant, ISO 8601; returns how many that are."""
        return int(self._ask("POST", f"{_path(name)}/send_failed", json={"since": since})["deliveries"])


def _path(name: str) -> str:
    return f"/webhooks/{quote(name, safe='')}"
