"""The log goes into a pipe that nobody reads: whoever writes it goes on, and what is lost is told."""

import logging
import os
from collections.abc import Iterator
from threading import Thread
from typing import TextIO

import pytest
from prometheus_client import REGISTRY

from app.telemetry import stream
from app.telemetry.stream import UnhurriedHandler

#: More than a pipe takes.
LINES = 5_000

LONG = "x" * 100_000


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    """What is read, and where it is written."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as file:
        yield reading, file
    os.close(reading)


def write(handler: logging.Handler, *messages: str) -> None:
    for message in messages:
        handler.handle(logging.LogRecord("x", logging.INFO, "", 0, message, (), None))


def read(descriptor: int) -> list[str]:
    """The lines that are there now."""
    os.set_blocking(descriptor, False)
    data = b""
    try:
        while block := os.read(descriptor, 1 << 16):
            data += block
    except BlockingIOError:
        pass
    return data.decode().splitlines()


def lost() -> float:
    return REGISTRY.get_sample_value("openhours_log_lines_lost_total") or 0.0


@pytest.mark.parametrize("message", ["a line of the usual length, of which a pipe takes some hundreds" * 2, LONG])
@pytest.mark.timeout(20)
def test_a_pipe_that_nobody_reads_holds_nobody_up(
    pipe: tuple[int, TextIO], monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    from app.telemetry.metrics import LOG_LINES_LOST  # registers it

    assert LOG_LINES_LOST
    monkeypatch.setattr(stream, "WAIT_SECONDS", 0.01)
    descriptor, file = pipe
    handler, before = UnhurriedHandler(file), lost()
    threads = [Thread(target=write, args=(handler, *[message] * (LINES // 2))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    count = lost() - before
    assert 0 < count <= LINES
    kept = read(descriptor)
    write(handler, "read again")
    told, last = [line for line in read(descriptor) if line][-2:]
    assert told == f"{count:.0f} lines before this one are lost: nobody has read the log"
    assert last == "read again"
    if message != LONG:
        assert kept == [message] * (LINES - int(count))


def test_lines_of_any_length_come_whole_while_somebody_reads(pipe: tuple[int, TextIO]) -> None:
    descriptor, file = pipe
    handler, found = UnhurriedHandler(file), []
    with os.fdopen(os.dup(descriptor)) as reading:
        reader = Thread(target=lambda: found.extend(reading.read().splitlines()))
        reader.start()
        write(handler, "short", LONG, "\udcff", "\u00e4")
        file.close()
        reader.join()
    assert found == ["short", LONG, "\\udcff", "\u00e4"]


def test_a_pipe_that_is_closed_is_no_error_of_whoever_logs(pipe: tuple[int, TextIO]) -> None:
    descriptor, file = pipe
    handler = UnhurriedHandler(file)
    other = os.open(os.devnull, os.O_RDONLY)
    os.dup2(other, descriptor)  # nobody reads the pipe any more
    os.close(other)
    write(handler, "gone", "and gone")
