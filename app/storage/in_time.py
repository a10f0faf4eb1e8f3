"""Questions that have an end although the server that is asked may be silent."""

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from threading import Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

from app.errors import Unavailable

T = TypeVar("T")

_Asked = tuple[Future[T], float]


class InTime(Generic[T]):
    """One question at a time, in a thread of its own; whoever asks meanwhile gets the same answer.

    A server that stands still keeps its connections open and says nothing, so no timeout of the network ends the wait.
    """

    def __init__(self, ask: Callable[[], T], *, of: str, seconds: float, error: type[Unavailable]) -> None:
        """``error`` is raised, naming ``of``, the server, if there is no answer ``seconds`` after the question."""
        self._ask = ask
        self._seconds = seconds
        self._of = of
        self._error = error
        self._lock = Lock()
        self._asked: _Asked[T] | None = None

    def answer(self) -> T:
        """The answer, or what it raises; raises the error without one, at once while an older question hangs."""
        with self._lock:
            if self._asked is None or self._asked[0].done():
                self._asked = Future(), monotonic()
                # A daemon: a question that is never answered must not hold up the end of the process.
                Thread(target=self._fill, args=(self._asked[0],), name="question", daemon=True).start()
            future, began = self._asked
        try:
            return future.result(max(0.0, began + self._seconds - monotonic()))
        except NotInTime:
            if future.done():
                raise
            raise self._error(f"{self._of} has not answered for {self._seconds:g} seconds.") from None

    def _fill(self, future: "Future[T]") -> None:
        try:
            future.set_result(self._ask())
        except BaseException as error:  # noqa: BLE001 - whoever asks raises it
            future.set_exception(error)
