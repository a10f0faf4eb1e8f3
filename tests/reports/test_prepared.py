"""What a process does ahead of a report on stores works, and waits for nobody who changes them."""

import pytest
from psycopg2.errors import LockNotAvailable
from sqlalchemy import text

from app.reports.prepared import prepare
from app.storage.postgres import build_engine
from app.storage.resources import Resources


def test_it_asks_what_a_report_asks_and_leaves_no_transaction_open(resources: Resources) -> None:
    engine = build_engine(resources.database_url, pool_size=4)
    prepare(engine, 2)
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # of the pool of build_engine()
    engine.dispose()


def test_it_leaves_a_table_alone_that_somebody_has_locked(resources: Resources) -> None:
    engine = build_engine(resources.database_url, pool_size=4)
    with resources.engine.connect() as other:
        other.execute(text("LOCK TABLE hours_window IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(LockNotAvailable):
            prepare(engine, 2)
    engine.dispose()
