"""Has weeks of polls sealed, for tests of what reads them."""

from collections.abc import Collection
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from sqlalchemy import text

from app.series.sealed.format import FILE_BYTES
from app.series.sealed.seal import Outcome
from app.storage.resources import Resources
from tests.series.sealed.weeks import seal_week

#: Autovacuum may look at a new partition just when it is to be dropped.
TRIES = 5


def weeks_of(resources: Resources) -> list[date]:
    """The Mondays of the weeks that have polls."""
    with resources.engine.connect() as connection:
        return list(connection.scalars(text("SELECT week FROM poll_week ORDER BY week")))


def seal(resources: Resources, weeks: Collection[date] | None = None, *, file_bytes: int = FILE_BYTES) -> None:
    """Seal these weeks; None: all that have polls."""
    for monday in weeks_of(resources) if weeks is None else weeks:
        outcomes = (_sealed(resources, monday, file_bytes) for _ in range(TRIES))
        assert Outcome.SEALED in outcomes


def _sealed(resources: Resources, monday: date, file_bytes: int) -> Outcome:
    with TemporaryDirectory() as folder:
        return seal_week(resources, monday, Path(folder), run_id=uuid4().hex, file_bytes=file_bytes).outcome
