"""Prints the whole trace of a seed: ``python -m tests.model SEED [fence|sweeper|key …]``, those switched off."""

import logging
import sys

from tests.model.simulation import run

logging.disable(logging.WARNING)
outcome = run(int(sys.argv[1]), sys.argv[2:])
sys.stdout.write(outcome.story(steps=None) + "\n")
sys.exit(outcome.violation is not None)
