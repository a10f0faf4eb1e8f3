"""Every change of every report's row, written down by Postgres itself, and what can be read from it."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import Engine, text

#: A trigger of these tests' database only. The time is the clock's, not that of the transaction's begin.
_INSTALL = """
CREATE TABLE chaos_history (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at double precision NOT NULL DEFAULT extract(epoch FROM clock_timestamp()),
    what text NOT NULL, id text NOT NULL, was text, status text NOT NULL, attempt integer NOT NULL, owner text
);
CREATE FUNCTION chaos_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    what text := CASE
        WHEN TG_OP = 'INSERT' THEN 'trigger'
        WHEN NEW.attempt <> OLD.attempt THEN 'claim'
        WHEN NEW.status <> OLD.status THEN 'status'
        WHEN NEW.dispatched_at IS DISTINCT FROM OLD.dispatched_at THEN 'dispatch'
    END;
BEGIN
    IF what IS NOT NULL THEN
        INSERT INTO chaos_history (what, id, was, status, attempt, owner)
        VALUES (what, NEW.id, CASE WHEN TG_OP = 'UPDATE' THEN OLD.status END, NEW.status, NEW.attempt, NEW.owner);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_note AFTER INSERT OR UPDATE ON report FOR EACH ROW EXECUTE FUNCTION chaos_note();
"""

ENDED = ("complete", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a report's row: a trigger, claim, dispatch, or other change of status; seconds since 1970."""

    at: float
    what: str
    id: str
    was: str | None
    status: str
    attempt: int
    owner: str | None


def install(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(_INSTALL)


def history(engine: Engine, ids: Collection[str]) -> dict[str, list[Change]]:
    """What happened to these reports, in order."""
    query = text(
        "SELECT at, what, id, was, status, attempt, owner FROM chaos_history WHERE id = ANY(:ids) ORDER BY number"
    )
    found: dict[str, list[Change]] = {report_id: [] for report_id in ids}
    with engine.connect() as connection:
        for row in connection.execute(query, {"ids": list(ids)}):
            found[row.id].append(Change(*row))
    return found


def lost_claims(changes: list[Change]) -> list[tuple[Change, Change]]:
    """Claims whose lease ran out, each with the claim that took over."""
    claims = [change for change in changes if change.what == "claim"]
    return [(claim, following) for claim, following in pairwise(claims) if following.was == "running"]


def takeovers(changes: list[Change], deaths: dict[int, float]) -> list[float]:
    """Seconds from the death of a replica (time by pid) to the claim of its report by another.

    A report that was handed to a replica which died before it could claim is counted from that death.
    """
    found = []
    for claim, following in lost_claims(changes):
        died_at = deaths.get(owner_pid(claim), 0.0)
        if claim.at - 1 < died_at < following.at:
            handed_out = [c.at for c in changes if c.what == "dispatch" and died_at < c.at < following.at]
            takers = [at for at in deaths.values() if handed_out and handed_out[0] < at < handed_out[-1]]
            found.append(following.at - max([died_at, *takers]))
    return found


def owner_pid(change: Change) -> int:
    """The process that claimed; a worker's name is host, pid and a few random digits."""
    return int((change.owner or "-0-").split("-")[-2])
