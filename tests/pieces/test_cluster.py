"""Pieces done by a real scheduler and two real workers on loopback."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from distributed import Client

from app import __version__
from app.errors import ClusterUnavailable, InvalidParameters, MemoryLimitExceeded, SealedWeekDamaged
from app.pieces.cluster.runner import OnCluster
from app.pieces.here import Here
from app.pieces.piece import Piece, piece_of
from app.reports import spread, store_figures
from app.reports.kinds.uptime import UptimeParams
from app.rollup.grouping import Grouping
from app.rollup.roll_up import roll_up
from app.settings import Settings
from app.storage.object_store import ObjectStore
from app.storage.resources import Addresses
from tests.commands import wait_until
from tests.conftest import fresh_resources
from tests.pieces import pieces
from tests.pieces.local_cluster import Cluster, bucket_variables, cluster
from tests.reports.test_sealed_weeks import resolved
from tests.reports.test_spread import made
from tests.reports.test_uptime import clear
from tests.rollup.world import World, text_of, with_tiny_ranges
from tests.sealed import seal
from tests.series.sealed.weeks import FIRST, SECOND, at, bring, in_bucket, some_polls

PLAYS = "Song,Date,Number of Plays\n"

BY_SONG = Grouping(by=("Song",), sum=("Number of Plays",), count=True, max_part_bytes=400)


@pytest.fixture(scope="module")
def world(servers: Addresses, session_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with fresh_resources(servers, session_settings) as resources:
        yield World(resources, tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def store(world: World) -> ObjectStore:
    return world.resources.object_store


@pytest.fixture(scope="module")
def two_workers(servers: Addresses, world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    own = bucket_variables(servers, world.resources.settings.s3_bucket)
    variables = {**own, "OPENHOURS_REPORT_MEMORY_LIMIT_MB": "256"}
    with cluster(tmp_path_factory.mktemp("cluster"), workers=2, variables=variables) as found:
        yield found


def squares(prefix: str) -> list[Piece]:
    return [piece_of(pieces.square, {"number": number, "prefix": prefix}) for number in range(7)]


def told(tmp_path: Path, name: str) -> list[int]:
    """The processes that have begun the piece of this name."""
    return [int(path.name.rpartition("-")[2]) for path in tmp_path.glob(f"{name}-*")]


def test_the_results_are_those_of_this_process(two_workers: Cluster, store: ObjectStore, tmp_path: Path) -> None:
    results: list[list[tuple[int, Any]]] = []
    for runner in (OnCluster(two_workers.settings()), Here(Settings(), store, tmp_path)):
        found = sorted(runner.run(squares(f"{type(runner).__name__}/")))
        assert [store.get_bytes(made["key"]) for _, made in found] == [b"0", b"1", b"4", b"9", b"16", b"25", b"36"]
        results.append([(number, made["number"]) for number, made in found])
    assert results[0] == results[1] == [(number, number) for number in range(7)]


def test_a_roll_up_has_the_same_bytes(two_workers: Cluster, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with_tiny_ranges(monkeypatch, 10_000)
    table = world.table(PLAYS + "".join(f"song {number % 97},x,{number}\n" for number in range(3000)))
    here, there = world.work([table], BY_SONG), world.work([table], BY_SONG)
    there = replace(there, settings=two_workers.settings())
    found = [[world.bytes_of(part) for part in roll_up(work, one_go_bytes=-1).parts] for work in (here, there)]
    assert found[0] == found[1]
    assert len(found[0]) > 3
    assert len(text_of(found[0]).splitlines()) == 97
    assert world.keys(f"{there.prefix}pieces/") == []


@pytest.fixture
def params(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UptimeParams:
    """Of a report on a sealed week and one that is not, which goes to a cluster in pieces of a store each."""
    clear(world.resources)
    bring(world.resources, some_polls(), tmp_path)
    seal(world.resources, [FIRST])
    monkeypatch.setattr(store_figures, "is_worth_it", lambda *_: True)
    monkeypatch.setattr(spread, "PIECE_POLLS", 1)
    asked = {"accounting": "exact", "from": "2023-01-16", "to": "2023-01-30", "by": "day", "as_of": at(SECOND, 9000)}
    return resolved(world.resources, asked)


def test_a_report_has_the_same_bytes(two_workers: Cluster, world: World, params: UptimeParams) -> None:
    windows = {"from_": None, "to": None, "by": None, "zone": None, "accounting": "hourly", "target_percent": 60}
    for one in (params, params.model_copy(update=windows)):
        assert made(world.resources, one, two_workers.settings()) == made(world.resources, one)


def test_a_report_for_which_there_is_no_worker_fails_for_now_and_leaves_nothing(
    two_workers: Cluster, world: World, params: UptimeParams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_figures, "runner_of", lambda own, *_: OnCluster(own, version="0.0.9"))
    with pytest.raises(ClusterUnavailable, match=r"none of this version, 0\.0\.9") as refused:
        made(world.resources, params, two_workers.settings(dask_timeout_seconds=1))
    assert refused.value.retryable


def test_a_damaged_file_of_a_sealed_week_is_told_by_a_worker(
    two_workers: Cluster, world: World, params: UptimeParams
) -> None:
    world.resources.object_store.remove(in_bucket(world.resources))
    with pytest.raises(SealedWeekDamaged, match=rf"sealed/{FIRST}/\S+ in the bucket"):
        made(world.resources, params, two_workers.settings())


def of(function: Any, tmp_path: Path, *names: str, **others: Any) -> list[Piece]:
    return [piece_of(function, {"folder": str(tmp_path), "name": name, **others}) for name in names]


def test_all_workers_are_used_and_each_does_one_piece_at_a_time(two_workers: Cluster, tmp_path: Path) -> None:
    runner = OnCluster(two_workers.settings())
    met, alone = tmp_path / "met", tmp_path / "alone"
    met.mkdir()
    alone.mkdir()
    assert len({process for _, process in runner.run(of(pieces.meet, met, "a", "b", expected=2))}) == 2
    with ThreadPoolExecutor() as threads:  # each of two runs gives as many pieces as there are workers
        runs = [threads.submit(lambda: list(runner.run(of(pieces.keep_alone, alone, *"abcd")))) for _ in range(2)]
        assert [len(run.result()) for run in runs] == [4, 4]


def test_a_piece_is_made_when_there_is_a_worker_for_it(two_workers: Cluster, tmp_path: Path) -> None:
    asked: list[Piece] = []

    def made_one_by_one() -> Iterator[Piece]:
        for piece in of(pieces.tell, tmp_path, *"abcdefgh"):
            asked.append(piece)
            yield piece

    for done, _ in enumerate(OnCluster(two_workers.settings()).run(made_one_by_one()), 1):
        assert len(asked) <= done + 2
    assert len(asked) == done == 8


def test_a_worker_of_another_version_takes_no_piece_and_that_is_told(two_workers: Cluster, tmp_path: Path) -> None:
    runner = OnCluster(two_workers.settings(dask_timeout_seconds=1), version="0.0.9")
    with pytest.raises(ClusterUnavailable) as refused:
        list(runner.run(of(pieces.tell, tmp_path, "piece")))
    assert f"only workers of other versions ({__version__})" in refused.value.message
    assert "none of this version, 0.0.9: start some (openhours dask-worker)" in refused.value.message
    assert refused.value.retryable
    assert told(tmp_path, "piece") == []


def test_an_error_of_a_piece_comes_as_it_is(two_workers: Cluster) -> None:
    with pytest.raises(InvalidParameters) as refused:
        list(OnCluster(two_workers.settings()).run([piece_of(pieces.refuse, {"received": [1]})]))
    assert (refused.value.message, refused.value.details) == ("It is not to be.", {"received": [1]})


def test_a_piece_has_the_memory_of_a_job_and_the_next_one_has_it_again(two_workers: Cluster) -> None:
    runner = OnCluster(two_workers.settings())
    with pytest.raises(MemoryLimitExceeded, match=r"more than the 256 MiB .* \(OPENHOURS_REPORT_MEMORY_LIMIT_MB\)"):
        list(runner.run([piece_of(pieces.devour, {"bytes": 257 << 20})]))
    fits = [piece_of(pieces.devour, {"bytes": 200 << 20})] * 3
    assert list(runner.run(fits[:1])) == [(0, 200 << 20)]


def test_the_cluster_keeps_no_result_that_was_taken(two_workers: Cluster, tmp_path: Path) -> None:
    results = OnCluster(two_workers.settings()).run(of(pieces.tell, tmp_path, "first", "second", "third"))
    with Client(two_workers.address, set_as_default=False) as client:

        def kept() -> set[str]:
            return {key[-2:] for keys in client.has_what().values() for key in keys}

        for _ in range(3):
            number, _ = next(results)
            wait_until(lambda: f"-{number}" not in kept())  # noqa: B023 - it is over when the next one comes
    results.close()


def test_what_the_library_raises_when_it_is_closed_is_not_what_a_job_hears(
    two_workers: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen when it was about to reach a scheduler again that had been killed, over TLS."""

    async def break_off(*_: Any, **__: Any) -> None:
        raise ValueError("IOStream is not idle; cannot convert to SSL")

    monkeypatch.setattr(Client, "_close", break_off)
    assert len(list(OnCluster(two_workers.settings()).run(of(pieces.tell, tmp_path, "a", "b")))) == 2


def test_a_piece_whose_worker_is_killed_is_done_by_another(two_workers: Cluster, tmp_path: Path) -> None:
    results = OnCluster(two_workers.settings()).run(of(pieces.die, tmp_path, *"abc", times=0))
    assert len(dict(results)) == 3
    dying = of(pieces.die, tmp_path, "dying", times=1) + of(pieces.tell, tmp_path, *"de")
    done = dict(OnCluster(two_workers.settings()).run(dying))
    assert sorted(done) == [0, 1, 2]
    first, second = told(tmp_path, "dying")
    assert {done[0]} < {first, second}


def test_to_close_the_iterator_ends_the_processes_of_pieces_under_way(two_workers: Cluster, tmp_path: Path) -> None:
    runner = OnCluster(two_workers.settings())
    results = runner.run([*of(pieces.tell, tmp_path, "first"), *of(pieces.wait, tmp_path, "second", "third")])
    next(results)
    (process, *_) = wait_until(lambda: told(tmp_path, "second") + told(tmp_path, "third"))
    results.close()
    wait_until(lambda: not psutil.pid_exists(process))
    assert [number for number, _ in runner.run(of(pieces.tell, tmp_path, "later"))] == [0]
