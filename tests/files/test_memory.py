"""What a process does with memory that is freed."""

import os
import subprocess
import sys

import pytest

from app.rollup.database import PLENTY_MB
from tests.commands import REPOSITORY

#: Tells how many pages it was given for arrays of 2 MiB that are made one after the other.
#: For larger ones numpy asks for large pages.
MAKE_ARRAYS = """
import resource
import numpy as np
from app.files import memory
{first}
np.ones(1 << 18)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(1 << 18)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages(first: str) -> int:
    """As a worker of a cluster is started, whose library sets the variable."""
    own = os.environ | {"PYTHONPATH": str(REPOSITORY), "MALLOC_TRIM_THRESHOLD_": "65536"}
    command = [sys.executable, "-c", MAKE_ARRAYS.format(first=first)]
    return int(subprocess.run(command, env=own, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="others have another malloc")
def test_memory_that_is_kept_is_taken_for_the_next_array() -> None:
    each = (2 << 20) // os.sysconf("SC_PAGE_SIZE")
    assert pages("pass") > 10 * each, "each array is new memory"
    assert pages("memory.keep_what_is_freed()") < each
    assert pages("memory.give_back_what_is_freed(); memory.keep_what_is_freed()") < each


@pytest.mark.skipif(sys.platform != "linux", reason="others have another malloc")
def test_a_roll_up_keeps_what_is_freed_where_there_is_memory_for_it() -> None:
    each = (2 << 20) // os.sysconf("SC_PAGE_SIZE")
    begin = "from app.rollup.database import begin; begin({})".format
    assert pages(begin(PLENTY_MB)) < each
    assert pages(begin(PLENTY_MB - 1)) > 10 * each


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of one program")
def test_the_peak_is_that_of_the_program_and_not_of_who_started_it() -> None:
    """This process has held more than both programs."""
    assert len(b"x" * (400 << 20)) == 400 << 20
    code = "from app.files.memory import peak_bytes; b'x' * ({} << 20); print(peak_bytes())"
    little, more = (
        int(
            subprocess.run([sys.executable, "-c", code.format(held)], capture_output=True, check=True, text=True).stdout
        )
        for held in (1, 200)
    )
    assert little < 150 << 20
    assert 190 << 20 < more - little < 210 << 20
