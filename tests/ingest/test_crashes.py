"""Loads whose process is killed, and a Postgres that crashes just after a load was rolled back."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import psycopg2
import pytest
from sqlalchemy import Engine, text

from app.embedded.servers import servers
from app.ingest.load import load
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.jobs.fork_server import ForkServer
from app.series.turns import wait_for_turn
from app.storage.migrate import migrate
from app.storage.postgres import build_engine
from app.storage.resources import Resources
from tests.commands import wait_until
from tests.conftest import NOW, load_file
from tests.ingest.killed import load_and_stand
from tests.ingest.test_load import everything

#: A process that was killed has let go of the lock by then, seconds; Postgres looks for it every second.
FREE_SECONDS = 15


@pytest.fixture
def polls(tmp_path: Path) -> Path:
    path = tmp_path / "polls.csv"
    minutes = "".join(f"s{n % 50},active,2023-01-16T{n // 60:02}:{n % 60:02}:00Z\n" for n in range(24 * 60))
    path.write_text("store_id,status,timestamp_utc\n" + minutes)
    return path


@contextmanager
def standing(resources: Resources, path: Path, place: str) -> Iterator[Callable[[], None]]:
    """A process that loads and stands still; yields what kills it."""
    context = ForkServer({}).context
    stands = context.Event()
    process = context.Process(target=load_and_stand, args=(resources.database_url, path, NOW, place, stands))
    process.start()
    try:
        assert stands.wait(60)
        yield process.kill
    finally:
        process.kill()
        process.join()


def others(resources: Resources) -> int:
    """Sessions in a transaction, but for the one that asks."""
    with resources.engine.connect() as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"
        return int(connection.scalar(text(f"{query} AND pid <> pg_backend_pid()")) or 0)


@pytest.mark.parametrize("place", ["checking", "merging"])
def test_a_load_that_is_killed_leaves_nothing_and_holds_up_nobody(
    resources: Resources, polls: Path, place: str
) -> None:
    before = everything(resources)
    with standing(resources, polls, place) as kill:
        kill()
        begin = monotonic()
        with resources.engine.begin() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = '{FREE_SECONDS}s'"))
            wait_for_turn(connection)
        wait_until(lambda: not others(resources), seconds=FREE_SECONDS)
        assert monotonic() - begin < FREE_SECONDS
    assert everything(resources) == before
    assert load_file(resources, "polls", polls).rows_accepted == 24 * 60


def test_a_load_that_is_killed_while_it_waits_to_merge_stops_waiting(resources: Resources, polls: Path) -> None:
    context = ForkServer({}).context
    with resources.engine.begin() as connection:
        wait_for_turn(connection)
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        arguments = (resources.database_url, polls, NOW, "nowhere", context.Event())
        process = context.Process(target=load_and_stand, args=arguments)
        process.start()
        try:
            wait_until(lambda: connection.scalar(waiting), seconds=60)
        finally:
            process.kill()
            process.join()
        wait_until(lambda: not connection.scalar(waiting), seconds=FREE_SECONDS)
    assert everything(resources)["poll"] == []


@contextmanager
def own_postgres(home: Path) -> Iterator[str]:
    """The address of a Postgres that nobody else uses, with an empty, migrated database."""
    with servers(home, redis=False, s3=False) as endpoints:
        assert endpoints.database_url is not None
        engine = build_engine(endpoints.database_url, pool_size=1)
        migrate(engine)
        engine.dispose()
        yield endpoints.database_url


def commit_something(url: str) -> None:
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS other (at timestamptz)")
        cursor.execute("INSERT INTO other VALUES (now())")
    connection.close()


def kill_a_backend(victim: Engine) -> None:
    """Kill -9 the session of this engine: Postgres ends all others, and recovers as after a crash."""
    with suppress(Exception), victim.connect() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        os.kill(pid, signal.SIGKILL)
        connection.execute(text("SELECT pg_sleep(60)"))


def answers(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            return connection.scalar(text("SELECT NOT pg_is_in_recovery()")) is True
    except Exception:  # noqa: BLE001 - whatever it is, it does not answer yet
        return False


def test_postgres_recovers_from_a_crash_just_after_a_load_was_rolled_back(tmp_path: Path, polls: Path) -> None:
    with own_postgres(tmp_path / "home") as url:
        engine, victim = build_engine(url, pool_size=2), build_engine(url, pool_size=1)
        options = {"now": datetime.now(UTC)}

        def fail(*_: object) -> None:
            commit_something(url)  # which writes the log out, with what the load has said in it until here
            raise ZeroDivisionError

        with victim.connect():  # a session is there, so that the kill follows the roll-back at once
            pass
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                load(engine, DATASET_KINDS["polls"], FileSource(polls), before_commit=fail, **options)
            kill_a_backend(victim)
            wait_until(lambda: answers(engine), seconds=60)
            wait_until(lambda: answers(victim), seconds=60)
        assert load(engine, DATASET_KINDS["polls"], FileSource(polls), **options).rows_accepted == 24 * 60
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM poll")) == 24 * 60
        engine.dispose()
        victim.dispose()
