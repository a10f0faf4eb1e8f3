"""Prints the whole history of a seed: ``.venv/bin/python -m tests.model 7``, without the fence ``… 7 --off fence``."""

import argparse
import logging
import sys

from tests.model.simulation import SWITCHES, run

parser = argparse.ArgumentParser(
    prog="python -m tests.model", description="Run the job protocol on virtual machines; print the history of a seed."
)
parser.add_argument("seed", type=int, metavar="SEED", help="a whole number; the same seed gives the same history")
parser.add_argument(
    "--off", choices=SWITCHES, action="append", default=[], help="switch this part of the protocol off; may be repeated"
)
parser.add_argument("--lossy", action="store_true", help="lose many answers and stop replicas often")
arguments = parser.parse_args()

logging.disable(logging.WARNING)
outcome = run(arguments.seed, arguments.off, lossy=arguments.lossy)
sys.stdout.write(outcome.story(steps=None) + "\n")
sys.exit(outcome.violation is not None)
