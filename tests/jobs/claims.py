"""Reports of the dummy kind as tests create and claim them, and leases that run out."""

from sqlalchemy import Connection, text

from app.jobs import lifecycle
from app.jobs.lifecycle import Claim
from tests.kinds import AS_OF


def create(connection: Connection, key: str | None = None, *, concurrency_key: str | None = None) -> str:
    created = lifecycle.create(
        connection,
        kind="dummy",
        params={"lines": 3},
        params_sha256="f",
        as_of=AS_OF,
        idempotency_key=key,
        concurrency_key=concurrency_key,
    )
    assert created is not None
    return created


def claimed(connection: Connection, report_id: str | None = None, *, owner: str = "a") -> Claim:
    """The claim on a report, on a new one unless it is given."""
    claim = lifecycle.claim(connection, report_id or create(connection), owner=owner)
    assert claim is not None
    return claim


def lapse(connection: Connection, report_id: str) -> None:
    """The lease on a report runs out."""
    connection.execute(
        text("UPDATE report SET lease_until = now() - interval '1 second' WHERE id = :id"), {"id": report_id}
    )
