"""A replica as ``openhours serve|worker …`` runs it, with the report kinds of the tests and with failpoints.

``CHAOS_FAILPOINTS`` is a JSON object of names and probabilities (failpoints.py, delivery_failpoints.py), ``CHAOS_SEED``
seeds their dice. ``CHAOS_LEASE_SECONDS`` makes leases shorter, and the beats that renew them as many times more
frequent; what its receiver did not take is then tried again after seconds each time. The process of each report imports
this module once more, so everything else is imported only where it is used.
"""

import json
import os


def main() -> None:
    if "CHAOS_LEASE_SECONDS" in os.environ:
        shorten_leases(float(os.environ["CHAOS_LEASE_SECONDS"]))
    from app import cli
    from app.reports.registry import REPORT_KINDS
    from tests.chaos.delivery_failpoints import EVERY_FAILPOINT
    from tests.chaos.failpoints import install
    from tests.chaos.kinds import KINDS
    from tests.kinds import beside

    REPORT_KINDS.update(beside(REPORT_KINDS, KINDS))
    named = json.loads(os.environ.get("CHAOS_FAILPOINTS", "{}"))
    install(named, EVERY_FAILPOINT, seed=int(os.environ.get("CHAOS_SEED", "0")))
    cli.main()


def shorten_leases(seconds: float) -> None:
    from app.deliveries import queue, retries
    from app.jobs import lifecycle, runner, worker

    worker.BEAT_SECONDS *= seconds / lifecycle.LEASE_SECONDS
    for module in (lifecycle, runner, worker, queue):
        module.LEASE_SECONDS = seconds
    retries.PAUSES = (retries.PAUSES[0],) * len(retries.PAUSES)


if __name__ == "__main__":
    main()
