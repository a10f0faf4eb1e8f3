"""Who may send a file now: a replica has few places, because each request holds parts of a file in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from typing import Final, Protocol

from app.errors import OpenhoursError, ReplicaUnavailable

#: An upload that is slower than this gives way to an address without one if no place is left, bytes a second.
SLOW_BYTES_PER_SECOND: Final = 64 << 10

#: Uploads that were told to give way and are still storing what came: their places are used twice.
LEAVING: Final = 4

#: Of an IPv6 address this many bits count: a client has a whole network.
CLIENT_BITS: Final = 64


class Sender(Protocol):
    """An upload request, as seen from here."""

    def bytes_per_second(self) -> float | None:
        """Its rate lately while it was waited for; None if that is not known yet."""

    def end(self, reason: OpenhoursError) -> None:
        """Store what came and raise the reason."""


class Place:
    """Of one request; ``sender`` once bytes may come."""

    def __init__(self, client: str) -> None:
        self.client = client
        self.sender: Sender | None = None

    def slowness(self) -> float | None:
        """Bytes a second of a slow sender; None for any other."""
        rate = self.sender.bytes_per_second() if self.sender is not None else None
        return rate if rate is not None and rate < SLOW_BYTES_PER_SECOND else None


class Places:
    """At most ``most`` requests: half of them of one client address, and a quarter for addresses that have none."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._share = max(most // 2, 1)
        self._reserve = most // 4
        self._taken: list[Place] = []
        self._leaving: list[Place] = []

    @contextmanager
    def one(self, address: str | None) -> Iterator[Place]:
        """A place for a request of this address.

        Raises:
            ReplicaUnavailable: the address has its share, or no place is free and no upload is slow.
        """
        place = Place(client_of(address))
        self._require(place.client)
        self._taken.append(place)
        try:
            yield place
        finally:
            (self._taken if place in self._taken else self._leaving).remove(place)

    def _require(self, client: str) -> None:
        own = sum(place.client == client for place in self._taken)
        if own == 0 and len(self._taken) >= self._most:
            self._make_room()
        if len(self._taken) >= self._most:
            raise ReplicaUnavailable(f"This replica takes {self._most} uploads at a time; try again soon.")
        if own >= self._share or (own > 0 and len(self._taken) >= self._most - self._reserve):
            raise ReplicaUnavailable(
                f"This replica takes {self._most} uploads at a time, at most {self._share} of one address and the last "
                f"{self._reserve} only of addresses without any; {own} of this address are under way. Try again soon."
            )

    def _make_room(self) -> None:
        slow = [(rate, number) for number, one in enumerate(self._taken) if (rate := one.slowness()) is not None]
        if slow and len(self._leaving) < LEAVING:
            place = self._taken.pop(min(slow)[1])
            self._leaving.append(place)
            if place.sender is not None:
                place.sender.end(
                    ReplicaUnavailable("This upload is slow and others are waiting: continue it in a moment.")
                )


def client_of(address: str | None) -> str:
    """What counts as one client; an address that is none, such as a name, counts as it is."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return address or ""
    return str(found if found.version == 4 else ip_network((found, CLIENT_BITS), strict=False))
