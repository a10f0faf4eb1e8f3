"""The tests notice when a safeguard of the protocol is missing."""

import subprocess
import sys

import pytest

from tests.chaos.promises import Promises
from tests.commands import REPOSITORY
from tests.mutants import MUTATIONS


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("safeguard", MUTATIONS)
def test_the_tests_of_the_jobs_fail_without_a_safeguard(safeguard: str, promises: Promises) -> None:
    mutant = [sys.executable, "-m", "tests.mutants", safeguard, "--", "tests/jobs", "-x"]
    done = subprocess.run(mutant, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    caught = done.returncode == pytest.ExitCode.TESTS_FAILED
    promises.tell("mutants", f"without the {safeguard}: {'the tests fail' if caught else 'NOT noticed'}")
    assert caught, done.stdout + done.stderr
