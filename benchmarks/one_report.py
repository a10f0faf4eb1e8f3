"""One uptime report, made in a process of its own so that its peak is that of this report alone."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any, Final

from sqlalchemy import Engine

from app.files.memory import limit_memory, peak_bytes
from app.jobs.kind import JobContext
from app.reports.kinds.uptime import UptimeParams, produce
from app.settings import Settings
from app.storage.object_store import StoreAddress
from app.storage.postgres import build_engine

#: For reports that read no sealed week.
NO_STORE: Final = StoreAddress("", "", None)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a report took, the rows of its first file, and the bytes of all with their SHA-256."""

    seconds: float
    cpu_seconds: float
    peak_mib: int
    rows: int
    file_bytes: int
    sha256: str


def measured(url: str, settings: Settings, params: dict[str, Any], store: StoreAddress = NO_STORE) -> Measured:
    """Make one report below the memory limit of the settings; ``store`` has sealed weeks. Raises what it raises."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measure, url, settings, params, store).result()


def context_in(folder: Path, engine: Engine, settings: Settings, store: StoreAddress = NO_STORE) -> JobContext:
    """What a report is given that runs in this process."""
    return JobContext(
        engine=engine,
        settings=settings,
        store=store,
        folder=folder,
        progress=lambda *_: None,
        job_id="",
        prefix="",
        fence=lambda _: None,
    )


def _measure(url: str, settings: Settings, params: dict[str, Any], store: StoreAddress) -> Measured:
    limit_memory(settings.report_memory_limit_mb << 20)
    import_module("pandas")  # Arrow imports it at its first conversion; a server's processes have it from the start
    engine = build_engine(url, pool_size=settings.read_connections + 2)
    with TemporaryDirectory(prefix="openhours-bench-") as folder:
        context = context_in(Path(folder), engine, settings, store)
        begin, cpu = perf_counter(), process_time()
        artifacts = produce(context, UptimeParams.model_validate(params))
        seconds, cpu_seconds = perf_counter() - begin, process_time() - cpu
        size = sum(artifact.path.stat().st_size for artifact in artifacts)
        digest = sha256(b"".join(artifact.path.read_bytes() for artifact in artifacts)).hexdigest()
    peak = peak_bytes() >> 20
    return Measured(seconds, cpu_seconds, peak, artifacts[0].rows, size, digest)
