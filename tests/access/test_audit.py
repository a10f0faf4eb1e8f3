"""Rows of the audit are only ever added, hold what an index can take, and end by retention alone."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, InternalError

from app.access import audit, audit_retention
from app.access.principal import ANONYMOUS, SYSTEM, Principal, acting_as
from app.access.refusals import Refusals
from app.access.secrets import Kind, new_secret
from app.storage.resources import Resources
from tests.access.audit_rows import rows_of

#: Days after which rows go, in these tests.
DAYS = 400


def record(engine: Engine, action: str, **more: object) -> None:
    with engine.begin() as connection:
        audit.record(connection, action, **more)  # type: ignore[arg-type]


def insert_aged(engine: Engine, *, rows: int, days: int) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit (at, via, actor_name, action, outcome) SELECT now() - make_interval(days => :days) "
                "- n * interval '1 second', 'system', 'system', 'aged', 'done' FROM generate_series(1, :rows) AS n"
            ),
            {"days": days, "rows": rows},
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor_name = 'nobody'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "SET openhours.audit_ends = ''; DELETE FROM audit",
    ],
)
def test_nobody_changes_or_removes_a_row(resources: Resources, statement: str) -> None:
    record(resources.engine, "hours.set")
    before = rows_of(resources.engine)
    with pytest.raises(InternalError, match="rows of the audit are only ever added"), resources.engine.begin() as one:
        one.execute(text(statement))
    assert rows_of(resources.engine) == before


def test_a_transaction_that_fails_leaves_no_row(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        audit.record(connection, "hours.set")
        with pytest.raises(DBAPIError):
            connection.execute(text("SELECT 1 / 0"))
    assert rows_of(resources.engine) == []


def test_a_row_has_who_acted_and_from_where(resources: Resources) -> None:
    ada = Principal(
        name="ada",
        via="key",
        scopes=frozenset(),
        user_id="a" * 32,
        token_id="k" * 8,
        address="10.1.2.3",
        request_id="r" * 32,
    )
    with acting_as(ada):
        record(resources.engine, "hours.set", object_kind="store", object_id="17", windows=5)
    record(resources.engine, "polls.expire")
    first, second = rows_of(resources.engine)
    assert (first.via, first.actor_id, first.actor_name) == ("key", "a" * 32, "ada")
    assert (first.token_id, first.ip, first.request_id) == ("k" * 8, "10.1.2.3", "r" * 32)
    assert (first.action, first.object_kind, first.object_id) == ("hours.set", "store", "17")
    assert (first.outcome, first.detail) == ("done", {"windows": 5})
    assert (second.via, second.actor_name, second.ip) == ("system", "system", None)


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("fe80::1%eth0", "fe80::1"),
        ("testclient", None),
        ("", None),
        (None, None),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.1"),
    ],
)
def test_an_address_that_is_none_costs_no_row(resources: Resources, address: str | None, kept: str | None) -> None:
    with acting_as(Principal(name="ada", via="local", scopes=frozenset(), address=address)):
        record(resources.engine, "hours.set")
    assert [row.ip for row in rows_of(resources.engine)] == [kept]


def test_names_longer_than_an_index_takes_are_cut(resources: Resources) -> None:
    long = "\U0001f642" * 5000
    with acting_as(Principal(name=long, via="proxy", scopes=frozenset())):
        record(resources.engine, "hours.set", object_kind="store", object_id=long)
    (row,) = rows_of(resources.engine)
    assert row.actor_name == row.object_id == "\U0001f642" * 399 + "…"


def test_retention_removes_old_rows_in_steps_and_says_how_many(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_retention, "STEP_ROWS", 3)
    insert_aged(resources.engine, rows=7, days=DAYS)
    insert_aged(resources.engine, rows=2, days=DAYS - 1)
    assert audit_retention.remove_old(resources.engine, days=DAYS) == 7
    rows = rows_of(resources.engine)
    assert [row.action for row in rows] == ["aged"] * 2 + ["audit.expire"] * 3
    assert [row.detail["rows"] for row in rows[2:]] == [3, 3, 1]
    assert {row.via for row in rows[2:]} == {SYSTEM.via}
    assert audit_retention.remove_old(resources.engine, days=DAYS) == 0
    assert rows_of(resources.engine) == rows


def test_what_retention_may_remove_is_forgotten_with_its_transaction(resources: Resources) -> None:
    """The connection goes back to the pool: its next user may remove no more than anyone."""
    insert_aged(resources.engine, rows=1, days=DAYS)
    audit_retention.remove_old(resources.engine, days=DAYS)
    insert_aged(resources.engine, rows=1, days=DAYS)
    with pytest.raises(InternalError, match="only ever added"), resources.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit"))
    assert [row.action for row in rows_of(resources.engine)] == ["audit.expire", "aged"]


def test_one_replica_removes_at_a_time(resources: Resources) -> None:
    insert_aged(resources.engine, rows=1, days=DAYS)
    with resources.engine.begin() as connection:
        assert audit_retention._remove_step(connection, DAYS) == 1
        assert audit_retention.remove_old(resources.engine, days=DAYS) == 0


def test_the_path_of_a_refused_request_holds_up_no_other_row_and_tells_no_credential(resources: Resources) -> None:
    key = new_secret(Kind.KEY)
    refusals = Refusals(resources.engine)
    for path in ("/reports/\x00", f"/reports/{key.text}", f"/reports/{'x' * 160}/{key.text}"):
        refusals.note(ANONYMOUS, method="DELETE", path=path, code="authentication_required")
    refusals.write()
    paths = [row.detail["path"] for row in rows_of(resources.engine)]
    assert paths[:2] == ["/reports/\N{SYMBOL FOR NULL}", f"/reports/oh_{key.id}***"]
    assert key.text[11:] not in paths[2]
    assert key.text[11:20] not in paths[2]
