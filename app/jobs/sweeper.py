"""Ends jobs that nobody may begin any more: every replica looks, every few seconds, whether it runs jobs or not.

There is nothing else to sweep up: workers claim straight from Postgres what waits and what its worker let go.
"""

import logging
from typing import Final

from app.errors import AttemptsExhausted
from app.jobs import lifecycle
from app.jobs.status import LiveStatus
from app.storage.postgres import database_errors
from app.storage.resources import Resources
from app.telemetry.logs import bound
from app.telemetry.metrics import FAILURES

#: Between two sweeps, seconds.
SWEEP_SECONDS: Final = 5

#: Before the first sweep of a process, seconds: soon, because one that starts often replaces one that died.
FIRST_SWEEP_SECONDS: Final = (0, 1)

_log = logging.getLogger(__name__)


def sweep(resources: Resources) -> None:
    """Give up the jobs whose attempts are used up.

    Raises:
        DatabaseUnavailable, RedisUnavailable: the next sweep tries again.
    """
    with database_errors(), resources.engine.begin() as connection:
        given_up = lifecycle.give_up(connection)
    for job_id, kind in given_up:
        FAILURES.labels(kind, AttemptsExhausted.code).inc()
        with bound(job_id=job_id):
            _log.warning("job %s failed: all attempts are used up", job_id)
        LiveStatus(resources.redis).end(job_id)
