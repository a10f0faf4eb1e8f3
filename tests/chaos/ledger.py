"""What clients were told: every accepted report, and everything that was ever seen of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

RUNNING = ("Running",)

#: What a client sees of a report: ("Running",), ("Complete", (name, sha256), …), ("Failed", code) or ("Cancelled",).
View = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """An answer, and when it was asked for and received; seconds, monotonic."""

    asked: float
    received: float
    view: View


@dataclass(slots=True)
class Account:
    """An accepted report."""

    id: str
    kind: str
    key: str | None
    sightings: list[Sighting] = field(default_factory=list)

    @property
    def end(self) -> View | None:
        """What it ended as, according to the first answer that said so."""
        return next((sighting.view for sighting in self.sightings if sighting.view != RUNNING), None)

    @property
    def contradictions(self) -> set[View]:
        """Ends that differ from the first one, and "Running" in answers asked for after an end had been received."""
        ends = [sighting for sighting in self.sightings if sighting.view != RUNNING]
        if not ends:
            return set()
        known_at = min(sighting.received for sighting in ends)
        later = {sighting.view for sighting in self.sightings if sighting.asked > known_at}
        return (later | {sighting.view for sighting in ends}) - {ends[0].view}


@dataclass(frozen=True, slots=True)
class Failure:
    """A request without a proper answer."""

    request: str
    why: str


class Ledger:
    """Filled by clients in many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._accounts: dict[str, Account] = {}
        self._keys: dict[str, set[str]] = {}
        self.failures: list[Failure] = []
        self.requests = 0

    def accepted(self, report_id: str, kind: str, key: str | None) -> None:
        with self._lock:
            self._accounts.setdefault(report_id, Account(report_id, kind, key))
            if key is not None:
                self._keys.setdefault(key, set()).add(report_id)

    def saw(self, report_id: str, sighting: Sighting) -> None:
        """Keep a sighting; of equal ones in a row only the first and the last."""
        with self._lock:
            seen = self._accounts[report_id].sightings
            if len(seen) > 1 and seen[-2].view == seen[-1].view == sighting.view:
                seen.pop()
            seen.append(sighting)

    def asked(self) -> None:
        with self._lock:
            self.requests += 1

    def failed(self, request: str, why: str) -> None:
        with self._lock:
            self.failures.append(Failure(request, why))

    def accounts(self) -> list[Account]:
        with self._lock:
            return list(self._accounts.values())

    def open(self) -> list[Account]:
        """Accepted, no end seen yet."""
        return [account for account in self.accounts() if account.end is None]

    def split_keys(self) -> Iterator[str]:
        """Idempotency keys that were answered with more than one id."""
        return (key for key, ids in self._keys.items() if len(ids) > 1)
