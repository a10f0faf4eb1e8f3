"""The pages of one stream of one sync become datasets: one for each kind that its rows go into."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
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
from app.sources.raw import RawPages
from app.sources.stream import RowsOf, Stream
from app.storage.object_store import ObjectStore

#: Expressions that find what they name: the rest of a mapping is as it is by default.
_FORMAT: Final = "jsonl"


@dataclass(frozen=True, slots=True)
class StreamLoad:
    """What the datasets of one stream have in common.

    Attributes:
        context, store: of the job.
        source_id, source_name: of the source.
        stream: whose pages.
        prefix: of the pages.
        now: when they were read.
    """

    context: JobContext
    store: ObjectStore
    source_id: str
    source_name: str
    stream: Stream
    prefix: str
    now: datetime

    def load(self, dataset_id: str, raw: RawPages, settle: Callable[[Connection, int], None]) -> None:
        """Load all of them, one transaction after the other.

        Args:
            dataset_id: of the first.
            raw: what was written.
            settle: called in the last transaction, with the number of rows that were rejected in all.

        Raises:
            RejectedFile, SeriesBusy, Unavailable, AttemptSuperseded: those from there on are not loaded.
        """
        with self.context.engine.connect() as connection:
            repositories = repositories_of(connection, self.source_id)
        rejected: list[int] = []
        for rows in self.stream.rows:
            options = options_of(self.source_id, self.stream, rows)
            source = PagesSource(
                self.store, self.prefix, name=self._name(rows), plan=options.pages, repositories=repositories
            )
            is_last = rows is self.stream.rows[-1]

            def before_commit(
                connection: Connection,
                loaded: Loaded,
                *,
                rejected: list[int] = rejected,
                rows: RowsOf = rows,
                options: PagesOptions = options,
                source: PagesSource = source,
                dataset_id: str = dataset_id,
                is_last: bool = is_last,
            ) -> None:
                changes.read_from_source(
                    connection,
                    dataset_id=dataset_id,
                    kind=rows.into,
                    filename=self._name(rows),
                    options=options.model_dump(mode="json"),
                    raw_key=self.prefix,
                    job_id=self.context.job_id,
                    findings={**findings_of(loaded), "bytes": raw.bytes, "sha256": source.sha256()},
                )
                rejected.append(loaded.rows_rejected)
                if is_last:
                    settle(connection, sum(rejected))
                self.context.fence(connection)

            load(
                self.context.engine,
                DATASET_KINDS[rows.into],
                source,
                now=self.now,
                dataset_id=dataset_id,
                policy=options.policy,
                store=self.store,
                before_commit=before_commit,
            )
            dataset_id = new_id(self.now)

    def _name(self, rows: RowsOf) -> str:
        return f"{self.source_name}.{self.stream.stream}.{rows.into}"


def options_of(source_id: str, stream: Stream, rows: RowsOf) -> PagesOptions:
    """How pages of a stream become rows of a kind, as the dataset keeps it.

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
        pages=plan,
    )
