"""Lists of the audit by any filters, also such as never occur together: they read few rows, and find the right ones."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations
from random import Random
from typing import Any, Final

import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from app.access import audit
from app.access.audit_log import AuditLog, Entry, Filter
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.storage.filling import filled
from tests.storage.test_plans import ROWS, entries, read_little

#: What each filter selects a fifth of all rows by; no row has two of them.
EACH: Final = {"actor": "ada", "action": "hours.set", "object_kind": "team", "object_id": "17", "outcome": "refused"}

_ROWS: Final = f"""
INSERT INTO audit (at, via, actor_name, action, object_kind, object_id, outcome)
SELECT now() - n * interval '1 second', 'key', CASE n % 5 WHEN 0 THEN 'ada' ELSE 'bob' END,
    CASE n % 5 WHEN 1 THEN 'hours.set' ELSE 'report.trigger' END, CASE n % 5 WHEN 2 THEN 'team' ELSE 'store' END,
    CASE n % 5 WHEN 3 THEN '17' ELSE '18' END, CASE n % 5 WHEN 4 THEN 'refused' ELSE 'done' END
FROM generate_series(1, {ROWS}) AS n
"""

START: Final = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def large(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    with filled(servers, session_settings, _ROWS, tables="audit") as fresh:
        yield fresh


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "times",
    [
        pytest.param({}, id="at any time"),
        pytest.param({"hours": (4, 3)}, id="between two instants"),
        pytest.param({"deep": True}, id="on a later page"),
    ],
)
def test_filters_that_never_occur_together_read_few_rows(
    large: Resources, number: int, times: Mapping[str, Any]
) -> None:
    now = datetime.now(UTC)
    since, before = (now - timedelta(hours=hours) for hours in times["hours"]) if "hours" in times else (None, None)
    with large.engine.connect() as connection:
        for names in combinations(EACH, number):
            wanted: dict[str, Any] = {name: EACH[name] for name in names} | {"since": since, "before": before}
            found = read_little(connection, entries(deep=times.get("deep", False), **wanted))
            assert len(found) == (51 if number == 1 else 0), names


def test_any_filters_find_the_rows_that_they_describe(resources: Resources) -> None:
    """As looking at each row does: pages of all combinations of filters, with instants that several rows share."""
    random = Random(17)
    sides: dict[str, list[Any]] = {
        "actor": ["ada", "bob", "ada 17"],
        "action": ["hours.set", "key.make"],
        "object_kind": ["store", "team", None],
        "object_id": ["17", "17 17", None],
        "outcome": ["done", "refused", "failed"],
    }
    rows = [
        {name: random.choice(values) for name, values in sides.items()}
        | {"at": START + timedelta(minutes=random.randrange(60))}
        for _ in range(200)
    ]
    with resources.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit (at, via, actor_name, action, object_kind, object_id, outcome) "
                "VALUES (:at, 'key', :actor, :action, :object_kind, :object_id, :outcome)"
            ),
            rows,
        )
    log = AuditLog(resources.engine)
    everything = [one for block in log.blocks(Filter()) for one in block]
    assert [(one.at, one.id) for one in everything] == sorted(((one.at, one.id) for one in everything), reverse=True)
    assert len(everything) == len(rows)
    for _ in range(25):
        names = random.sample(list(sides), random.randrange(1, 4))
        wanted = Filter(
            **{name: random.choice(sides[name]) for name in names},
            since=random.choice([None, START + timedelta(minutes=20)]),
            before=random.choice([None, START + timedelta(minutes=40)]),
        )
        assert pages(log, wanted) == [one for one in everything if lets_through(wanted, one)], wanted


def pages(log: AuditLog, wanted: Filter) -> list[Entry]:
    page = log.page(wanted, cursor=None, limit=20)
    found = list(page.items)
    while page.next_cursor:
        page = log.page(wanted, cursor=page.next_cursor, limit=20)
        found += page.items
    return found


def lets_through(wanted: Filter, entry: Entry) -> bool:
    texts = {"actor_name": wanted.actor} | {name: getattr(wanted, name) for name in list(EACH)[1:]}
    return (
        all(value is None or getattr(entry, name) == value for name, value in texts.items())
        and (wanted.since is None or entry.at >= wanted.since)
        and (wanted.before is None or entry.at < wanted.before)
    )


def test_transactions_that_do_something_for_the_first_time_do_not_wait_for_each_other(resources: Resources) -> None:
    with resources.engine.begin() as one, resources.engine.begin() as other:
        audit.record(one, "hours.set", "store", "17")
        other.execute(text("SET LOCAL lock_timeout = '1s'"))
        audit.record(other, "hours.set", "store", "18")
    found = AuditLog(resources.engine).page(Filter(action="hours.set"), cursor=None, limit=50)
    assert [entry.object_id for entry in found.items] == ["18", "17"]


@pytest.mark.parametrize("change", ["DELETE FROM", "TRUNCATE"])
def test_nobody_hides_rows_by_removing_what_lists_are_found_by(resources: Resources, change: str) -> None:
    with (
        pytest.raises(InternalError, match="rows of the audit are only ever added"),
        resources.engine.begin() as connection,
    ):
        connection.execute(text(f"{change} audit_event"))
