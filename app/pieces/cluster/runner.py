"""Has pieces done by the workers of a Dask cluster."""

import logging
import uuid
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from app import __version__
from app.errors import ClusterUnavailable
from app.pieces.cluster.connection import adopt_log, require_library, resource, security
from app.pieces.cluster.work import do
from app.pieces.piece import Piece
from app.settings import Settings

if TYPE_CHECKING:
    from distributed import Client, Future

#: How often the scheduler is asked who is there, at most, seconds.
LOOK_SECONDS: Final = 2.0

#: A scheduler that is gone is not waited for when the connection to it is closed, seconds.
CLOSE_SECONDS: Final = 5

#: Of a future whose piece will never have a result.
_FAILED: Final = frozenset({"error", "cancelled"})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OnCluster:
    """See piece.Runner; raises ClusterUnavailable when nobody does the pieces, or nobody can tell.

    Attributes:
        settings: with the address of the scheduler.
        version: workers of other versions take no pieces.
    """

    settings: Settings
    version: str = __version__

    def run(self, pieces: Iterable[Piece]) -> Generator[tuple[int, Any]]:
        with _connected(self.settings) as client:
            yield from _Run(client, self.settings, self.version).results(pieces)


@contextmanager
def _connected(settings: Settings) -> Iterator["Client"]:
    require_library(why="OPENHOURS_DASK_SCHEDULER is set")
    from distributed import Client  # noqa: PLC0415 - see the room

    adopt_log()
    try:
        client = Client(
            settings.dask_scheduler,
            timeout=settings.dask_timeout_seconds,
            security=security(settings),
            set_as_default=False,
            direct_to_workers=False,
            name="openhours",
        )
    except OSError as error:
        raise ClusterUnavailable(
            f"The scheduler of the cluster, {settings.dask_scheduler}, has not answered within "
            f"{settings.dask_timeout_seconds:g} s: start it, or correct OPENHOURS_DASK_SCHEDULER and the files for TLS."
        ) from error
    try:
        yield client
    finally:
        # The scheduler drops what this client has asked for, whether it hears of its end or only misses it.
        try:
            client.close(timeout=CLOSE_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever its attempts to reach a scheduler that is gone have raised
            _log.info("the connection to the cluster was not closed in order: %s", error)
            client.status = "closed"  # or it would try again, and fail again, when it is collected


@dataclass(slots=True)
class _Run:
    """The pieces of one run.

    Only as many are given to the cluster as it has workers: it counts the end of a worker against every piece that was
    given to that one, begun or not, and other runs take turns.

    Attributes:
        running: number and future of each piece that was given, by its key.
        ended: futures that are done, in whichever way.
        workers: how many there are of our version.
        looked_at, heard_at, able_at: when the scheduler was last asked, has last answered, and last had such a worker,
            on the monotonic clock.
    """

    client: "Client"
    settings: Settings
    version: str
    running: dict[str, tuple[int, "Future[Any]"]] = field(default_factory=dict)
    ended: SimpleQueue["Future[Any]"] = field(default_factory=SimpleQueue)
    workers: int = 0
    looked_at: float = 0
    heard_at: float = field(default_factory=monotonic)
    able_at: float = field(default_factory=monotonic)

    def results(self, pieces: Iterable[Piece]) -> Iterator[tuple[int, Any]]:
        waiting, run_id = enumerate(pieces), uuid.uuid4().hex
        while True:
            self._look_around()
            self._give(waiting, run_id)
            if not self.running:
                return
            try:
                future = self.ended.get(timeout=self._pause)
            except Empty:
                continue
            result = self._result(future)
            number, _ = self.running.pop(str(future.key))
            self._give(waiting, run_id)  # before whoever asks for results takes its time
            yield number, result

    @property
    def _pause(self) -> float:
        return min(LOOK_SECONDS, self.settings.dask_timeout_seconds / 4)

    def _give(self, waiting: Iterator[tuple[int, Piece]], run_id: str) -> None:
        while len(self.running) < max(self.workers, 1) and (given := next(waiting, None)) is not None:
            number, piece = given
            self._look_around()  # the piece may have taken a while to make
            key, wanted = f"piece-{run_id}-{number}", {resource(self.version): 1}
            future = self.client.submit(
                do, piece.function, dict(piece.arguments), key=key, resources=wanted, pure=False
            )
            self.running[key] = (number, future)
            future.add_done_callback(self.ended.put)

    def _result(self, future: "Future[Any]") -> Any:
        """What the piece returned, after which the cluster forgets it: it would be done again if its worker died."""
        try:
            while future.status not in _FAILED:
                try:
                    return future.result(timeout=self._pause)
                except TimeoutError:  # the worker that had the result has died, and another does the piece again
                    self._look_around()
                except Exception:
                    if future.status not in _FAILED:
                        raise
            # Only the status tells: of a scheduler that was lost, the library gives an exception as the *result*.
            if future.status == "error":
                raise self._failure(future)
        finally:
            future.release()
        raise ClusterUnavailable(f"The scheduler of the cluster, {self._scheduler}, was lost while it had pieces.")

    def _failure(self, future: "Future[Any]") -> BaseException:
        from distributed import KilledWorker  # noqa: PLC0415 - see the room

        error: BaseException = future.exception()
        if isinstance(error, KilledWorker):
            return ClusterUnavailable(
                "Several workers of the cluster died, one after the other, while they had the same piece; the last one "
                f"was {error.last_worker.address}. Their logs, or those of their machines, tell why: perhaps memory."
            )
        return error

    def _look_around(self) -> None:
        """Ask the scheduler who is there, now and then; raise ClusterUnavailable after the time limit."""
        now = monotonic()
        if now < self.looked_at + self._pause:
            return
        self.looked_at = now
        try:
            told = self._workers_told()
        except (TimeoutError, OSError) as error:
            if now > self.heard_at + self._limit:
                raise ClusterUnavailable(
                    f"The scheduler of the cluster, {self._scheduler}, has not answered for {self._limit:g} s."
                ) from error
            return
        self.heard_at = now
        self.workers = sum(resource(self.version) in has for has in told)
        if self.workers:
            self.able_at = now
        elif now > self.able_at + self._limit:
            raise ClusterUnavailable(self._nobody(told))

    def _workers_told(self) -> list[Mapping[str, float]]:
        """The resources of each worker."""
        if self.client.status != "running":
            raise TimeoutError
        scheduler: Any = self.client.scheduler
        told = self.client.sync(scheduler.identity, n_workers=-1, callback_timeout=self._pause)
        return [worker["resources"] for worker in told["workers"].values()]

    def _nobody(self, told: Sequence[Mapping[str, float]]) -> str:
        others = sorted({name.removeprefix(resource("")) for has in told for name in has} - {self.version})
        there = f"only workers of other versions ({', '.join(others) or 'unknown'})" if told else "no workers"
        return (
            f"For {self._limit:g} s the cluster at {self._scheduler} has had {there}, and none of this version, "
            f"{self.version}: start some (openhours dask-worker), or wait until all are replaced."
        )

    @property
    def _limit(self) -> float:
        return self.settings.dask_timeout_seconds

    @property
    def _scheduler(self) -> str | None:
        return self.settings.dask_scheduler
