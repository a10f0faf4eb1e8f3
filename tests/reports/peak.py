"""The peak memory of a report; a module of its own, which imports little in the process that is measured."""

from datetime import UTC, datetime
from pathlib import Path

from app.files import sorted_rows
from app.files.memory import peak_bytes
from app.jobs.kind import JobContext
from app.reports.kinds import uptime
from app.reports.kinds.uptime import UptimeParams
from app.reports.uptime import windows
from app.settings import Settings
from app.storage.object_store import StoreAddress
from app.storage.postgres import build_engine


def peak_mib(database_url: str, folder: Path, key_characters: int) -> int:
    """Peak memory of this process when it has made a report, in ranges of some 740 stores, merged 64 rows at a time."""
    windows.GRID_CELLS = 200_000  # type: ignore[misc]
    sorted_rows.BATCH_ROWS = 64  # type: ignore[misc]
    engine = build_engine(database_url, pool_size=6)
    context = JobContext(
        engine=engine,
        settings=Settings(),
        store=StoreAddress("", "", None),
        folder=folder,
        prefix="",
        progress=lambda *_: None,
        job_id="",
        fence=lambda _: None,
    )
    main, hourly, _ = uptime.produce(context, UptimeParams(as_of=datetime(2023, 1, 25, tzinfo=UTC), hourly=True))
    engine.dispose()
    assert (main.rows, hourly.rows) == (main.rows, (main.rows or 0) * 168)
    assert main.path.stat().st_size > (main.rows or 0) * key_characters
    return peak_bytes() >> 20
