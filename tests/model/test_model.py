"""The protocol keeps its promises in thousands of runs, and would not without any one of its three safeguards."""

import gc
import logging
from collections.abc import Iterator

import pytest

from tests.model.simulation import Outcome, run
from tests.strategies import PROFILE, examples

#: Runs in which nothing may be wrong; each test takes some of them, in which all goes wrong that can.
SEEDS = 2000 if PROFILE == "long" else 200
SEEDS_PER_TEST = 100

#: What begins the note of each fault.
FAULTS = {
    *("BROKEN OFF", "KILLED", "PAUSED", "STALLED", "Engine DOWN", "Redis DOWN", "Bucket DOWN"),
    *("FLUSHALL", "REPEATED", "LOST"),
}

#: Runs with many lost answers and stopping replicas.
LOSSY_SEEDS = examples(400)

#: Runs with a safeguard switched off, at most: only ``make fuzz`` goes on when enough have gone wrong.
SEEDS_OFF = 100

#: The least share of them that must go wrong, and in what ways; about half of what is usual.
HARM = {
    "fence": (0.07, {"late"}),
    "look": (0.05, {"overdue"}),
    "key": (0.04, {"result", "orphans"}),  # the clean-up does not know keys without an attempt
}


@pytest.fixture(autouse=True)
def unhindered() -> Iterator[None]:
    """Warnings of the replicas are not logged, and garbage waits: both would take as long as the runs."""
    logging.disable(logging.WARNING)
    gc.disable()
    yield
    gc.collect()
    gc.enable()
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("first", range(0, SEEDS, SEEDS_PER_TEST))
def test_nothing_is_wrong_whatever_happens(first: int) -> None:
    missing = set(FAULTS)
    for seed in range(first, first + SEEDS_PER_TEST):
        outcome = run(seed)
        if outcome.violation is not None:
            pytest.fail(f"{outcome.story()}\nThe whole of it: python -m tests.model {seed}", pytrace=False)
        happened = {str(what[0]) for _, _, _, what in outcome.trace}
        missing -= {fault for fault in missing if any(note.startswith(fault) for note in happened)}
    assert missing == set(), "none of these runs had them"


@pytest.mark.parametrize("first", range(0, LOSSY_SEEDS, SEEDS_PER_TEST))
def test_nothing_is_wrong_when_answers_get_lost_and_replicas_stop(first: int) -> None:
    for seed in range(first, first + SEEDS_PER_TEST):
        outcome = run(seed, lossy=True)
        if outcome.violation is not None:
            pytest.fail(f"{outcome.story()}\nThe whole of it: python -m tests.model {seed} --lossy", pytrace=False)


@pytest.mark.parametrize("safeguard", HARM)
def test_without_a_safeguard_there_is_harm_of_its_kind(safeguard: str) -> None:
    least_share, kinds = HARM[safeguard]
    violations = []
    for seed in range(SEEDS_OFF):
        outcome = run(seed, [safeguard])
        if outcome.violation is not None:
            violations.append(outcome.violation.kind)
        enough = len(violations) >= SEEDS_OFF * least_share and set(violations) == kinds
        if enough and PROFILE != "long":
            return
    assert set(violations) == kinds
    assert len(violations) >= SEEDS_OFF * least_share


def test_a_seed_tells_the_same_story_each_time() -> None:
    def story(outcome: Outcome) -> str:
        return outcome.story(steps=None)

    assert story(run(7)) == story(run(7))
    assert story(run(7)) != story(run(8))
