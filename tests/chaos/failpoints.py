"""Named places at which a replica kills itself; installed by wrapping functions, production code knows none of them."""

import os
import random
import signal
from collections.abc import Callable, Mapping
from threading import Timer
from typing import Any

from app.jobs.lifecycle import Claim

#: Whether to die at this pass.
Unlucky = Callable[[], bool]

#: What the log of a replica that died at a failpoint says, before the name.
MARK = "died at failpoint "

#: An upload of these tests takes some milliseconds; death comes at any of them, or between two files, seconds.
UPLOAD_SECONDS = 0.03


def install(failpoints: Mapping[str, float], places: Mapping[str, Callable[[Unlucky], None]], *, seed: int) -> None:
    """Make this process die at each of the named places with the given probability."""
    chance = random.Random(seed)
    for name, probability in failpoints.items():
        places[name](lambda probability=probability: chance.random() < probability)


def die(name: str) -> None:
    os.write(2, f"\n{MARK}{name}\n".encode())
    os.kill(os.getpid(), signal.SIGKILL)


def before_xadd(unlucky: Unlucky) -> None:
    """The trigger is committed, the queue does not know it yet."""
    from app.jobs import dispatch

    class DyingQueue(dispatch.Queue):
        def add(self, report_id: str) -> None:
            if unlucky():
                die("before_xadd")
            super().add(report_id)

    dispatch.Queue = DyingQueue


def after_claim(unlucky: Unlucky) -> None:
    """The row is ours, the job has not begun yet."""
    from app.jobs.worker import Worker

    begin = Worker._begin

    def dying_begin(self: Worker, claim: Claim) -> bool:
        if unlucky():
            die("after_claim")
        return begin(self, claim)

    Worker._begin = dying_begin


def mid_upload(unlucky: Unlucky) -> None:
    """Some objects, or some bytes of one, are in S3."""
    from app.storage.object_store import ObjectStore

    put_all = ObjectStore.put_all

    def dying_put(*arguments: Any, **options: Any) -> None:
        if not unlucky():
            return put_all(*arguments, **options)
        Timer(random.uniform(0, UPLOAD_SECONDS), die, ["mid_upload"]).start()
        put_all(*arguments, **options)
        return die("mid_upload")

    ObjectStore.put_all = dying_put


def before_publish(unlucky: Unlucky) -> None:
    """All objects are in S3, the row does not name them yet."""
    from app.jobs import lifecycle

    publish = lifecycle.publish

    def dying_publish(*arguments: Any, **options: Any) -> bool:
        if unlucky():
            die("before_publish")
        return publish(*arguments, **options)

    lifecycle.publish = dying_publish


FAILPOINTS = {place.__name__: place for place in (before_xadd, after_claim, mid_upload, before_publish)}
