"""Each way in which a server fails has words and a code of its own, which name what to mend and no secret."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from redis import Redis, ResponseError
from sqlalchemy import text

from app.errors import DatabaseUnavailable, ObjectStoreUnavailable, OpenhoursError, RedisUnavailable
from app.storage.object_store import ObjectStore, StoreAddress
from app.storage.postgres import build_engine, database_errors
from app.storage.redis_client import build_redis, redis_errors
from app.storage.resources import Addresses, Resources
from app.storage.trouble import database_trouble
from tests.commands import free_port

SECRET = "sesame-open-up"

#: Addresses of Postgres, with the code and the words that they end with; ``{}`` is the address that works.
POSTGRES = {
    "{user}:" + SECRET + "@{place}/openhours": ("database_wrong_password", "refuses the user openhours"),
    "nobody:" + SECRET + "@{place}/openhours": (
        "database_unavailable",
        "does not let user nobody connect",
    ),
    "{user}:{password}@{place}/nothing": ("database_missing", "no database nothing"),
    "me:" + SECRET + "@nowhere.invalid/x": ("database_unknown_host", "Postgres, nowhere.invalid, is not known"),
    "me:" + SECRET + "@127.0.0.1:{free}/x": ("database_unavailable", "nothing listens on port"),
}


@pytest.mark.parametrize("address", POSTGRES)
def test_a_postgres_that_cannot_be_used_is_told_by_its_cause(servers: Addresses, address: str) -> None:
    works = urlsplit(servers.database_url)
    place = f"{works.hostname}:{works.port}"
    filled = address.format(user=works.username, password=works.password, place=place, free=free_port())
    engine = build_engine(f"postgresql://{filled}", pool_size=1)
    with pytest.raises(DatabaseUnavailable) as told, database_errors(), engine.connect():
        pass
    engine.dispose()
    assert_told(told.value, *POSTGRES[address], secrets=(SECRET, str(works.password)))


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("FATAL:  sorry, too many clients already", "raise its max_connections"),
        ("FATAL:  remaining connection slots are reserved for roles with SUPERUSER", "raise its max_connections"),
        ('FATAL:  too many connections for role "openhours"', "raise its max_connections"),
        ("FATAL:  the database system is in recovery mode", "is starting or stopping"),
    ],
)
def test_a_postgres_that_takes_no_connection_says_why(says: str, told: str) -> None:
    trouble = database_trouble(psycopg2.OperationalError(says))
    assert (trouble.code, trouble.retryable) == ("database_unavailable", True)
    assert told in trouble.message
    assert "FATAL" not in trouble.message


def test_a_postgres_without_room_is_told_as_that(resources: Resources) -> None:
    full = "DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
    with pytest.raises(DatabaseUnavailable) as told, database_errors(), resources.engine.connect() as connection:
        connection.execute(text(full))
    assert_told(told.value, "database_full", "The disk of Postgres is full")
    assert told.value.retryable


REDIS = {
    ":" + SECRET + "@{place}/0": ("redis_wrong_password", "OPENHOURS_REDIS_URL"),
    "{place}/0": ("redis_wrong_password", "OPENHOURS_REDIS_URL"),
    ":{password}@{place}/4711": ("redis_missing_database", "OPENHOURS_REDIS_URL"),
    ":" + SECRET + "@nowhere.invalid:6379/0": ("redis_unknown_host", "Redis, nowhere.invalid, is not known"),
    ":" + SECRET + "@127.0.0.1:{free}/0": ("redis_unavailable", "nothing listens on port"),
}


@pytest.mark.parametrize("address", REDIS)
def test_a_redis_that_cannot_be_used_is_told_by_its_cause(servers: Addresses, address: str) -> None:
    works = urlsplit(servers.redis_url)
    filled = address.format(password=works.password, place=f"{works.hostname}:{works.port}", free=free_port())
    client = build_redis(f"redis://{filled}", timeout_seconds=5)
    with pytest.raises(RedisUnavailable) as told, redis_errors():
        client.ping()
    client.close()
    assert_told(told.value, *REDIS[address], secrets=(SECRET, str(works.password)))


@pytest.mark.parametrize("table", ["report", "entity"])
def test_a_postgres_that_takes_no_writes_is_told_as_that(resources: Resources, table: str) -> None:
    """As a standby after a failover: it can be read, and every write fails until the address leads elsewhere."""
    with resources.engine.connect() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        with pytest.raises(DatabaseUnavailable) as told, database_errors():
            connection.execute(text(f"DELETE FROM {table}"))
    assert_told(told.value, "database_read_only", "takes no writes")
    assert told.value.retryable


@pytest.mark.parametrize("condition", ["io_error", "undefined_file"])
def test_what_may_pass_is_no_defect_of_ours(resources: Resources, condition: str) -> None:
    fails = f"DO $$ BEGIN RAISE EXCEPTION 'it fails' USING ERRCODE = '{condition}'; END $$"
    with pytest.raises(DatabaseUnavailable) as told, database_errors(), resources.engine.connect() as connection:
        connection.execute(text(fails))
    assert told.value.retryable
    assert told.value.code == "database_unavailable"


#: What a Redis that refuses to work answers, and what is told instead.
REFUSALS = {
    "OOM command not allowed when used memory > 'maxmemory'.": "raise its maxmemory",
    "READONLY You can't write against a read only replica.": "it is a replica",
    "LOADING Redis is loading the dataset in memory": "still reads its data",
    "NOREPLICAS Not enough good replicas to write.": "min-replicas-to-write",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.": "has lost its primary",
    "MISCONF Redis is configured to save RDB snapshots, but is unable to persist on disk.": "its disk",
    "MISCONF Redis is configured to save snapshots, but the last one failed.": "cannot store its data",
    "NOPERM this user has no permissions to run the 'xadd' command": "all commands on data",
    "ERR max number of clients reached": "raise its maxclients",
    "BUSY Redis is busy running a script.": "refuses with BUSY:",
    "CLUSTERDOWN The cluster is down": "its log may say why",
}


@pytest.mark.parametrize("says", REFUSALS)
@pytest.mark.parametrize("pipelined", [False, True])
def test_a_redis_that_refuses_is_told_in_our_words(says: str, *, pipelined: bool) -> None:
    def write(client: Redis) -> None:
        with redis_errors(), client.pipeline(transaction=False) as pipeline:
            (pipeline if pipelined else client).set("openhours:secret", SECRET)
            pipeline.execute()

    with refusing_redis(says) as client, pytest.raises(RedisUnavailable) as told:
        write(client)
    assert REFUSALS[says] in str(told.value)
    assert SECRET not in str(told.value)
    assert "Command #" not in str(told.value)
    assert says.partition(" ")[2] not in str(told.value)


def test_a_redis_that_hangs_up_is_told_in_our_words() -> None:
    with refusing_redis(None) as client, pytest.raises(RedisUnavailable) as told, redis_errors():
        client.ping()
    assert str(told.value) == "Redis does not answer; try again in a moment."


@contextmanager
def refusing_redis(says: str | None) -> Iterator[Redis]:
    """A client of a Redis that answers this to each command; None hangs up."""

    class Refusal(BaseRequestHandler):
        def handle(self) -> None:
            while says is not None and self.request.recv(1 << 16):
                self.request.sendall(f"-{says}\r\n".encode())

    with ThreadingTCPServer(("127.0.0.1", 0), Refusal) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            url = f"redis://127.0.0.1:{server.server_address[1]}/0?lib_name=&lib_version=&protocol=2"
            with build_redis(url, timeout_seconds=5) as client:
                yield client
        finally:
            server.shutdown()
            thread.join()


def test_a_redis_without_room_is_told_as_that() -> None:
    with pytest.raises(RedisUnavailable) as told, redis_errors():
        raise ResponseError("MISCONF Errors writing to the AOF file: No space left on device")
    assert_told(told.value, "redis_full", "its disk")


def store_at(endpoint: str | None, **options: Any) -> ObjectStore:
    keys = {"access_key": "AKIAEXAMPLE", "secret_key": SECRET, "bucket": "mine"} | options
    return ObjectStore(StoreAddress(region="us-east-1", endpoint_url=endpoint, **keys))


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({}, "object_store_wrong_keys", "AWS_SECRET_ACCESS_KEY"),
        ({"access_key": None, "secret_key": None}, "bucket_missing", "no bucket 'mine'"),
    ],
    ids=["wrong keys", "missing bucket"],
)
def test_an_object_store_that_refuses_is_told_by_its_cause(
    servers: Addresses, tmp_path: Path, options: dict[str, Any], code: str, words: str
) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    right = {"access_key": servers.s3_access_key, "secret_key": servers.s3_secret_key}
    store = store_at(servers.s3_endpoint_url, **{name: right[name] for name in options})
    with pytest.raises(ObjectStoreUnavailable) as told:
        store.put(tmp_path / "file", "file", media_type="text/plain")
    store.close()
    assert_told(told.value, code, words, secrets=(SECRET, str(servers.s3_secret_key)))
    assert not told.value.retryable


@pytest.mark.parametrize(
    ("endpoint", "code", "words"),
    [
        ("http://nowhere.invalid", "object_store_unknown_host", "http://nowhere.invalid, is not known"),
        ("http://127.0.0.1:{free}", "object_store_unavailable", "nothing can be reached at http://127.0.0.1:"),
    ],
)
def test_an_object_store_that_is_not_there_is_told_by_its_cause(endpoint: str, code: str, words: str) -> None:
    store = store_at(endpoint.format(free=free_port()))
    with pytest.raises(ObjectStoreUnavailable) as told:
        store.ping()
    store.close()
    assert_told(told.value, code, words)
    assert told.value.retryable


#: What S3 says in each case: status, code of the body, seconds by which its clock is off.
ANSWERS = {
    "a clock that is off, with a body": (403, "RequestTimeTooSkewed", 0, "clock_skewed"),
    "a clock that is off, without one": (403, "", 1200, "clock_skewed"),
    "no right": (403, "AccessDenied", 0, "object_store_unavailable"),
    "a full disk": (507, "XMinioStorageFull", 0, "object_store_full"),
    "a missing bucket": (404, "NoSuchBucket", 0, "bucket_missing"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_what_an_object_store_answers_is_told_by_its_cause(case: str) -> None:
    status, name, skew_seconds, code = ANSWERS[case]
    with answering(status, name, skew_seconds) as endpoint:
        store = store_at(endpoint)
        with pytest.raises(ObjectStoreUnavailable) as told:
            store.put_bytes(b"x", "file", media_type="text/plain")
        store.close()
    assert_told(told.value, code, "")


@contextmanager
def answering(status: int, code: str, skew_seconds: int) -> Iterator[str]:
    """An endpoint that answers every request with an error of S3."""
    body = f"<Error><Code>{code}</Code></Error>".encode() if code else b""

    class Answer(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response_only(status)
            self.send_header("Date", format_datetime(datetime.now(UTC) + timedelta(seconds=skew_seconds), usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def assert_told(error: OpenhoursError, code: str, words: str, *, secrets: tuple[str, ...] = (SECRET,)) -> None:
    assert error.code == code, error.message
    assert words in error.message
    assert not [secret for secret in secrets if secret in error.message]
