"""A function in a process of its own: its result or its error comes back, and it takes no more than it is given."""

import os
import signal
import time
from typing import Any

import pytest

from app.errors import RejectedFile
from app.jobs.apart import Apart, TooMuch
from tests.kinds import KINDS

ROOM: dict[str, Any] = {"memory_bytes": 64 << 20, "seconds": 30.0}


@pytest.fixture(scope="module")
def apart() -> Apart:
    return Apart(KINDS)


def number_and_process(number: int) -> tuple[int, int]:
    return number, os.getpid()


def refuse(reason: str) -> None:
    raise RejectedFile("It is none.", reason=reason)


def fill(size: int) -> int:
    return len(bytearray(size))


def kill() -> None:
    os.kill(os.getpid(), signal.SIGABRT)


def test_what_it_returns_and_raises_comes_back(apart: Apart) -> None:
    number, process = apart.call(number_and_process, 7, **ROOM)
    assert number == 7
    assert process != os.getpid()
    with pytest.raises(RejectedFile, match="It is none") as caught:
        apart.call(refuse, "wrong_format", **ROOM)
    assert caught.value.details["reason"] == "wrong_format"


def test_it_takes_no_more_memory_or_time_than_it_is_given(apart: Apart) -> None:
    assert apart.call(fill, 8 << 20, **ROOM) == 8 << 20
    with pytest.raises(TooMuch):
        apart.call(fill, 256 << 20, **ROOM)
    with pytest.raises(TooMuch):
        apart.call(time.sleep, 60, memory_bytes=64 << 20, seconds=0.2)


def test_a_library_that_ends_its_process_ends_no_other(apart: Apart) -> None:
    with pytest.raises(TooMuch):
        apart.call(kill, **ROOM)
