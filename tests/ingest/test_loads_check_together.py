"""Any number of files are checked at the same time; what comes of it is as if they had come one after the other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Event
from typing import IO, Any

import pytest
from sqlalchemy import Connection, text

from app.errors import RejectedFile
from app.ingest.load import unload
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.storage.resources import Resources
from tests.commands import wait_until
from tests.conftest import NOW, load_file
from tests.ingest.checking import small_blocks
from tests.ingest.stepping import PATIENCE_SECONDS, SteppedLoad
from tests.ingest.world import HEADERS, File, World, random_file, tables

#: Two files of each kind that name the same entities and say different things of them; each of several blocks.
PAIRS: dict[str, tuple[list[tuple[str, ...]], list[tuple[str, ...]]]] = {
    "polls": (
        [(f"s{n}", "active", "2023-01-16T05:00:00Z") for n in range(12)],
        [(f"s{n}", "inactive", "2023-01-16T05:00:00Z") for n in reversed(range(12))],
    ),
    "hours": (
        [(f"s{n}", "0", "08:00:00", "17:00:00") for n in range(12)],
        [(f"s{n}", "1", "09:00:00", "17:00:00") for n in reversed(range(12))],
    ),
    "timezones": (
        [(f"s{n}", "Asia/Tokyo") for n in range(12)],
        [(f"s{n}", "UTC") for n in reversed(range(12))],
    ),
    "pull_requests": (
        [("org/api", str(n), f"t{n}", "ada", "2024-11-01T20:00:00Z") for n in range(1, 13)],
        [("org/api", str(n), f"t{n}", "bob", "2024-11-01T20:00:00Z") for n in reversed(range(1, 13))],
    ),
    "review_times": (
        [("10", "7", "2023-01-16", f"t{n}") for n in range(12)],
        [("20", "7", "2023-01-16", f"t{n}") for n in reversed(range(12))],
    ),
}


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


@pytest.fixture(autouse=True)
def _blocks_of_a_row_or_two(monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch, 30)


def begun(pool: ThreadPoolExecutor, resources: Resources, file: File, folder: Path, **options: Any) -> SteppedLoad:
    return SteppedLoad(pool, resources, file.kind, file.write(folder), dataset_id=file.dataset_id, **options)


def after(*files: File) -> dict[str, list[tuple[str, ...]]]:
    world = World()
    for file in files:
        world.take(file)
    return world.tables()


@pytest.mark.parametrize("held_kind", PAIRS)
@pytest.mark.parametrize("other_kind", PAIRS)
def test_a_load_ends_while_another_is_held_in_its_check(
    resources: Resources, pool: ThreadPoolExecutor, tmp_path: Path, held_kind: str, other_kind: str
) -> None:
    one = File(held_kind, PAIRS[held_kind][0], "1" * 32)
    two = File(other_kind, PAIRS[other_kind][1], "2" * 32)
    held = begun(pool, resources, one, tmp_path)
    for _ in range(2):
        held.step()  # it has named entities that nobody has
    other = begun(pool, resources, two, tmp_path)
    assert other.finish().rows_accepted == 12
    assert not held.has_ended
    assert tables(resources) == after(two)
    assert held.finish().rows_accepted == 12
    assert tables(resources) == after(two, one)


@pytest.mark.parametrize("seed", range(8))
def test_however_loads_take_turns_they_leave_what_they_leave_one_after_the_other(
    resources: Resources, pool: ThreadPoolExecutor, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    files = [random_file(random, str(number) * 32, is_wrong=number == 3) for number in range(4)]
    merged: list[File] = []
    loads = [
        begun(pool, resources, file, tmp_path, before_commit=lambda *_, file=file: merged.append(file))
        for file in files
    ]
    while under_way := [load for load in loads if not load.has_ended]:
        random.choice(under_way).step()
    for load, file in zip(loads, files, strict=True):
        if file.is_wrong:
            with pytest.raises(RejectedFile):
                load.finish()
        else:
            assert load.finish().rows_read == len(file.rows)
    assert len(merged) == 3
    assert tables(resources) == after(*merged)


def test_a_rejected_file_leaves_no_entity_while_others_load(
    resources: Resources, pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    wrong = File("polls", [*PAIRS["polls"][0], ("only", "active", "2023-01-16T05:00:00Z")], "1" * 32, is_wrong=True)
    right = File("timezones", PAIRS["timezones"][0], "2" * 32)
    loads = [begun(pool, resources, file, tmp_path) for file in (wrong, right)]
    for load in loads * 2:
        load.step()
    with pytest.raises(RejectedFile):
        loads[0].finish()
    assert tables(resources) == after()
    loads[1].finish()
    assert tables(resources) == after(right)


def waits_for_the_merge_of_another(resources: Resources) -> bool:
    query = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "
    with resources.engine.connect() as connection:
        return bool(
            connection.scalar(text(f"{query}(SELECT oid FROM pg_database WHERE datname = current_database()))"))
        )


def test_two_loads_never_merge_at_the_same_time(resources: Resources, pool: ThreadPoolExecutor, tmp_path: Path) -> None:
    files = [File("polls", PAIRS["polls"][number], str(number) * 32) for number in (0, 1)]
    paths = [file.write(tmp_path) for file in files]
    merges, may_end = Event(), Event()
    stages: list[str] = []

    def stand(*_: object) -> None:
        merges.set()
        assert may_end.wait(PATIENCE_SECONDS)

    first = pool.submit(load_file, resources, "polls", paths[0], before_commit=stand)
    assert merges.wait(PATIENCE_SECONDS)
    second = pool.submit(load_file, resources, "polls", paths[1], stage=stages.append)
    wait_until(lambda: waits_for_the_merge_of_another(resources))
    assert stages == ["checking"]
    may_end.set()
    assert first.result(PATIENCE_SECONDS).rows_accepted == second.result(PATIENCE_SECONDS).rows_accepted == 12
    assert stages == ["checking", "loading"]
    assert tables(resources) == after(*files)


@pytest.mark.parametrize("kind", ["polls", "hours", "timezones"])
def test_an_entity_that_somebody_makes_without_a_load_is_the_one_that_counts(
    resources: Resources, pool: ThreadPoolExecutor, tmp_path: Path, kind: str
) -> None:
    file = File(kind, PAIRS[kind][0], "1" * 32)
    load = begun(pool, resources, file, tmp_path)
    load.step()
    load.step()
    with resources.engine.begin() as connection:
        made = connection.scalar(text("INSERT INTO entity (kind, key) VALUES ('store', 's0') RETURNING id"))
    load.finish()
    with resources.engine.connect() as connection:
        assert connection.scalars(text("SELECT id FROM entity WHERE key = 's0'")).all() == [made]
    assert tables(resources) == after(file)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_merge_waits_for_an_entity_that_somebody_is_making(
    resources: Resources, pool: ThreadPoolExecutor, tmp_path: Path, *, is_kept: bool
) -> None:
    file = File("polls", PAIRS["polls"][0], "1" * 32)
    path = file.write(tmp_path)
    with resources.engine.connect() as connection:
        connection.execute(text("INSERT INTO entity (kind, key) VALUES ('store', 's3')"))
        load = pool.submit(load_file, resources, "polls", path)
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted")
        wait_until(lambda: connection.scalar(waiting))
        (connection.commit if is_kept else connection.rollback)()
    assert load.result(PATIENCE_SECONDS).rows_accepted == 12
    assert tables(resources) == after(file)


class SlowSource:
    """A file whose second half comes when it may; ``asked`` is set when it is waited for."""

    name = "slow.csv"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.asked, self.may_come = Event(), Event()

    def open(self) -> IO[bytes]:
        return self._Stream(self)  # type: ignore[return-value] # has what is used of one

    class _Stream:
        def __init__(self, source: "SlowSource") -> None:
            self._source = source
            self._rest = source._path.read_bytes()
            self._half = len(self._rest) // 2

        def read(self, size: int) -> bytes:
            if len(self._rest) <= self._half:
                self._source.asked.set()
                assert self._source.may_come.wait(PATIENCE_SECONDS)
            piece, self._rest = self._rest[:size], self._rest[size:]
            return piece

        def close(self) -> None:
            pass


@contextmanager
def removal_under_way(pool: ThreadPoolExecutor, resources: Resources, file: File, path: Path) -> Iterator[Any]:
    """The removal of a file, of which the first half was checked before anybody had named its entities."""
    source = SlowSource(path)
    options: dict[str, Any] = {"now": NOW, "dataset_id": file.dataset_id}
    removed = pool.submit(unload, resources.engine, DATASET_KINDS[file.kind], source, **options)
    assert source.asked.wait(PATIENCE_SECONDS)
    yield removed
    source.may_come.set()


@pytest.mark.parametrize("kind", PAIRS)
def test_a_removal_takes_out_what_a_load_has_brought_since_it_began(
    resources: Resources, pool: ThreadPoolExecutor, tmp_path: Path, kind: str
) -> None:
    file = File(kind, PAIRS[kind][0] * 10, "1" * 32)
    path = file.write(tmp_path)
    with removal_under_way(pool, resources, file, path) as removed:
        load_file(resources, kind, path, dataset_id=file.dataset_id)
    assert removed.result(PATIENCE_SECONDS) == (120 if kind == "review_times" else 12)
    assert {name: rows for name, rows in tables(resources).items() if rows} == {"entities": after(file)["entities"]}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_removal_names_no_new_entity(resources: Resources, tmp_path: Path, kind: str) -> None:
    path = File(kind, PAIRS[kind][0], "1" * 32).write(tmp_path)
    assert unload(resources.engine, DATASET_KINDS[kind], FileSource(path), now=NOW, dataset_id="1" * 32) == 0
    assert tables(resources) == after()


def test_a_load_that_fails_in_its_merge_leaves_nothing_and_lets_the_next_one_merge(
    resources: Resources, pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    failing = File("polls", PAIRS["polls"][0], "1" * 32)
    other = File("polls", PAIRS["polls"][1], "2" * 32)
    merges = Event()

    def fail(connection: Connection, _: object) -> None:
        merges.set()
        wait_until(lambda: waits_for_the_merge_of_another(resources))
        assert connection.scalar(text("SELECT count(*) FROM entity")) == 12
        raise ZeroDivisionError

    first = pool.submit(load_file, resources, "polls", failing.write(tmp_path), before_commit=fail)
    assert merges.wait(PATIENCE_SECONDS)
    assert load_file(resources, "polls", other.write(tmp_path)).rows_accepted == 12
    with pytest.raises(ZeroDivisionError):
        first.result(PATIENCE_SECONDS)
    assert tables(resources) == after(other)
