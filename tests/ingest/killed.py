"""A process that loads and is killed; a module of its own, which imports little."""

import signal
from datetime import datetime
from multiprocessing.synchronize import Event
from pathlib import Path

from sqlalchemy import Connection, text

from app.ingest.load import load
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.storage.postgres import build_engine

#: How long a load stands still where it is to be killed, seconds; far longer than any test waits.
STANDS_SECONDS = 120


def load_and_stand(database_url: str, path: Path, now: datetime, place: str, stands: Event) -> None:
    """Entry of a process that loads, and stands still in a statement of Postgres while it checks or merges."""
    engine = build_engine(database_url, pool_size=1)

    def stand(connection: Connection) -> None:
        stands.set()
        connection.execute(text(f"SELECT pg_sleep({STANDS_SECONDS})"))

    def checking(_: int) -> None:
        if place == "checking":
            stands.set()
            signal.pause()

    def merged(connection: Connection, _: object) -> None:
        if place == "merging":
            stand(connection)

    load(engine, DATASET_KINDS["polls"], FileSource(path), now=now, progress=checking, before_commit=merged)
