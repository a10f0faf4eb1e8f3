"""The pages of one stream of one sync become datasets: one for each kind that its rows go into."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from app.catalogue import changes
from app.catalogue.job import findings_of
from app.catalogue.options import PagesOptions, UsedMapping
from app.ids import new_id
from app.ingest.load import Loaded, load
from app.ingest.pages.plan import ChildPages, PagePlan
from app.ingest.pages.source import PagesSource
from app.ingest.policy import MOST_REJECTED, OnError
from app.ingest.registry import DATASET_KINDS
from app.jobs.kind import JobContext
from app.mapping.document import read_mapping, written
from app.series.collected import repositories_of
from app.sources.stream import RowsOf, Stream
from app.storage.object_store import ObjectStore

#: Expressions that find what they name: the rest of a mapping is as it is by default.
_FORMAT: Final = "jsonl"

#: Called in the last transaction, with the number of rows that were rejected in all.
Settle = Callable[[Connection, int], None]


@dataclass(frozen=True, slots=True)
class StreamLoad:
    """What the datasets of one stream and one sync have in common.

    Attributes:
        context, store: of the job.
        source_id, source_name: of the source.
        stream: whose pages.
        prefix: of the pages.
        now: when they were read.
        known: datasets that there are already, by kind: their rows are made anew.
    """

    context: JobContext
    store: ObjectStore
    source_id: str
    source_name: str
    stream: Stream
    prefix: str
    now: datetime
    known: Mapping[str, str] = field(default_factory=dict)

    def load(self, first_id: str, settle: Settle = lambda *_: None) -> None:
        """Load all of them, one transaction after the other.

        Args:
            first_id: of the first dataset that is new.
            settle: see Settle.

        Raises:
            RejectedFile, SeriesBusy, Unavailable, AttemptSuperseded: those from there on are not loaded.
        """
        with self.context.engine.connect() as connection:
            repositories = repositories_of(connection, self.source_id)
        rejected, dataset_id = [0], first_id
        for rows in self.stream.rows:
            options = options_of(self.source_id, self.stream, rows, counted_by=self.source_name)
            name = f"{self.source_name}.{self.stream.stream}.{rows.into}"
            pages = PagesSource(self.store, self.prefix, name=name, plan=options.pages, repositories=repositories)
            known = self.known.get(rows.into)
            one = _One(known or dataset_id, rows.into, options, pages, is_new=known is None)
            is_last = rows is self.stream.rows[-1]
            load(
                self.context.engine,
                DATASET_KINDS[rows.into],
                pages,
                now=self.now,
                dataset_id=one.dataset_id,
                policy=options.policy,
                store=self.store,
                before_commit=partial(self._record, one, rejected, settle if is_last else None),
            )
            dataset_id = new_id(self.now) if known is None else dataset_id

    def _record(
        self, one: "_One", rejected: list[int], settle: Settle | None, connection: Connection, loaded: Loaded
    ) -> None:
        """Record a dataset in the transaction of its rows, and last the fence."""
        findings = {**findings_of(loaded), "bytes": one.pages.read_bytes, "sha256": one.pages.sha256()}
        made: dict[str, Any] = {
            "options": one.options.model_dump(mode="json"),
            "job_id": self.context.job_id,
            "findings": findings,
        }
        if one.is_new:
            made |= {"kind": one.kind, "filename": one.pages.name, "raw_key": self.prefix}
            changes.read_from_source(connection, dataset_id=one.dataset_id, **made)
        else:
            changes.made_anew(connection, one.dataset_id, **made)
        rejected.append(loaded.rows_rejected)
        if settle is not None:
            settle(connection, sum(rejected))
        self.context.fence(connection)


@dataclass(frozen=True, slots=True)
class _One:
    """One dataset."""

    dataset_id: str
    kind: str
    options: PagesOptions
    pages: PagesSource
    is_new: bool


def options_of(source_id: str, stream: Stream, rows: RowsOf, *, counted_by: str | None = None) -> PagesOptions:
    """How pages of a stream become rows of a kind, as the dataset keeps it; of counts, the source has ``counted_by``.

    A row that does not pass the checks is left out and told of: it must not hold up those of other repositories.
    """
    columns: Mapping[str, Any] = {name: {"from": expression} for name, expression in rows.columns.items()}
    mapping = read_mapping({"kind": rows.into, "format": _FORMAT, "columns": columns})
    plan = PagePlan(
        source=source_id,
        stream=stream.stream,
        version=stream.version,
        key=stream.key,
        children=tuple(ChildPages(name=child.name, single=child.single) for child in stream.children),
        keep=stream.keep,
        each=rows.each,
        keep_rows=rows.keep,
    )
    return PagesOptions(
        on_error=OnError.SKIP_ROWS,
        max_errors=MOST_REJECTED,
        mapping=UsedMapping(name=None, version=stream.version, document=written(mapping)),
        force=True,
        source=None if rows.covers is None else counted_by,
        covers=rows.covers,
        pages=plan,
    )
