"""A scenario's stage: replicas behind a reverse proxy, clients with a ledger, and the verdict in the end."""

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.jobs.cleanup import clean_up
from app.storage.resources import Resources
from tests.chaos import audit
from tests.chaos.audit import Change
from tests.chaos.cluster import Cluster, cluster
from tests.chaos.kinds import KINDS
from tests.chaos.ledger import Ledger
from tests.chaos.load import Clients, Load
from tests.chaos.promises import Promises
from tests.chaos.reverse_proxy import reverse_proxy
from tests.chaos.servers import Servers
from tests.chaos.verdict import Verdict, orphans, verdict
from tests.commands import wait_until

#: Longest wait for every report to end: a lease, a sweep and some retries, which wait up to a minute, seconds.
PATIENCE_SECONDS = 240

#: Clients that fill a backlog at the same time.
FILLERS = 4


@dataclass(frozen=True, slots=True)
class Scene:
    servers: Servers
    cluster: Cluster
    clients: Clients
    resources: Resources
    promises: Promises

    @property
    def ledger(self) -> Ledger:
        return self.clients.ledger

    def load(self, *, per_second: float, seed: int = 0) -> Load:
        return Load(self.clients, per_second=per_second, seed=seed)

    @contextmanager
    def backlog(self, number: int) -> Iterator[None]:
        """Have so many reports wait, all the time that the context is open."""
        full, closing = Event(), Event()

        def fill() -> None:
            chance = random.Random(number)
            while not closing.is_set():
                if self._queued() >= number:
                    full.set()
                    closing.wait(0.5)
                else:
                    self.clients.trigger("parcel", {"seconds": round(chance.uniform(1, 4), 2)})

        filling = [Thread(target=fill, name="backlog") for _ in range(FILLERS if number else 0)]
        for thread in filling:
            thread.start()
        try:
            assert not filling or full.wait(PATIENCE_SECONDS)
            yield
        finally:
            closing.set()
            for thread in filling:
                thread.join()

    def _queued(self) -> int:
        try:
            with self.resources.engine.connect() as connection:
                return int(connection.scalar(text("SELECT count(*) FROM report WHERE status = 'queued'")) or 0)
        except OperationalError:
            return 0  # Postgres recovers

    def history(self) -> dict[str, list[Change]]:
        """What happened to each accepted report, in order."""
        return audit.history(self.resources.engine, [account.id for account in self.ledger.accounts()])

    def told(self, ids: Iterable[str]) -> str:
        """The histories of some reports, for people."""
        histories = audit.history(self.resources.engine, set(ids))
        return "\n\n".join("\n".join(map(str, changes)) for changes in histories.values())

    def finish(self, *, patience_seconds: float = PATIENCE_SECONDS) -> Verdict:
        """Wait for all reports, and hold the result against the promises that every scenario has to keep."""
        self.clients.settle(patience_seconds)
        wait_until(lambda: not self._unheard_of(), seconds=patience_seconds)
        clean_up(self.resources, KINDS, orphan_hours=0)
        self.clients.look_back()
        found = verdict(self.ledger, self.resources.engine)
        left = orphans(self.resources)
        processes = self.cluster.orphans()
        self.promises.count("accepted reports lost", len(found.lost))
        self.promises.count("different visible results for one id", len(found.different))
        self.promises.count("orphan objects after clean-up", len(left))
        self.promises.count("processes left behind by killed replicas", len(processes))
        assert found.is_clean, f"{found}\n{self.told(found.lost + found.different)}"
        assert not left
        assert not processes
        return found

    def _unheard_of(self) -> set[str]:
        """Reports that have not ended and that no client knows, because the answer to their trigger was lost.

        Their files are no orphans before they end.
        """
        with self.resources.engine.connect() as connection:
            outstanding = connection.scalars(text("SELECT id FROM report WHERE status IN ('queued', 'running')"))
            return set(outstanding) - {account.id for account in self.ledger.accounts()}


@contextmanager
def nothing_outstanding(resources: Resources) -> Iterator[None]:
    """What a scenario leaves behind, such as reports that never end, must not be run in the next one."""
    try:
        yield
    finally:
        with resources.engine.begin() as connection:
            connection.execute(text("UPDATE report SET status = 'cancelled' WHERE status IN ('queued', 'running')"))


@contextmanager
def scene(
    servers: Servers, folder: Path, promises: Promises, *, ports: dict[str, int] | None = None, **options: Any
) -> Iterator[Scene]:
    """``ports`` are those of proxies in front of servers, by name; ``options`` are the cluster's."""
    with (
        servers.resources() as resources,
        nothing_outstanding(resources),
        cluster(servers.environment(**ports or {}), folder, **options) as replicas,
        reverse_proxy(replicas.addresses) as proxy,
    ):
        yield Scene(servers, replicas, Clients(proxy.address, Ledger()), resources, promises)
