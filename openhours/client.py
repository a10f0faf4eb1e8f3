"""The client: what a notebook, a script and the commands ask of a server."""

from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote

from openhours.activity import Activity
from openhours.datasets import Datasets
from openhours.deliveries import Deliveries
from openhours.errors import Problem, ServerUnreachable
from openhours.metrics import Metrics
from openhours.reports import Reports
from openhours.rules import Rules
from openhours.schedules import Schedules
from openhours.sources import Sources
from openhours.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import pandas as pd

#: Where ``serve`` listens unless told otherwise.
ADDRESS: Final = "http://127.0.0.1:8000"


class Client(Reports, Datasets, Schedules, Sources, Activity, Webhooks, Deliveries, Rules, Metrics):
    """Talks to one server; close it after use, or open it in a ``with`` statement.

    Every method raises ServerUnreachable when nobody answers, NotAuthenticated and NotAllowed when the key does not do,
    and Problem when the server refuses otherwise; its message names what was received and what is allowed.

    Args:
        address: of the server; may have a path.
        key: an API key, ``oh_…``. Default: ``OPENHOURS_API_KEY``, or the one that ``openhours login`` has stored for
            this address. Empty: none.

    Raises:
        InvalidInput: it is not an address; the key is none, or other users can read where it is stored.
    """

    def __init__(self, address: str = ADDRESS, *, key: str | None = None) -> None:
        super().__init__(address, key=key)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()

    def is_ready(self) -> bool:
        """Whether the server takes requests; False while it starts, or when nobody answers."""
        try:
            self._ask("GET", "/readyz")
        except (ServerUnreachable, Problem):
            return False
        return True

    def me(self) -> "Mapping[str, Any]":
        """Who the key is, as answered: ``name``, ``role``, ``scopes``."""
        return self._ask("GET", "/me")

    def revoke_own(self, *, named: str) -> bool:
        """End the key of this client if that is its name; returns whether it is ended.

        Raises:
            NotAuthenticated: it has ended already.
        """
        if self._key_id is None:
            return False
        path = f"/keys/{self._key_id}"
        if self._ask("GET", path)["name"] != named:
            return False
        self._response("DELETE", path)
        return True

    def entities(self, kind: str = "store", *, prefix: str = "", limit: int | None = None) -> "pd.DataFrame":
        """Entities of a kind in the order of their keys, a row each, with their zones.

        Args:
            kind: ``store``, ``team`` or ``repository``.
            prefix: only those whose key begins so.
            limit: at most so many. Default: all.
        """
        from openhours import frames  # noqa: PLC0415 - pandas takes half a second to import

        rows = self._rows("entities", kind=kind, prefix=prefix, most=limit)
        # Whether they are open now, which is not asked for, would be a column of None.
        return frames.of_rows([{name: value for name, value in row.items() if name != "now"} for row in rows])

    def entity(self, kind: str, key: str) -> "Mapping[str, Any]":
        """One entity as answered: its zone, its hours, its first, last and number of polls."""
        return self._ask("GET", f"/entities/{quote(kind, safe='')}/{quote(key, safe='')}")
