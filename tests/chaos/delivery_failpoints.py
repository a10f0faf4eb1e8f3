"""Places between the end of a job and the answer of who is told of it, at which a replica kills itself."""

import random
from threading import Timer
from typing import Any

from tests.chaos.failpoints import FAILPOINTS, Unlucky, die

#: Receivers of these tests take some of this time to answer; death comes at any moment of it, seconds.
SENDING_SECONDS = 0.05


def before_event_commit(unlucky: Unlucky) -> None:
    """The end and its event are written, and not committed."""
    from app.jobs import lifecycle

    ended = lifecycle._ended

    def dying_ended(*arguments: Any) -> list[tuple[str, str]]:
        found = ended(*arguments)
        if found and unlucky():
            die("before_event_commit")
        return found

    lifecycle._ended = dying_ended


def after_event_commit(unlucky: Unlucky) -> None:
    """The end is committed with its event, and nobody was told."""
    from app.jobs.lifecycle import Verdict
    from app.jobs.runner import Runner

    recorded = Runner._recorded

    def dying_recorded(self: Runner, *arguments: Any) -> Verdict:
        verdict = recorded(self, *arguments)
        if verdict is Verdict.ENDED and unlucky():
            die("after_event_commit")
        return verdict

    Runner._recorded = dying_recorded


def in_relay(unlucky: Unlucky) -> None:
    """The deliveries of an event are written, and what rules begin, and not committed."""
    from app.automation.relay import Relay

    handle = Relay._handle

    def dying_handle(self: Relay, *arguments: Any) -> dict[str, str]:
        begun = handle(self, *arguments)
        if unlucky():
            die("in_relay")
        return begun

    Relay._handle = dying_handle


def after_delivery_claim(unlucky: Unlucky) -> None:
    """The delivery is ours, nothing was sent."""
    from app.deliveries.attempt import Attempts

    make = Attempts.make

    def dying_make(self: Attempts, *arguments: Any) -> Any:
        if unlucky():
            die("after_delivery_claim")
        return make(self, *arguments)

    Attempts.make = dying_make


def while_sending(unlucky: Unlucky) -> None:
    """The receiver has nothing yet, or a part, or all, or has answered."""
    from app.deliveries.attempt import Attempts

    make = Attempts.make

    def dying_make(self: Attempts, *arguments: Any) -> Any:
        if not unlucky():
            return make(self, *arguments)
        Timer(random.uniform(0, SENDING_SECONDS), die, ["while_sending"]).start()
        make(self, *arguments)
        return die("while_sending")

    Attempts.make = dying_make


def after_answer(unlucky: Unlucky) -> None:
    """The receiver has answered, and nobody has written that down."""
    from app.deliveries.attempt import Attempts

    make = Attempts.make

    def dying_make(self: Attempts, *arguments: Any) -> Any:
        outcome = make(self, *arguments)
        if unlucky():
            die("after_answer")
        return outcome

    Attempts.make = dying_make


def before_settling_commit(unlucky: Unlucky) -> None:
    """What the receiver has answered is written, and not committed."""
    from app.deliveries import queue

    settle = queue.settle

    def dying_settle(*arguments: Any) -> str | None:
        status = settle(*arguments)
        if unlucky():
            die("before_settling_commit")
        return status

    queue.settle = dying_settle


DELIVERY_FAILPOINTS = {
    place.__name__: place
    for place in (
        before_event_commit,
        after_event_commit,
        in_relay,
        after_delivery_claim,
        while_sending,
        after_answer,
        before_settling_commit,
    )
}

EVERY_FAILPOINT = FAILPOINTS | DELIVERY_FAILPOINTS
