"""The budget of a token: how many requests it still has, and the pauses that an API has asked for.

It is in Postgres, so that all replicas, and all sources with the same token, share one. Times are those of Postgres:
what an API says is turned into seconds from now by the API's own clock first.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, text

from app.storage.postgres import database_errors, each_by_itself

#: The first pause after a refusal that names none, seconds; each further one in a row is twice as long.
PAUSE_SECONDS: Final = 60

#: Longest such pause, seconds.
LONGEST_PAUSE_SECONDS: Final = 3600

_OPEN: Final = text("INSERT INTO source_budget (token, resource) VALUES (:token, :resource) ON CONFLICT DO NOTHING")

# After the reset nobody knows better than that all requests are there again; the first answer will tell.
_TAKE: Final = text("""
    UPDATE source_budget SET
        remaining = CASE WHEN reset_at <= now() THEN allowed - 1 ELSE remaining - 1 END,
        reset_at = CASE WHEN reset_at <= now() THEN now() + interval '1 hour' ELSE reset_at END,
        updated_at = now()
    WHERE token = :token AND resource = :resource
        AND (blocked_until IS NULL OR blocked_until <= now())
        AND (remaining IS NULL OR remaining > 0 OR reset_at IS NULL OR reset_at <= now())
    RETURNING 1
""")

_WAIT: Final = text("""
    SELECT extract(epoch FROM greatest(blocked_until, CASE WHEN remaining <= 0 THEN reset_at END) - now())
    FROM source_budget WHERE token = :token AND resource = :resource
""")

# Others' requests that are not answered yet are counted here already, but not in the answer to ours.
_NOTE: Final = text("""
    UPDATE source_budget SET
        allowed = coalesce(:allowed, allowed),
        remaining = CASE
            WHEN abs(extract(epoch FROM reset_at - now()) - :reset_seconds) < 60
            THEN least(remaining + :returned, :remaining)
            ELSE coalesce(:remaining, remaining + :returned) END,
        reset_at = coalesce(now() + make_interval(secs => :reset_seconds), reset_at),
        pauses = CASE WHEN :is_refused THEN pauses ELSE 0 END,
        updated_at = now()
    WHERE token = :token AND resource = :resource
""")

_PAUSE: Final = text("""
    UPDATE source_budget SET
        pauses = pauses + 1,
        blocked_until = greatest(blocked_until, now() + make_interval(secs => coalesce(
            :seconds, least(:longest, :first * power(2, least(pauses, 20)))))),
        updated_at = now()
    WHERE token = :token AND resource = :resource
    RETURNING extract(epoch FROM blocked_until - now())
""")


@dataclass(frozen=True, slots=True)
class Limits:
    """What an answer says of the budget; None: nothing.

    Attributes:
        allowed: requests an hour.
        remaining: of them.
        reset_seconds: until all are there again, by the API's clock.
    """

    allowed: int | None = None
    remaining: int | None = None
    reset_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """The budget of one token; every method raises DatabaseUnavailable."""

    engine: Engine
    token_hash: str

    def take(self, resource: str) -> float:
        """Take one request; returns 0, or the seconds until there may be one, and then nothing was taken."""
        of = {"token": self.token_hash, "resource": resource}
        with database_errors(), each_by_itself(self.engine) as connection:
            if connection.scalar(_TAKE, of) is not None:
                return 0.0
            connection.execute(_OPEN, of)
            if connection.scalar(_TAKE, of) is not None:
                return 0.0
            return max(float(connection.scalar(_WAIT, of) or 0.0), 0.1)

    def note(self, resource: str, limits: Limits, *, was_free: bool = False, is_refused: bool = False) -> None:
        """Write down what an answer says; ``was_free``: it has cost nothing, ``is_refused``: a pause follows."""
        values = {
            "allowed": limits.allowed,
            "remaining": limits.remaining,
            "reset_seconds": limits.reset_seconds,
            "returned": int(was_free),
            "is_refused": is_refused,
        }
        with database_errors(), each_by_itself(self.engine) as connection:
            connection.execute(_NOTE, values | {"token": self.token_hash, "resource": resource})

    def pause(self, resource: str, seconds: float | None) -> float:
        """Nobody asks for so many seconds; None: the API has not said for how long. Returns the seconds."""
        values = {"seconds": seconds, "first": PAUSE_SECONDS, "longest": LONGEST_PAUSE_SECONDS}
        with database_errors(), each_by_itself(self.engine) as connection:
            return float(connection.scalar(_PAUSE, values | {"token": self.token_hash, "resource": resource}) or 0.0)
