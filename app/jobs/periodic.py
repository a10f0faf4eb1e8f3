"""Does something again and again in a thread, whatever becomes of it."""

import logging
import random
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from app.errors import OpenhoursError
from app.jobs.pulse import Pulse

#: Pauses vary by this share, so that replicas that started together do not go on together.
JITTER: Final = 0.2

#: The last call is given this long when the process stops; its servers answer, or time out, sooner, seconds.
LAST_CALL_SECONDS: Final = 30

_log = logging.getLogger(__name__)


class Periodic:
    """Calls ``action`` from ``start()`` to ``stop()``; what it raises is logged, and the next call comes as ever."""

    def __init__(
        self,
        name: str,
        action: Callable[[], None],
        *,
        every_seconds: float,
        first_seconds: tuple[float, float] | None = None,
        pulse: Pulse | None = None,
    ) -> None:
        """``first_seconds`` bounds the pause before the first call; ``pulse`` hears of each."""
        self._name = name
        self._action = action
        self._every_seconds = every_seconds
        self._first_seconds = first_seconds or self._jittered()
        self._pulse = pulse or Pulse()
        self._stopping = Event()
        # One that hangs, as on a disk that does not answer, must not keep the process from ending.
        self._thread = Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a call that is under way is finished, unless that takes too long."""
        self._stopping.set()
        for _ in range(LAST_CALL_SECONDS):  # in pieces: a pause of the whole process is no time for the call
            if self._thread.is_alive():
                self._thread.join(1)
        if self._thread.is_alive():
            _log.warning("%s does not end, and is left behind", self._name)

    def _jittered(self) -> tuple[float, float]:
        return self._every_seconds * (1 - JITTER), self._every_seconds * (1 + JITTER)

    def _loop(self) -> None:
        self._pulse.beat(self._name)
        pause = random.uniform(*self._first_seconds)  # noqa: S311 - jitter, not a secret
        while not self._stopping.wait(pause):
            pause = random.uniform(*self._jittered())  # noqa: S311 - as above
            self._pulse.beat(self._name)
            try:
                self._action()
            except OpenhoursError as error:
                _log.warning("%s failed and will be retried: %s", self._name, error)
            except Exception:  # noqa: BLE001 - a loop that stops without a word is worse; logged
                _log.exception("%s failed and will be retried", self._name)
        self._pulse.end(self._name)
