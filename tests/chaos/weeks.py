"""Seals a week, or loads a file, in a process of its own that can be killed; makes it known when it begins."""

import os
from datetime import date
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from app.ingest.load import load
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.series.sealed import format as sealed_format
from app.series.sealed import seal as seal_module
from app.series.sealed.seal import Outcome, Sealing, seal
from app.storage.object_store import ObjectStore, StoreAddress
from app.storage.postgres import build_engine
from tests.conftest import NOW

#: What a process did, as its exit code; any other is a defect.
DONE = 0
LEFT = 3

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.chaos.weeks"])


def begun(database_url: str, store: StoreAddress, what: date | Path) -> BaseProcess:
    """A process that seals this week, or loads this file, and has begun to."""
    begin: Event = _CONTEXT.Event()
    process = _CONTEXT.Process(target=_run, args=(database_url, store, what, begin))
    process.start()
    assert begin.wait(60), "it did not begin"
    return process


def _run(database_url: str, address: StoreAddress, what: date | Path, begin: Event) -> None:
    sealed_format.GROUP_ROWS = 200  # many files, of many row groups
    seal_module.BLOCK_ROWS = 500
    seal_module.PAUSE_SECONDS = 0.02
    seal_module._WAIT_MS = 200
    engine, store = build_engine(database_url, pool_size=3), ObjectStore(address)
    store.ping()
    begin.set()
    if isinstance(what, Path):
        load(engine, DATASET_KINDS["polls"], FileSource(what), now=NOW, store=store)
        os._exit(DONE)
    with TemporaryDirectory() as folder:
        run = Sealing(engine, store, Path(folder), file_bytes=2000)
        outcome = seal(run, what, run_id=uuid4().hex, tries=200).outcome
    os._exit(DONE if outcome is Outcome.SEALED else LEFT)
