"""Lists of deliveries, gaps and users, and the retention of events: what they read does not grow with the tables."""

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any, Final

import pytest
from sqlalchemy import Connection, event

from app.access import user_records
from app.deliveries import records, retention
from app.settings import Settings
from app.sources import status
from app.storage.resources import Addresses, Resources
from tests.storage.filling import filled
from tests.storage.test_plans import READ, ROWS, read, read_little, steps_of

#: One webhook has got everything, of the other everything failed, the third is new.
_INSERTS: Final = f"""
INSERT INTO webhook (id, name, url, format, events, secret_key, created_by)
SELECT n, n, 'http://receiver', 'standard', '{{}}', 'k', 'ada' FROM unnest(ARRAY['good', 'bad', 'new']) AS n;
INSERT INTO event (id, type, subject, facts, handled_at)
SELECT 'e' || n, 'report.complete', 's' || n, '{{}}', now() - n * interval '1 second'
FROM generate_series(1, {ROWS}) AS n;
INSERT INTO delivery (id, event_id, channel, webhook_id, status, created_at)
SELECT 'd' || n, 'e' || n, 'webhook', CASE n % 2 WHEN 0 THEN 'good' ELSE 'bad' END,
    CASE n % 2 WHEN 0 THEN 'delivered' ELSE 'failed' END, now() - n * interval '1 second'
FROM generate_series(1, {ROWS}) AS n;
INSERT INTO source (id, name, kind, options)
SELECT n, n, 'github', '{{}}' FROM unnest(ARRAY['read', 'new']) AS n;
INSERT INTO source_gap (source_id, stream, code, message, opened_at, closed_at)
SELECT 'read', 'pulls', 'x', 'x', now() - n * interval '1 second', now() FROM generate_series(1, {ROWS}) AS n;
INSERT INTO app_user (id, name, kind, role, created_at)
SELECT 'u' || n, 'u' || n, 'person', 'viewer', now() - n * interval '1 second' FROM generate_series(1, {ROWS}) AS n;
"""


@pytest.fixture(scope="module")
def large(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    with filled(servers, session_settings, _INSERTS, tables="event, delivery, source_gap, app_user") as fresh:
        yield fresh


def deliveries(**wanted: Any) -> Callable[[Connection], Any]:
    nothing = {"status": None, "webhook_id": None, "subject": None, "before": None}
    return lambda connection: records.newest(connection, **nothing | wanted, limit=51)


@pytest.mark.parametrize(
    ("ask", "found"),
    [
        pytest.param(deliveries(), 51, id="deliveries"),
        pytest.param(deliveries(webhook_id="good"), 51, id="deliveries of a webhook"),
        pytest.param(deliveries(webhook_id="new"), 0, id="deliveries of a webhook that has none"),
        pytest.param(deliveries(status="failed"), 51, id="deliveries that failed"),
        pytest.param(deliveries(webhook_id="good", status="failed"), 0, id="deliveries of a webhook that never failed"),
        pytest.param(deliveries(subject="s2"), 1, id="deliveries of a subject"),
        pytest.param(deliveries(subject="s2", status="failed"), 0, id="failed deliveries of a subject without any"),
        pytest.param(deliveries(subject="s2", webhook_id="bad"), 0, id="deliveries of another subject's webhook"),
        pytest.param(lambda one: status.gaps(one, "read", closed=True, limit=51), 51, id="gaps of a source"),
        pytest.param(lambda one: status.gaps(one, "new", closed=True, limit=51), 0, id="gaps of another source"),
        pytest.param(lambda one: status.gaps(one, "read", closed=False, limit=51), 0, id="gaps that are open"),
        pytest.param(lambda one: user_records.listed(one, limit=50, after=None).items, 50, id="users"),
    ],
)
def test_what_lists_read_does_not_grow_with_the_table(
    large: Resources, ask: Callable[[Connection], Any], found: int
) -> None:
    with large.engine.connect() as connection:
        assert len(read_little(connection, ask)) == found


def test_what_retention_reads_does_not_grow_with_the_events(large: Resources) -> None:
    asked: list[tuple[str, Any]] = []
    event.listen(large.engine, "before_cursor_execute", lambda *of: asked.append((of[2], of[3])))
    retention.tidy(large.engine, days=30, stopping=Event())
    with large.engine.connect() as connection:
        for statement, parameters in tuple(asked):
            plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar_one()
            assert max(map(read, steps_of(plan[0]["Plan"]))) <= READ, plan
        connection.rollback()
