"""When a delivery is tried again: by the table of Standard Webhooks 1.0.0, "Retries and timeouts"."""

import random
from datetime import timedelta
from typing import Final

#: Before the second attempt, the third and so on: ten attempts within 76 hours.
PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)

#: Pauses vary by this share, so that what failed together is not tried together.
JITTER: Final = 0.2

#: A receiver that asks for more is asked sooner all the same.
LONGEST_PAUSE: Final = timedelta(hours=24)

#: A webhook is disabled when every attempt of so long has failed.
FAILING: Final = timedelta(days=5)


def pause_after(attempts: int, *, asked: timedelta | None, share: float | None = None) -> timedelta | None:
    """How long to wait after an attempt has failed; None: it was the last one.

    Args:
        attempts: that have failed, 1 or more.
        asked: for how long the receiver wants to be left alone.
        share: where in the range of the jitter, 0 to 1; by default anywhere.
    """
    if attempts > len(PAUSES):
        return None
    where = random.random() if share is None else share  # noqa: S311 - jitter, not a secret
    pause = PAUSES[attempts - 1] * (1 - JITTER + 2 * JITTER * where)
    return max(pause, min(asked or timedelta(0), LONGEST_PAUSE))
