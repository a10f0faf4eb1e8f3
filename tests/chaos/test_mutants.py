"""The ordinary tests notice when a safeguard is missing."""

import re
import subprocess
import sys

import pytest

from tests.chaos.promises import Promises
from tests.mutants import MUTATIONS

#: Some of the failing tests wait as long as they can.
LONGEST_RUN_SECONDS = 400

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(LONGEST_RUN_SECONDS + 30)]


@pytest.mark.parametrize("safeguard", MUTATIONS)
def test_without_a_safeguard_the_tests_of_the_jobs_fail(safeguard: str, promises: Promises) -> None:
    mutant = [sys.executable, "-m", "tests.mutants", safeguard, "--", "tests/jobs", "-p", "no:cacheprovider"]
    ended = subprocess.run(mutant, capture_output=True, text=True, timeout=LONGEST_RUN_SECONDS, check=False)
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED, ended.stdout + ended.stderr
    failed = re.findall(r"^FAILED \S+::(\w+)", ended.stdout, re.MULTILINE)
    promises.tell("mutants", f"without the {safeguard} {len(failed)} tests of tests/jobs fail")
