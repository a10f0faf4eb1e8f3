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
    id text NOT NULL, was text, status text NOT NULL, attempt integer NOT NULL, owner text
);
CREATE FUNCTION chaos_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR (OLD.status, OLD.attempt) IS DISTINCT FROM (NEW.status, NEW.attempt) THEN
        INSERT INTO chaos_history (id, was, status, attempt, owner)
        VALUES (NEW.id, CASE WHEN TG_OP = 'UPDATE' THEN OLD.status END, NEW.status, NEW.attempt, NEW.owner);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_note AFTER INSERT OR UPDATE ON report FOR EACH ROW EXECUTE FUNCTION chaos_note();
"""

ENDED = ("complete", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a report's status or attempt; ``at`` in seconds since 1970, ``was`` is None for a new row."""

    at: float
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
    query = text("SELECT at, id, was, status, attempt, owner FROM chaos_history WHERE id = ANY(:ids) ORDER BY number")
    found: dict[str, list[Change]] = {report_id: [] for report_id in ids}
    with engine.connect() as connection:
        for row in connection.execute(query, {"ids": list(ids)}):
            found[row.id].append(Change(*row))
    return found


def takeovers(changes: list[Change], deaths: dict[int, float]) -> list[float]:
    """Seconds from the death of a replica (time by pid) to the claim of its report by another."""
    found = []
    claims = [change for change in changes if change.status == "running"]
    for claim, following in pairwise(claims):
        pid = owner_pid(claim)
        died_at = deaths.get(pid, 0.0)
        if following.was == "running" and claim.at - 1 < died_at < following.at:
            found.append(following.at - died_at)
    return found


def owner_pid(change: Change) -> int:
    """The process that claimed; a worker's name is host, pid and a few random digits."""
    return int((change.owner or "-0-").split("-")[-2])
