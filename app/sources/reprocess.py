"""The job that makes rows anew from the pages that were kept, by the streams as they are now, without one request.

Datasets are made anew in the order in which they were read, each in a transaction of its own, while no sync of the same
source runs: in the end the latest page counts, as it did before. A run that dies is done again from its first dataset.
"""

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from itertools import groupby
from typing import Final

from app.catalogue import records
from app.catalogue.options import PagesOptions, kept_options
from app.catalogue.records import PagesRecord
from app.files.artifact import Artifact
from app.ids import new_id
from app.ingest.load import unload
from app.ingest.pages.source import PagesSource
from app.ingest.registry import DATASET_KINDS
from app.jobs.kind import JobClass, JobContext, JobKind, Params
from app.series.collected import repositories_of
from app.sources import queueing, register
from app.sources.register import Source
from app.sources.stream import Stream
from app.sources.stream_load import StreamLoad, options_of
from app.storage.object_store import ObjectStore

#: Name of the job kind.
JOB_KIND: Final = "reprocess"


class ReprocessParams(Params):
    """Whose rows are made anew: those of one stream or of all, from pages read at an instant or later."""

    source_id: str
    stream: str | None = None
    since: datetime | None = None


def produce(context: JobContext, params: ReprocessParams) -> Sequence[Artifact]:
    """Make rows anew, unless the source was removed. Makes no artifacts.

    Raises:
        Unavailable, RejectedFile, AttemptSuperseded: what was committed before stays.
    """
    with context.engine.connect() as connection:
        source = register.find(connection, params.source_id)
    if source is None:
        return []
    streams = source.source_kind.streams()
    with closing(ObjectStore(context.store)) as store:
        for name in source.streams if params.stream is None else [params.stream]:
            _make_anew(context, store, source, streams[name], params.since)
    return []


def _make_anew(context: JobContext, store: ObjectStore, source: Source, stream: Stream, since: datetime | None) -> None:
    with context.engine.connect() as connection:
        found = records.pages_of(connection, source_id=source.id, stream=stream.stream, since=since)
    prefixes = [(prefix, list(group)) for prefix, group in groupby(found, lambda one: one.raw_key)]
    for number, (prefix, datasets) in enumerate(prefixes):
        context.progress("loading", number / len(prefixes))
        for one in datasets:
            _take_out(context, store, source, stream, one)
        known = {one.kind: one.id for one in datasets}
        read_at = datasets[0].uploaded_at
        anew = StreamLoad(context, store, source.id, source.name, stream, prefix, read_at, known)
        anew.load(new_id(read_at))


def _take_out(context: JobContext, store: ObjectStore, source: Source, stream: Stream, one: PagesRecord) -> None:
    """Take out what was made of pages by other rules of what becomes a row: the new ones may leave some out."""
    options = kept_options(one.merged_options or one.options)
    rows = next((rows for rows in stream.rows if rows.into == one.kind), None)
    if not isinstance(options, PagesOptions) or rows is None:
        return
    now = options_of(source.id, stream, rows).pages
    if (options.pages.keep, options.pages.each, options.pages.keep_rows) == (now.keep, now.each, now.keep_rows):
        return
    with context.engine.connect() as connection:
        repositories = repositories_of(connection, source.id)
    pages = PagesSource(store, one.raw_key, name=one.kind, plan=options.pages, repositories=repositories)
    unload(
        context.engine,
        DATASET_KINDS[one.kind],
        pages,
        now=one.uploaded_at,
        dataset_id=one.id,
        policy=options.policy,
        store=store,
        before_commit=context.fence,
    )


REPROCESS_JOB: Final = JobKind(
    name=JOB_KIND,
    params=ReprocessParams,
    produce=produce,
    job_class=JobClass.LOAD,
    concurrency_key=queueing.key_of_job,
    names=queueing.names_of_job,
)
