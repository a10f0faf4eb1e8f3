"""The protocol keeps its promises in thousands of runs, and would not without any one of its three safeguards."""

import gc
import logging
from collections.abc import Iterator

import pytest

from tests.model.simulation import Outcome, run
from tests.strategies import examples

#: Runs in which nothing may be wrong; each test takes some of them.
SEEDS = examples(2000)
SEEDS_PER_TEST = 100

#: Runs with many lost answers and stopping replicas.
LOSSY_SEEDS = examples(400)

#: Runs with a safeguard switched off.
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
    for seed in range(first, first + SEEDS_PER_TEST):
        outcome = run(seed)
        if outcome.violation is not None:
            pytest.fail(f"{outcome.story()}\nThe whole of it: python -m tests.model {seed}", pytrace=False)


@pytest.mark.parametrize("first", range(0, LOSSY_SEEDS, SEEDS_PER_TEST))
def test_nothing_is_wrong_when_answers_get_lost_and_replicas_stop(first: int) -> None:
    for seed in range(first, first + SEEDS_PER_TEST):
        outcome = run(seed, lossy=True)
        if outcome.violation is not None:
            pytest.fail(f"{outcome.story()}\nThe whole of it: python -m tests.model {seed} --lossy", pytrace=False)


@pytest.mark.parametrize("safeguard", HARM)
def test_without_a_safeguard_there_is_harm_of_its_kind(safeguard: str) -> None:
    least_share, kinds = HARM[safeguard]
    outcomes = [run(seed, [safeguard]) for seed in range(SEEDS_OFF)]
    violations = [outcome.violation for outcome in outcomes if outcome.violation is not None]
    assert {violation.kind for violation in violations} == kinds
    assert len(violations) / SEEDS_OFF >= least_share


def test_a_seed_tells_the_same_story_each_time() -> None:
    def story(outcome: Outcome) -> str:
        return outcome.story(steps=None)

    assert story(run(7)) == story(run(7))
    assert story(run(7)) != story(run(8))
