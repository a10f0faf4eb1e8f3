"""Writes lines of the log, and never waits long for who reads them: a collector that hangs must not stop the service.

A pipe that nobody reads takes 64 KiB. A write beyond that would wait, with the lock of the log held, until somebody
reads: every thread that logs would wait with it, and so would the loop that answers requests.
"""

import logging
import os
import select
from typing import Final, TextIO

#: How long the first line waits that finds no room; those after it do not wait until there is room again, seconds.
WAIT_SECONDS: Final = 0.2

#: So many bytes are taken at once by whatever says that it has room (PIPE_BUF).
PIECE_BYTES: Final = 4096


class UnhurriedHandler(logging.StreamHandler[TextIO]):
    """Drops lines while nobody reads them, counts them, and tells how many when somebody does."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._lost = 0
        self._is_cut = False  # a line was begun and not ended
        self._descriptor = _descriptor(stream)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, or count it as lost; as with every handler, a failure to write ends nothing else."""
        if self._descriptor is None:
            super().emit(record)
            return
        try:
            line = self.format(record)
            if self._lost and _has_room(self._descriptor, 0):
                told = f"{self._lost} lines before this one are lost: nobody has read the log"
                self._lost = 0
                about = logging.LogRecord(__name__, logging.WARNING, __file__, 0, told, (), None)
                self._write("\n" * self._is_cut + self.format(about), self._descriptor)
                self._is_cut = False
            self._write(line, self._descriptor)
        except Exception:  # noqa: BLE001 - as StreamHandler does
            self.handleError(record)

    def _write(self, line: str, descriptor: int) -> None:
        rest = data = (line + self.terminator).encode(errors="backslashreplace")
        while rest:
            if not _has_room(descriptor, 0 if self._lost else WAIT_SECONDS):
                self._is_cut = self._is_cut or rest != data
                self._lose()
                return
            rest = rest[os.write(descriptor, rest[:PIECE_BYTES]) :]

    def _lose(self) -> None:
        from app.telemetry.metrics import LOG_LINES_LOST  # noqa: PLC0415 - most commands need no metrics

        self._lost += 1
        LOG_LINES_LOST.inc()


def _has_room(descriptor: int, seconds: float) -> bool:
    looked = select.poll()
    looked.register(descriptor, select.POLLOUT)
    return bool(looked.poll(seconds * 1000))


def _descriptor(stream: TextIO) -> int | None:
    """That of a stream, or None for one in memory."""
    try:
        return stream.fileno()
    except (AttributeError, OSError):  # io.UnsupportedOperation is one
        return None
