"""What a scenario did to the reports: computed from the ledger, from Postgres' own history and from the bucket."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, Engine, select

from app.jobs.tables import job
from app.storage.resources import Resources
from tests.chaos import audit
from tests.chaos.audit import Change
from tests.chaos.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Verdict:
    """Ids are listed where there should be none."""

    accepted: int
    completed: int
    lost: list[str]
    different: list[str]
    failed: dict[str, tuple[object, ...]]
    attempts: dict[str, int]

    @property
    def is_clean(self) -> bool:
        """Every accepted report ended, once, visibly."""
        return self.accepted > 0 and not (self.lost or self.different)


def verdict(ledger: Ledger, engine: Engine) -> Verdict:
    """To be asked when the clients are done; whatever has not ended by now counts as lost."""
    accounts = ledger.accounts()
    ids = [account.id for account in accounts]
    history = audit.history(engine, ids)
    with engine.connect() as connection:
        foreign = _from_other_attempts(connection, ids)
    ends = {account.id: account.end for account in accounts}
    return Verdict(
        accepted=len(accounts),
        completed=sum(end is not None and end[0] == "Complete" for end in ends.values()),
        lost=[account.id for account in accounts if ends[account.id] is None],
        different=[
            *(account.id for account in accounts if account.contradictions),
            *(name for name, changes in history.items() if _revived(changes)),
            *ledger.split_keys(),
            *foreign,
        ],
        failed={name: end for name, end in ends.items() if end is not None and end[0] != "Complete"},
        attempts={name: max((change.attempt for change in changes), default=0) for name, changes in history.items()},
    )


def orphans(resources: Resources) -> set[str]:
    """Objects of the bucket that no complete report names."""
    with resources.engine.connect() as connection:
        lists = connection.scalars(select(job.c.artifacts).where(job.c.status == "complete"))
        named = {artifact["key"] for artifacts in lists for artifact in artifacts}
    return {item.key for page in resources.object_store.pages("reports/") for item in page} - named


def _from_other_attempts(connection: Connection, ids: list[str]) -> list[str]:
    """Complete reports that name files of another attempt than the one that completed them: a hole in the fence."""
    rows = connection.execute(
        select(job.c.id, job.c.attempt, job.c.artifacts).where(job.c.id.in_(ids), job.c.artifacts.is_not(None))
    )
    return [
        row.id
        for row in rows
        if not all(artifact["key"].startswith(f"reports/{row.id}/a{row.attempt}/") for artifact in row.artifacts)
    ]


def spread(seconds: list[float]) -> str:
    """p50 and maximum."""
    if not seconds:
        return "none happened"
    return f"p50 {np.median(seconds):.1f} s, max {max(seconds):.1f} s ({len(seconds)} takeovers)"


def _revived(changes: list[Change]) -> bool:
    """Whether a report changed after it had ended."""
    return any(change.was in audit.ENDED for change in changes)
