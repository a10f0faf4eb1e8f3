"""The table "Promises to test": each promise, its figure, and what was measured in this run."""

from collections import Counter

#: Promise → figure, in the order of the table.
FIGURES = {
    "accepted reports lost": "0 over 1,000 replica kills, and over 100 each of Redis kill, FLUSHALL, Postgres kill",
    "takeover after a kill": "≤ 40 s",
    "different visible results for one id": "0",
    "orphan objects after clean-up": "0",
    "processes left behind by killed replicas": "0",
    "rollout": "0 failed requests over 100 SIGTERMs at 50 requests/s",
    "poll p99 with all slots busy": "≤ 50 ms at 200 polls/s per replica",
    "poison job": "exactly 3 crashes, 0 neighbours failed",
    "uploads": "1 GiB over 200 cuts and 10 kills: SHA-256 equal, ≤ 200 MiB more memory, nothing on disk, nothing left",
    "different states of sealed weeks": "0 among reports, over kills at any moment of sealing and of loads that unseal",
    "ends told": "each at least once to each that listens, 0 of what was rolled back, 0 by two at once, over 200 kills",
    "mutants": "removing the fence, the look for uncalled jobs or the per-attempt key makes the test suite fail",
}


class Promises:
    """Filled by the scenarios, printed at the end of the run."""

    def __init__(self) -> None:
        self.faults: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._texts: dict[str, list[str]] = {}

    def count(self, promise: str, number: int) -> None:
        """Add to a promise that is a number, which should be 0."""
        self._counts[promise] += number

    def tell(self, promise: str, text: str) -> None:
        self._texts.setdefault(promise, []).append(text)

    def lines(self) -> list[str]:
        return [
            f"{promise}\n    promised: {figure}\n    measured: {self._measured(promise)}"
            for promise, figure in FIGURES.items()
        ]

    @property
    def anything(self) -> bool:
        return bool(self.faults or self._counts or self._texts)

    def _measured(self, promise: str) -> str:
        found = list(self._texts.get(promise, ()))
        if promise in self._counts:
            over = ", ".join(f"{number:,} {fault}" for fault, number in self.faults.items())
            found.insert(
                0, f"{self._counts[promise]}" + (f" over {over}" if promise == "accepted reports lost" else "")
            )
        return "; ".join(found) or "not in this run"
