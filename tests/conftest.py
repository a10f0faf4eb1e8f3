"""The real servers, started once per run; a database and a bucket of its own for each test that asks."""

import os
import signal
import socket
import ssl
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from ipaddress import ip_address
from pathlib import Path
from shutil import disk_usage
from typing import Any

import httpcore2
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Engine, event, func, select

from app.access import passwords
from app.catalogue.tables import dataset
from app.embedded import postgres
from app.files.sha256 import sha256_of
from app.ingest.kind import Raw
from app.ingest.load import Loaded, load
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.jobs import worker
from app.jobs.scratch import remove_abandoned_folders, scratch_folder
from app.jobs.tables import job
from app.replica.replica import Replica
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.sending import dialling
from app.settings import Settings
from app.storage.migrate import migrate
from app.storage.object_store import ObjectStore, StoreAddress
from app.storage.postgres import build_engine
from app.storage.presign import Presigner
from app.storage.redis_client import WORKER_TIMEOUT_SECONDS, build_redis
from app.storage.resources import Addresses, Resources, addresses, open_resources
from app.uploads.tables import upload
from app.web.application import create_app
from tests.databases import Databases
from tests.local_client import LocalClient
from tests.strategies import PROFILE, examples

settings.register_profile(
    "openhours",
    deadline=None,
    max_examples=examples(100),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize=PROFILE != "long",  # a change is judged by what it changes; make fuzz tries what nobody has tried yet
)
settings.load_profile("openhours")

TESTS = Path(__file__).parent
GOLDEN = TESTS / "golden"
SAMPLE_DATA = TESTS.parent / "sample_data"

#: The files that go together, with their kinds.
SAMPLES = {
    **{kind: kind for kind in ("hours", "timezones", "polls", "pull_requests")},
    **{f"team_{kind}": kind for kind in ("hours", "timezones")},
    "plays_table": "table",
}

#: When the files of the tests came; what they observe is earlier.
NOW = datetime(2025, 1, 1, tzinfo=UTC)

#: Files and folders of tests that kill, start programs as users do, run notebooks, draw many charts, or try thousands
#: of inputs; ``make check`` leaves them out.
SLOW = (
    *("chaos", "deployment/test_nginx.py"),
    *("catalogue/test_job.py", "charts/test_availability.py", "charts/test_durations.py", "charts/test_files.py"),
    *("charts/test_means.py", "charts/test_violins.py", "cli/test_cli.py", "cli/test_cli_data.py"),
    *("openhours/test_notebook.py", "openhours/test_uploads.py", "test_picture.py", "test_python_page.py"),
    *("conformance/test_made_up_requests.py", "conformance/test_openapi.py", "cli/test_cli_demo.py"),
    *("demo_data/test_files.py", "deployment/test_schemas.py", "embedded", "ingest/test_load_together.py"),
    *("ingest/test_mutations.py", "ingest/test_mutations_loaded.py", "ingest/test_review_times.py", "jobs", "model"),
    *("reports", "routers/test_datasets_api.py", "routers/test_report_life_api.py", "routers/test_summary_api.py"),
    *(
        "deployment/test_backup.py",
        "deployment/test_terraform.py",
        "test_release.py",
        "storage/test_other_postgres.py",
        "cli/test_doctor.py",
    ),
    *(
        "clients",
        "test_main.py",
        "routers/test_metrics.py",
        "ingest/test_loads_check_together.py",
        "ingest/test_crashes.py",
    ),
    *("telemetry/test_logs.py", "test_readme.py", "upgrade", "uploads"),
    *("clients", "web"),
)

#: Of the files whose tests need a database of their own, those that ``make check`` runs: one of each way through the
#: service. The others take twice as much processor time as these and all that need no database.
CHECKED = (
    *("catalogue/test_foreground.py", "ingest/test_load.py", "routers/test_reports_api.py", "series/test_polls.py"),
    *("storage/test_migrate.py", "test_documentation.py"),
)

#: What the Postgres of the tests has of memory for pages. To copy and to drop a database looks through all of it.
COPIES_BUFFERS = "16MB"

#: Compiled statements that are kept, of all tests of one process.
STATEMENTS = 10_000

#: Where Linux has files in memory, and what must be free there for the servers of one process, bytes: they use a tenth.
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - only folders that nobody else may open
ROOM_BYTES = 2 << 30

#: Files that take longest: they start many programs, or make many databases.
LONGEST = (
    *("test_readme.py", "cli/test_cli.py", "web/test_server.py", "cli/test_cli_data.py", "cli/test_cli_demo.py"),
    *("conformance/test_dataset_kinds.py", "ingest/test_loads_check_together.py", "routers/test_entities_api.py"),
)

#: Files that mostly wait, as for a server that hangs to be noticed or for a time limit to pass, the longest first. They
#: begin one by one over the whole run, beside tests that compute: together they left a third of the cores idle.
WAITING = (
    *("embedded/test_watch.py", "embedded/test_embedded.py", "test_main.py", "jobs/test_spare.py"),
    *("jobs/test_fork_server.py", "jobs/test_worker.py", "web/test_protocol.py"),
)

LoadText = Callable[[str, str], int]


def pytest_configure() -> None:
    """Have Ctrl-C work in what the tests start, also where a shell runs them in the background and ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow ones and begin with them, the longest first: where several processes test, all end together."""
    slow, checked = {TESTS / name for name in SLOW}, {TESTS / name for name in CHECKED}
    named = slow | checked | {TESTS / name for name in WAITING}
    if missing := [str(path) for path in sorted(named) if not path.exists()]:
        raise pytest.UsageError(
            f"{', '.join(missing)}: not there, but SLOW, CHECKED or WAITING in tests/conftest.py names it"
        )
    paths = list(dict.fromkeys(item.path for item in items))
    below = {path for path in paths if not slow.isdisjoint([path, *path.parents])}
    places = _places(sorted(paths, key=lambda path: _turn(path, is_slow=path in below)))
    for item in items:
        if item.path in below:
            item.add_marker(pytest.mark.slow)
        if "servers" in getattr(item, "fixturenames", ()) and item.path not in checked:
            item.add_marker(pytest.mark.database)
    items.sort(key=lambda item: places[item.path])  # tests of a file keep their order


def _turn(path: Path, *, is_slow: bool) -> int:
    """When a file has its turn."""
    if TESTS / "chaos" in path.parents:
        return 0
    if path in [TESTS / name for name in LONGEST]:
        return 1
    return 2 if is_slow else 3


def _places(paths: list[Path]) -> dict[Path, float]:
    """The places of files in their order, with those that wait at equal distances."""
    waiting = [TESTS / name for name in WAITING if TESTS / name in paths]
    places = {path: float(place) for place, path in enumerate(path for path in paths if path not in waiting)}
    return places | {path: number * len(places) / len(WAITING) - 0.5 for number, path in enumerate(waiting)}


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Bytes are numbered: a gzip file holds the second it was made in, and all processes must name tests alike."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """No webhook that a test makes up asks a name server or leaves this machine."""

    def resolve(host: str, _: int) -> list[str]:
        if host != "localhost":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ["127.0.0.1"]

    def connect(address: str, port: int, seconds: float) -> socket.socket:
        if not ip_address(address).is_loopback:
            raise ConnectionRefusedError
        return dialling.dial(address, port, seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(dialling.post.__kwdefaults__, "resolver", resolve)
        patch.setitem(dialling.post.__kwdefaults__, "connect", connect)
        yield


@pytest.fixture(scope="session")
def session_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with folder_in_memory() as folder:
        home = folder / "home" if folder else tmp_path_factory.mktemp("home")
        # Spare processes have tests of their own: all others would start one for nothing when they end.
        yield Settings(home=home, slots=2, spare_processes=0)


@contextmanager
def folder_in_memory() -> Iterator[Path | None]:
    """An empty folder in memory, gone afterwards, as are those of runs that were killed; None without room for one.

    ext4 makes a file slowly for some seconds after others were removed: it looks at each inode that has become free
    whether that was lately. To copy a database, which is 600 files, took ten times as long there.
    """
    if not (IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) and disk_usage(IN_MEMORY).free > ROOM_BYTES):
        yield None
        return
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tempfile, "tempdir", str(IN_MEMORY))
            remove_abandoned_folders()
            folder = stack.enter_context(scratch_folder())
        yield folder


@pytest.fixture(scope="session")
def servers(session_settings: Settings) -> Iterator[Addresses]:
    """The three servers with an empty, migrated database, to be copied."""
    with ExitStack() as stack:
        with for_copies():
            where = stack.enter_context(addresses(session_settings))
        engine = build_engine(where.database_url, pool_size=1)
        migrate(engine)
        engine.dispose()
        yield where
        databases(where.database_url).close()


@contextmanager
def for_copies() -> Iterator[None]:
    """Have a Postgres that is set up now let its role copy databases, as every test does, and not wait for the disk.

    The role may also make others, which may log in: those of dashboards. No power fails meanwhile. What rights it has
    otherwise is tested in embedded/test_rights.py. Its password is made cheap to tell: nine tenths of what it takes a
    client to connect are the 4,096 rounds that make it dear to guess.
    """
    waits = dict.fromkeys(("fsync", "full_page_writes", "synchronous_commit"), "off")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres, "SETTINGS", postgres.SETTINGS | waits | {"shared_buffers": COPIES_BUFFERS})
        patch.setattr(postgres, "RIGHTS", "LOGIN CREATEDB CREATEROLE")
        patch.setattr(postgres, "MAKE_ROLE", f"SET scram_iterations = 1;\n\n{postgres.MAKE_ROLE}")
        patch.setattr(postgres, "ACCESS", f"{postgres.ACCESS}host all /^views_ 127.0.0.1/32 scram-sha-256\n")
        yield


@cache
def databases(url: str) -> Databases:
    """Those of the Postgres of this process; it ends what is connected to it."""
    return Databases(url)


@pytest.fixture(scope="session", autouse=True)
def shared_clients() -> Iterator[None]:
    """Have all buckets of an endpoint use the same clients: to make them takes longer than what most tests do."""
    make: Callable[[ObjectStore, StoreAddress], None] = ObjectStore.__init__

    @cache
    def clients(of: StoreAddress) -> dict[str, Any]:
        store = ObjectStore.__new__(ObjectStore)
        make(store, of)
        with suppress(Exception):  # without a bucket there is nothing to look at; then its clients are there
            store._for_spans()
            store.look()
        return vars(store)

    def share(store: ObjectStore, address: StoreAddress) -> None:
        if address.access_key is None:
            make(store, address)
            return
        vars(store).update(clients(replace(address, bucket="")), address=address, bucket=address.bucket)
        store._presigner = Presigner(store._sample_link)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ObjectStore, "__init__", share)
        yield


@pytest.fixture(scope="session", autouse=True)
def shared_trust() -> Iterator[None]:
    """Have all clients of HTTP share what they trust: to read the machine's certificates takes longer than to ask."""
    trusting: Callable[..., ssl.SSLContext] = httpcore2.default_ssl_context
    named = ("SSL_CERT_FILE", "SSL_CERT_DIR")

    @cache
    def trust(of: tuple[str | None, ...], **options: bool) -> ssl.SSLContext:
        return trusting(**options)

    def shared(**options: bool) -> ssl.SSLContext:
        return trust(tuple(map(os.environ.get, named)), **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2, "default_ssl_context", shared)
        yield


#: How passwords are hashed when nobody makes it cheap.
_SHIPPED = passwords._hashing


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hash passwords with the least that is possible, as most tests only log in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hashing", PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)))
        yield


@pytest.fixture
def shipped_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hash passwords as the product does."""
    monkeypatch.setattr(passwords, "_hashing", _SHIPPED)
    passwords._of_nobody.cache_clear()
    yield
    passwords._of_nobody.cache_clear()


@cache
def _any_engine(server: str) -> Engine:
    """An engine that knows the Postgres of the tests."""
    engine = build_engine(f"{server}/postgres", pool_size=1)
    engine.connect().close()
    engine.dispose()
    engine._compiled_cache.capacity = STATEMENTS
    return engine


def engine_of(url: str, *, connect: Callable[..., Any] | None = None, **options: Any) -> Engine:
    """An engine that has from those before it what Postgres this is, and the statements that they have compiled.

    Each would ask and compile for itself, which took a quarter of the processor time of a test of the API.
    """
    engine = build_engine(url, **options)
    if connect is not None:
        event.listen(engine, "do_connect", connect)
    known = _any_engine(url.rpartition("/")[0])
    engine.dialect, engine._compiled_cache = known.dialect, known._compiled_cache
    return engine


@contextmanager
def fresh_resources(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    lent = databases(servers.database_url)
    with lent.one() as database_url:
        own = session_settings.model_copy(update={"s3_bucket": f"test-{uuid.uuid4().hex[:12]}"})
        with _opened(replace(servers, database_url=database_url), own, lent.connecting(database_url)) as opened:
            yield opened


@contextmanager
def resources_like(model: Resources, servers: Addresses) -> Iterator[Resources]:
    """As those of a model, which nothing uses now: with a database of their own that has its rows, and its bucket."""
    model.engine.dispose()
    with (
        databases(servers.database_url).like(model.database_url) as database_url,
        _opened(replace(servers, database_url=database_url), model.settings) as opened,
    ):
        yield opened


@contextmanager
def _opened(where: Addresses, own: Settings, connect: Callable[..., Any] | None = None) -> Iterator[Resources]:
    redis = build_redis(where.redis_url, timeout_seconds=WORKER_TIMEOUT_SECONDS)
    redis.flushall()
    redis.close()
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("app.storage.resources.build_engine", partial(engine_of, connect=connect))
            patch.setattr(ObjectStore, "ensure_bucket", _new_bucket)
            opened = stack.enter_context(open_resources(own, where))
        yield opened


def _new_bucket(store: ObjectStore) -> None:
    """Create the bucket without looking first whether it is there: mostly nobody else has its name."""
    with suppress(store._client.exceptions.BucketAlreadyOwnedByYou, store._client.exceptions.BucketAlreadyExists):
        store._client.create_bucket(Bucket=store.bucket)


@pytest.fixture
def resources(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    """Clients of the servers: an empty migrated database, an empty Redis, an empty bucket."""
    with fresh_resources(servers, session_settings) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def untouched(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    """As resources, for those tests of a module in which everything is refused; each asks for stores_nothing, too."""
    with fresh_resources(servers, session_settings) as fresh:
        yield fresh


@pytest.fixture
def stores_nothing(untouched: Resources) -> Iterator[None]:
    """Looks, when the test has ended, whether anything was stored."""
    yield
    with untouched.engine.connect() as connection:
        for table in (dataset, job, upload):
            assert connection.scalar(select(func.count()).select_from(table)) == 0, table.name
    assert [item.key for page in untouched.object_store.pages("") for item in page] == []


@pytest.fixture(scope="module")
def loaded(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    """As resources, for a whole module, with sample_data loaded; tests only read the series."""
    with fresh_resources(servers, session_settings) as fresh:
        for name, kind in SAMPLES.items():
            load_file(fresh, kind, SAMPLE_DATA / f"{name}.csv")
        yield fresh


@pytest.fixture
def load_text(resources: Resources, tmp_path: Path) -> LoadText:
    """Loads a CSV given as text; returns the number of rows."""

    def run(kind: str, text: str) -> int:
        path = tmp_path / f"{kind}.csv"
        path.write_text(text, encoding="utf-8", newline="")
        return load_file(resources, kind, path).rows_read

    return run


def load_file(resources: Resources, kind: str, path: Path, **options: Any) -> Loaded:
    """Load a file that came at NOW; one that stays as it is lies in the bucket then."""
    if DATASET_KINDS[kind].stays_raw:
        raw = Raw(f"raw/{kind}/{path.name}", path.name, path.stat().st_size, sha256_of(path))
        resources.object_store.put(path, raw.key, media_type="text/csv")
        options = {"dataset_id": uuid.uuid4().hex, "raw": lambda: raw, **options}
    return load(resources.engine, DATASET_KINDS[kind], FileSource(path), **{"now": NOW, **options})


@contextmanager
def api(resources: Resources, *, slots: int, kinds: dict[str, ReportKind] = REPORT_KINDS) -> Iterator[TestClient]:
    """The application with a worker, answering in this process."""
    with (
        stopping_soon(),
        LocalClient(create_app(resources, slots=slots, kinds=kinds), raise_server_exceptions=False) as client,
    ):
        yield client


@contextmanager
def working(resources: Resources, *, slots: int, kinds: dict[str, ReportKind] = REPORT_KINDS) -> Iterator[Replica]:
    """A replica without the API."""
    with stopping_soon():
        replica = Replica(resources, slots=slots, kinds=kinds)
        replica.start()
        try:
            yield replica
        finally:
            replica.stop()


@contextmanager
def stopping_soon() -> Iterator[None]:
    """Have workers read the queue for a moment at a time: to stop one takes as long as it reads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "WAIT_MS", 20)
        yield
