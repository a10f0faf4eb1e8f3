"""When deliveries are tried again, slowly: the table of Standard Webhooks, receivers that want no more, dead ones."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

#: Pauses after the first failure, the second and so on; after the tenth there is none: the delivery has failed.
PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)

#: A pause is longer or shorter by at most this share of it.
SPREAD: Final = 0.2

#: Longest pause that a receiver may ask for.
LONGEST_ASKED: Final = timedelta(hours=24)

#: A receiver that has taken nothing for so long is disabled.
HOPELESS: Final = timedelta(days=5)

#: What a receiver says.
TAKEN: Final = "taken"
NOT_TAKEN: Final = "not taken"
NO_MORE: Final = "no more"


@dataclass(slots=True)
class Told:
    """A delivery: it waits until an instant in [earliest, latest], or is ``delivered`` or ``given up``."""

    receiver: str
    state: str = "waiting"
    failures: int = 0
    earliest: datetime | None = None
    latest: datetime | None = None


@dataclass(slots=True)
class Receiver:
    """One that is sent to, or is left alone."""

    enabled: bool = True
    failing_since: datetime | None = None


@dataclass(slots=True)
class Retries:
    """All deliveries and receivers, by name."""

    told: dict[str, Told] = field(default_factory=dict)
    receivers: dict[str, Receiver] = field(default_factory=dict)

    def answered(self, name: str, at: datetime, what: str, *, asked: timedelta | None = None) -> None:
        """A receiver has answered an attempt at a delivery, or not at all (NOT_TAKEN); it ``asked`` for a pause."""
        one = self.told[name]
        receiver = self.receivers[one.receiver]
        if what == TAKEN:
            one.state = "delivered"
            receiver.failing_since = None
            return
        one.failures += 1
        if receiver.failing_since is None:
            receiver.failing_since = at
        if what == NO_MORE or at - receiver.failing_since >= HOPELESS:
            receiver.enabled = False
            for other in self.told.values():
                if other.receiver == one.receiver and other.state == "waiting":
                    other.state = "given up"
        elif one.failures > len(PAUSES):
            one.state = "given up"
        else:
            pause = PAUSES[one.failures - 1]
            put_off = min(asked or timedelta(), LONGEST_ASKED)  # a receiver may slow us down, not hurry us on
            one.earliest = at + max(pause * (1 - SPREAD), put_off)
            one.latest = at + max(pause * (1 + SPREAD), put_off)
