"""The rows of the audit, as tests look at them."""

from typing import Any

from sqlalchemy import Engine, text


def rows_of(engine: Engine, *, after: int = 0) -> list[Any]:
    """All rows with a higher id, the oldest first."""
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT * FROM audit WHERE id > :after ORDER BY id"), {"after": after}))


def last_id(engine: Engine) -> int:
    """Of the newest row; 0 without any."""
    with engine.connect() as connection:
        newest: int = connection.execute(text("SELECT coalesce(max(id), 0) FROM audit")).scalar_one()
        return newest
