"""The ordinary tests notice when a safeguard is missing."""

import re
import subprocess
import sys

import pytest

from tests.chaos.promises import Promises
from tests.mutants import MUTATIONS

#: Up to the first test that fails, seconds.
LONGEST_RUN_SECONDS = 150

pytestmark = pytest.mark.chaos


@pytest.mark.parametrize("safeguard", MUTATIONS)
def test_without_a_safeguard_the_tests_of_the_jobs_fail(safeguard: str, promises: Promises) -> None:
    mutant = [sys.executable, "-m", "tests.mutants", safeguard, "--", "tests/jobs", "-x", "-p", "no:cacheprovider"]
    ended = subprocess.run(mutant, capture_output=True, text=True, timeout=LONGEST_RUN_SECONDS, check=False)
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED, ended.stdout + ended.stderr
    (failed,) = re.findall(r"^FAILED \S+::(\w+)", ended.stdout, re.MULTILINE)
    promises.tell("mutants", f"without the {safeguard} fails {failed}")
