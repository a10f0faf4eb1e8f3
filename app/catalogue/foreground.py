"""Brings in a file of this machine while a command waits: the same dataset and the same job as an upload, run here.

The file is read from the disk while it is copied into the raw layer; its rows are merged when all bytes are kept.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Event
from time import monotonic
from typing import Final

from sqlalchemy import Connection

from app.catalogue import records
from app.catalogue.job import DATASET_JOBS, produce
from app.catalogue.options import LoadOptions
from app.catalogue.raw import RawSource
from app.catalogue.service import DatasetService, DatasetState
from app.errors import DatasetBusy, OpenhoursError
from app.files.sha256 import sha256_of
from app.ids import new_id
from app.ingest.source import FileSource
from app.jobs import lifecycle
from app.jobs.foreground import run_here
from app.jobs.kind import JobKind, OnProgress
from app.jobs.lifecycle import Claim
from app.storage.postgres import database_errors
from app.storage.resources import Resources
from app.telemetry.replica_name import replica_name
from app.uploads.keys import media_type, raw_key

#: Bytes that are copied at a time of what is no file, such as a pipe.
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Begun:
    """A job of a dataset that this process has claimed; ``key`` is where its bytes have yet to be kept."""

    dataset_id: str
    claim: Claim
    since: float
    key: str | None


def bring_in(
    resources: Resources, kind: str, path: Path, *, options: LoadOptions, shown_as: str, told: OnProgress
) -> DatasetState:
    """Check and load a file; the same bytes as those of a dataset that is loaded already load that one again.

    Args:
        resources: of this process.
        kind: of the dataset.
        path: the file, or a pipe.
        options: of the check.
        shown_as: what messages call the file.
        told: hears how far the load is.

    Returns:
        How the dataset stands: ready, or rejected with the reason.

    Raises:
        RejectedFile: the file cannot be read.
        UnknownDatasetKind, InvalidParameters, DatasetBusy: nothing was begun.
        OpenhoursError: the load failed; nothing of it is left behind.
    """
    service = DatasetService(resources)
    with _on_disk(FileSource(path, shown_as)) as file:
        begun = _begin(resources, service, kind, file, options)
        try:
            with _kept(resources, file.path, begun.key) as kept:
                local = RawSource(shown_as, file.open, kept=kept)
                kind_here = replace(_kind_of(begun.claim), produce=partial(produce, local=local))
                run_here(resources, kind_here, begun.claim, owner=replica_name(), since=begun.since, told=told)
        except BaseException:
            with suppress(OpenhoursError):
                _undo(resources, service, begun)
            raise
    return service.get(begun.dataset_id, has_ended=True)


def _begin(resources: Resources, service: DatasetService, kind: str, file: FileSource, options: LoadOptions) -> _Begun:
    """Record the dataset, unless its bytes are known, and claim its job before any worker can."""
    with file.open() as stream:
        beginning = stream.read(2)
    sha256, since = sha256_of(file.path), monotonic()
    with database_errors(), resources.engine.begin() as connection:
        known = records.merged(connection, kind=kind, sha256=sha256)
        if known is not None:
            job_id = service.reload_in(connection, known, options=options.model_dump(mode="json"))
            return _Begun(known, _claimed(connection, known, job_id), since, None)
        dataset_id = new_id(datetime.now(UTC))
        key = raw_key(kind, dataset_id, beginning)
        service.register(
            connection, dataset_id=dataset_id, kind=kind, filename=Path(file.name).name, options=options, sha256=sha256
        )
        job_id = service.accept(
            connection, dataset_id=dataset_id, raw_key=key, size_bytes=file.path.stat().st_size, sha256=sha256
        )
        return _Begun(dataset_id, _claimed(connection, dataset_id, job_id), since, key)


def _kind_of(claim: Claim) -> JobKind:
    return next(kind for kind in DATASET_JOBS if kind.name == claim.kind)


def _claimed(connection: Connection, dataset_id: str, job_id: str) -> Claim:
    claim = lifecycle.claim(connection, job_id, owner=replica_name())
    if claim is None:
        raise DatasetBusy(f"Dataset {dataset_id} is in use by a job; try again when that has ended.")
    return claim


@contextmanager
def _on_disk(source: FileSource) -> Iterator[FileSource]:
    """The file, or a copy of what is none and can be read only once."""
    if source.path.is_file() or not source.path.exists():
        yield source
        return
    with NamedTemporaryFile(prefix="openhours-load-") as copy:
        with source.open() as stream:
            shutil.copyfileobj(stream, copy, _BLOCK)
        copy.flush()
        yield FileSource(Path(copy.name), source.name)


@contextmanager
def _kept(resources: Resources, path: Path, key: str | None) -> Iterator[partial[None]]:
    """Copy a file into the raw layer meanwhile; yields what waits until that is done."""
    if key is None:
        yield partial(lambda: None)
        return
    stopping = Event()
    with ThreadPoolExecutor(1, thread_name_prefix="keep") as pool:
        put = partial(resources.object_store.put, path, key, media_type=media_type(key), stopping=stopping)
        copying = pool.submit(put)
        try:
            yield partial(copying.result)
            copying.result()
        except BaseException:
            stopping.set()
            raise


def _undo(resources: Resources, service: DatasetService, begun: _Begun) -> None:
    """Leave nothing behind of a load that broke off, but a dataset that was there before."""
    if begun.key is not None:
        service.delete(begun.dataset_id, rows=False)
        return
    with database_errors(), resources.engine.begin() as connection:
        lifecycle.cancel(connection, begun.claim.id)
        lifecycle.stopped(connection, begun.claim)
