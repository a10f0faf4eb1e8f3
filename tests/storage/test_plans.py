"""What lists, deletions and sweeps read of large tables: a number of rows that does not grow with them."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from app.access import audit_log
from app.access.audit_log import Filter
from app.catalogue import records as datasets
from app.catalogue.records import DatasetStatus
from app.catalogue.tables import DATASET_OF_JOB
from app.ingest.registry import DATASET_KINDS
from app.jobs import lifecycle, records
from app.jobs.records import JobStatus
from app.reports.registry import REPORT_KINDS
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.storage.filling import filled

#: Rows of each sort; a scan of one of them is far beyond READ.
ROWS = 20_000

#: Most rows that a step of a plan may read: some pages of a list, for each kind and status.
READ = 2_000

_REPORTS = f"""
INSERT INTO report (id, kind, params, params_sha256, status, created_at, finished_at)
SELECT 'r' || n, 'uptime', '{{}}', '', 'complete', now() - n * interval '1 second', now()
FROM generate_series(1, {ROWS}) AS n
"""

_JOBS = f"""
INSERT INTO report (id, kind, params, params_sha256, status, created_at, finished_at)
SELECT 'd' || n, 'dataset', jsonb_build_object('dataset_id', n::text, 'action', 'load'), '', 'complete',
    now() - n * interval '1 second', now()
FROM generate_series(1, {ROWS}) AS n
"""

_DATASETS = f"""
INSERT INTO dataset (id, kind, options, raw_key, job_id, merged_by, outcome, created_at)
SELECT n::text, 'polls', '{{}}', 'raw/' || n, 'd' || n, 'd' || n, 'ready', now() - n * interval '1 second'
FROM generate_series(1, {ROWS}) AS n
"""

#: Of each ten thousand rows one was refused; two actors take turns, who did one action each, but for one row. What was
#: done to teams is the oldest.
_AUDIT = f"""
INSERT INTO audit (at, via, actor_name, action, object_kind, object_id, outcome)
SELECT now() - n * interval '1 second', 'key', CASE n % 2 WHEN 0 THEN 'ada' ELSE 'bob' END,
    CASE WHEN n % 2 = 0 OR n = {ROWS - 1} THEN 'hours.set' ELSE 'report.trigger' END,
    CASE WHEN n > {ROWS} - 100 THEN 'team' ELSE 'store' END, (n % 5000)::text,
    CASE n % 10000 WHEN 0 THEN 'refused' ELSE 'done' END
FROM generate_series(1, {ROWS}) AS n
"""


@pytest.fixture(scope="module")
def large(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    with filled(
        servers, session_settings, _REPORTS, _JOBS, _DATASETS, _AUDIT, tables="report, dataset, audit"
    ) as fresh:
        yield fresh


def reports(
    kind: str | None = None, status: JobStatus | None = None, *, deep: bool = False
) -> Callable[[Connection], Any]:
    kinds = list(REPORT_KINDS) if kind is None else [kind]

    def ask(connection: Connection) -> Any:
        return records.newest(connection, kinds=kinds, status=status, before=halfway(deep=deep), limit=51)

    return ask


def files(
    kind: str | None = None, status: DatasetStatus | None = None, *, deep: bool = False
) -> Callable[[Connection], Any]:
    kinds = list(DATASET_KINDS) if kind is None else [kind]

    def ask(connection: Connection) -> Any:
        return datasets.newest(connection, kinds=kinds, status=status, before=halfway(deep=deep), limit=51)

    return ask


def entries(*, deep: bool = False, **wanted: Any) -> Callable[[Connection], Any]:
    def ask(connection: Connection) -> Any:
        place = halfway(deep=deep)
        after = None if place is None else (place[0], 0)
        return audit_log.newest(connection, Filter(**wanted), after=after, limit=51)

    return ask


def halfway(*, deep: bool) -> tuple[datetime, str] | None:
    """The place of a cursor in the middle of a list; None for its first page."""
    return (datetime.now(UTC) - timedelta(seconds=ROWS // 2), "0") if deep else None


@pytest.mark.parametrize(
    ("ask", "found"),
    [
        pytest.param(reports(), 51, id="reports"),
        *(pytest.param(reports(status=one), 51 if one == "complete" else 0, id=f"reports {one}") for one in JobStatus),
        pytest.param(reports("pull_requests"), 0, id="reports of a kind without any"),
        pytest.param(reports("pull_requests", JobStatus.COMPLETE), 0, id="complete reports of a kind without any"),
        pytest.param(files(), 51, id="datasets"),
        *(pytest.param(files(status=one), 51 if one == "ready" else 0, id=f"datasets {one}") for one in DatasetStatus),
        pytest.param(files("hours"), 0, id="datasets of a kind without any"),
        pytest.param(files("hours", DatasetStatus.READY), 0, id="ready datasets of a kind without any"),
        pytest.param(reports(deep=True), 51, id="a later page of reports"),
        pytest.param(reports(status=JobStatus.COMPLETE, deep=True), 51, id="a later page of complete reports"),
        pytest.param(reports("uptime", deep=True), 51, id="a later page of reports of a kind"),
        pytest.param(reports("uptime", JobStatus.FAILED, deep=True), 0, id="a later page of failed reports of a kind"),
        pytest.param(files(deep=True), 51, id="a later page of datasets"),
        pytest.param(files(status=DatasetStatus.READY, deep=True), 51, id="a later page of ready datasets"),
        pytest.param(files(status=DatasetStatus.CHECKING, deep=True), 0, id="a later page of datasets under check"),
        pytest.param(files("polls", deep=True), 51, id="a later page of datasets of a kind"),
        pytest.param(
            files("polls", DatasetStatus.REJECTED, deep=True), 0, id="a later page of rejected ones of a kind"
        ),
        pytest.param(lambda connection: [records.median_seconds(connection, REPORT_KINDS)], 1, id="median"),
        pytest.param(lambda connection: [records.backlog(connection, REPORT_KINDS)], 1, id="backlog"),
        pytest.param(
            lambda connection: lifecycle.remove_ended(
                connection, kinds=["dataset", "small_dataset"], which=DATASET_OF_JOB == "77"
            ),
            1,
            id="deletion of a dataset",
        ),
        pytest.param(
            lambda connection: lifecycle.expire(connection, kind="uptime", days=30, limit=200), 0, id="retention"
        ),
        pytest.param(lifecycle.give_up, 0, id="sweep"),
        pytest.param(entries(), 51, id="audit"),
        pytest.param(entries(before=datetime.now(UTC) - timedelta(hours=2)), 51, id="audit of before"),
        pytest.param(entries(actor="bob"), 51, id="audit of an actor"),
        pytest.param(entries(actor="nobody"), 0, id="audit of an actor who did nothing"),
        pytest.param(entries(action="report.trigger"), 51, id="audit of an action"),
        pytest.param(entries(actor="bob", action="hours.set"), 1, id="audit of an actor and an action, both frequent"),
        pytest.param(entries(outcome="refused"), 2, id="audit of what was refused"),
        pytest.param(entries(actor="bob", outcome="refused"), 0, id="audit of what an actor was refused"),
        pytest.param(entries(outcome="failed"), 0, id="audit of what failed"),
        pytest.param(entries(object_kind="store", object_id="17"), 4, id="audit of an object"),
        pytest.param(entries(object_kind="store"), 51, id="audit of objects of a frequent kind"),
        pytest.param(entries(object_kind="team"), 51, id="audit of objects of a kind of long ago"),
        pytest.param(entries(object_kind="calendar"), 0, id="audit of objects of a kind without any"),
        pytest.param(entries(object_id="17"), 4, id="audit of an object without its kind"),
        pytest.param(entries(object_id="none"), 0, id="audit of an object that there is not"),
        pytest.param(entries(object_kind="team", action="hours.set"), 51, id="audit of an action on a kind"),
        pytest.param(entries(object_kind="store", object_id="17", actor="nobody"), 0, id="audit of an actor's object"),
        pytest.param(entries(since=datetime.now(UTC) - timedelta(hours=1)), 51, id="audit from an instant on"),
        pytest.param(entries(since=datetime.now(UTC) + timedelta(hours=1)), 0, id="audit from tomorrow on"),
        pytest.param(
            entries(since=datetime.now(UTC) - timedelta(hours=4), before=datetime.now(UTC) - timedelta(hours=3)),
            51,
            id="audit between two instants",
        ),
        pytest.param(entries(deep=True), 51, id="a later page of the audit"),
        pytest.param(entries(deep=True, actor="bob"), 51, id="a later page of the audit of an actor"),
        pytest.param(entries(deep=True, action="hours.set"), 51, id="a later page of the audit of an action"),
        pytest.param(entries(deep=True, outcome="refused"), 2, id="a later page of what was refused"),
        pytest.param(entries(deep=True, object_kind="team"), 51, id="a later page of the audit of a kind"),
    ],
)
def test_what_is_read_does_not_grow_with_the_table(
    large: Resources, ask: Callable[[Connection], Any], found: int
) -> None:
    with large.engine.connect() as connection:
        assert len(read_little(connection, ask)) == found


def read_little(connection: Connection, ask: Callable[[Connection], Any]) -> Any:
    """What is found by queries of which no step reads more than READ rows."""
    asked: list[tuple[str, Any]] = []

    def note(_: Connection, __: Any, statement: str, parameters: Any, *rest: Any) -> None:
        asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    found = ask(connection)
    event.remove(connection, "before_cursor_execute", note)
    connection.rollback()
    assert asked
    for statement, parameters in asked:
        plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar_one()
        steps = list(steps_of(plan[0]["Plan"]))
        assert max(map(read, steps)) <= READ, json.dumps(plan, indent=1)
    connection.rollback()
    return found


def steps_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from steps_of(part)


def read(step: dict[str, Any]) -> float:
    """Rows that a step looked at in all its runs."""
    dropped = step.get("Rows Removed by Filter", 0) + step.get("Rows Removed by Join Filter", 0)
    rows: float = (step["Actual Rows"] + dropped) * step["Actual Loops"]
    return rows
