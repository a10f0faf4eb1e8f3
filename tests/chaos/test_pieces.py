"""A cluster whose processes are killed under roll-ups and reports: the same bytes, or a failure that is tried again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from time import sleep

import psutil
import pytest

from app.errors import ClusterUnavailable
from app.jobs.cleanup import clean_up
from app.pieces.cluster.runner import OnCluster
from app.pieces.piece import piece_of
from app.reports import spread, store_figures
from app.reports.kinds.uptime import UptimeParams
from app.reports.registry import REPORT_KINDS
from app.rollup.grouping import Grouping
from app.rollup.roll_up import roll_up
from app.rollup.work import Work
from app.series.table_files import TableFile
from app.settings import Settings
from app.storage.resources import Addresses
from tests.commands import REPOSITORY, wait_until
from tests.conftest import fresh_resources
from tests.pieces import pieces
from tests.pieces.certificates import tls_files
from tests.pieces.local_cluster import Cluster, bucket_variables, cluster, started
from tests.reports.test_sealed_weeks import resolved
from tests.reports.test_spread import made
from tests.rollup.world import World, with_tiny_ranges
from tests.sealed import seal
from tests.series.sealed.weeks import FIRST, SECOND, at, bring, some_polls

pytestmark = pytest.mark.chaos

KILLS = 3

#: Bytes of each range of the table, of which each is a piece.
RANGE_BYTES = 100_000

ROWS = 150_000

BY_SONG = Grouping(by=("Song",), sum=("Number of Plays",), count=True, max_part_bytes=100_000)

Case = tuple[World, TableFile, dict[str, str]]


@pytest.fixture(scope="module")
def case(servers: Addresses, session_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A bucket with a table of some twenty ranges, and the settings by which workers reach it."""
    with fresh_resources(servers, session_settings) as resources, pytest.MonkeyPatch.context() as patch:
        with_tiny_ranges(patch, RANGE_BYTES)
        world = World(resources, tmp_path_factory.mktemp("tables"))
        lines = (f"song {number * 7919 % 50_021},2020-01-01,{number}\n" for number in range(ROWS))
        table = world.table("Song,Date,Number of Plays\n" + "".join(lines))
        assert len(table.ranges()) >= 20
        yield world, table, bucket_variables(servers, resources.settings.s3_bucket)


def work_of(case: Case, settings: Settings) -> Work:
    return replace(case[0].work([case[1]], BY_SONG), settings=settings)


def parts(case: Case, work: Work) -> list[bytes]:
    return [case[0].bytes_of(part) for part in roll_up(work, one_go_bytes=-1).parts]


def test_a_roll_up_has_the_same_bytes_although_workers_are_killed(case: Case, tmp_path: Path) -> None:
    here = parts(case, work_of(case, Settings()))
    with cluster(tmp_path, workers=2, variables=case[2]) as found, ThreadPoolExecutor() as threads:
        work = work_of(case, found.settings())
        run = threads.submit(parts, case, work)
        killed: set[int] = set()
        while len(killed) < KILLS:
            before = len(case[0].keys(work.prefix))
            wait_until(lambda: len(case[0].keys(work.prefix)) > before or run.done())  # noqa: B023
            assert not run.done(), "there is nothing left to disturb"
            for process in found.workers.works()[:1]:
                process.kill()
                killed.add(process.pid)
        assert run.result() == here
        assert case[0].keys(f"{work.prefix}pieces/") == []


def test_a_roll_up_whose_scheduler_is_killed_leaves_nothing_and_goes_well_again(case: Case, tmp_path: Path) -> None:
    here = parts(case, work_of(case, Settings()))
    with cluster(tmp_path, workers=2, variables=case[2]) as found, ThreadPoolExecutor() as threads:
        work = work_of(case, found.settings())
        run = threads.submit(parts, case, work)
        wait_until(lambda: len(case[0].keys(work.prefix)) > 3)
        found.scheduler.kill()
        with pytest.raises(ClusterUnavailable, match="was lost while it had pieces") as refused:
            run.result()
        assert refused.value.retryable
        found.workers.popen.wait(60)
    assert case[0].keys(work.prefix) == [], "all that could have added something has ended"
    with cluster(tmp_path, workers=2, variables=case[2]) as found:
        assert parts(case, replace(work, settings=found.settings(), folder=tmp_path)) == here


def test_a_piece_that_kills_every_worker_is_given_up_and_the_workers_come_back(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "told"
    folder.mkdir()
    with cluster(tmp_path, workers=1, variables=case[2]) as found:
        runner = OnCluster(found.settings())
        arguments = {"folder": str(folder), "name": "poison"}
        with pytest.raises(ClusterUnavailable, match="Several workers of the cluster died") as refused:
            list(runner.run([piece_of(pieces.die, {**arguments, "times": 1000})]))
        assert refused.value.retryable
        assert len(list(folder.glob("poison-*"))) == 4
        assert [number for number, _ in runner.run([piece_of(pieces.tell, {**arguments, "name": "later"})])] == [0]
        scratch = [path for path in (tmp_path / "dask-scratch-space").glob("worker-*") if path.is_dir()]
        assert len(scratch) == 1, "folders of killed workers are removed"


def test_pieces_of_a_killed_client_end(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "told"
    folder.mkdir()
    script = (
        "import sys; from app.pieces.cluster.runner import OnCluster; from app.pieces.piece import Piece; "
        "from app.settings import Settings\n"
        "if __name__ == '__main__':\n"
        "    piece = Piece('tests.pieces.pieces:wait', {'folder': sys.argv[1], 'name': 'piece'})\n"
        "    list(OnCluster(Settings()).run([piece]))\n"
    )
    with cluster(tmp_path, workers=1, variables=case[2]) as found:
        own = os.environ | {"OPENHOURS_DASK_SCHEDULER": found.address, "PYTHONPATH": str(REPOSITORY)}
        with subprocess.Popen([sys.executable, "-c", script, str(folder)], env=own, cwd=tmp_path) as client:
            (told,) = wait_until(lambda: list(folder.glob("piece-*")), client)
            client.send_signal(signal.SIGKILL)
        process = int(told.name.rpartition("-")[2])
        wait_until(lambda: not psutil.pid_exists(process))
        wait_until(lambda: found.workers.count("Registered to:") == 2)
        sleep(2)
        assert len(list(folder.glob("piece-*"))) == 1, "nobody does it again"


def test_a_cluster_works_over_tls_and_takes_no_worker_of_another_authority(case: Case, tmp_path: Path) -> None:
    known, others = tls_files(tmp_path / "known"), tls_files(tmp_path / "others")
    variables, wrong = (
        {**case[2], **{f"OPENHOURS_{name.upper()}": path for name, path in files.items()}} for files in (known, others)
    )
    folder = tmp_path / "told"
    folder.mkdir()
    with ExitStack() as stack:
        found: Cluster = stack.enter_context(cluster(tmp_path, workers=1, variables=variables))
        own = {**wrong, "OPENHOURS_DASK_SCHEDULER": found.address}
        stranger = stack.enter_context(started(tmp_path, "dask-worker", variables=own))
        wait_until(lambda: found.scheduler.said(r"(?i)certificate|handshake|unknown ca"), stranger.popen)
        arguments = {"folder": str(folder), "name": "piece"}
        ((_, process),) = OnCluster(found.settings(**known)).run([piece_of(pieces.tell, arguments)])
        assert process in [one.pid for one in found.workers.works()]
        assert not stranger.said("Registered to:")


#: Stores of a report, of which each is a piece, and polls of each in each of two weeks.
STORES, POLLS = 40, 200


@pytest.fixture
def params(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UptimeParams:
    """Of a report in pieces of a store each, on a sealed week and one that is not."""
    resources = case[0].resources
    bring(resources, some_polls(stores=STORES, each=POLLS), tmp_path)
    seal(resources, [FIRST])
    monkeypatch.setattr(store_figures, "is_worth_it", lambda *_: True)
    monkeypatch.setattr(spread, "PIECE_POLLS", 1)
    asked = {"accounting": "exact", "from": "2023-01-16", "to": "2023-01-30", "by": "hour", "as_of": at(SECOND, 9000)}
    return resolved(resources, asked)


def test_a_report_has_the_same_bytes_although_workers_are_killed(
    case: Case, params: UptimeParams, tmp_path: Path
) -> None:
    resources = case[0].resources
    here = made(resources, params)
    with cluster(tmp_path, workers=2, variables=case[2]) as found, ThreadPoolExecutor() as threads:
        before = len(case[0].keys("reports/"))
        run = threads.submit(made, resources, params, found.settings())
        killed: set[int] = set()
        while len(killed) < KILLS:
            there = len(case[0].keys("reports/"))
            wait_until(lambda: len(case[0].keys("reports/")) > there or run.done())  # noqa: B023
            assert not run.done(), "there is nothing left to disturb"
            for process in found.workers.works()[:1]:
                process.kill()
                killed.add(process.pid)
        assert run.result() == here
        wait_until(lambda: len(case[0].keys("reports/")) == before)


def test_a_report_whose_scheduler_is_killed_leaves_nothing_and_fails_for_now(
    case: Case, params: UptimeParams, tmp_path: Path
) -> None:
    before = len(case[0].keys("reports/"))
    with cluster(tmp_path, workers=2, variables=case[2]) as found, ThreadPoolExecutor() as threads:
        run = threads.submit(made, case[0].resources, params, found.settings())
        wait_until(lambda: len(case[0].keys("reports/")) > before + 3)
        found.scheduler.kill()
        with pytest.raises(ClusterUnavailable, match="was lost while it had pieces") as refused:
            run.result()
        assert refused.value.retryable
        found.workers.popen.wait(60)


#: Makes a report in pieces in a process of its own.
REPORT = """
import sys
from pathlib import Path
from app.reports import spread, store_figures
from app.reports.kinds.uptime import UptimeParams, produce
from app.jobs.kind import JobContext
from app.settings import Settings
from app.storage.object_store import StoreAddress
from app.storage.postgres import build_engine
if __name__ == "__main__":
    store_figures.is_worth_it, spread.PIECE_POLLS = (lambda *_: True), 1
    own, nothing = Settings(), lambda *_: None
    store = StoreAddress(own.s3_bucket, own.s3_region, own.s3_endpoint_url)
    engine = build_engine(own.database_url.get_secret_value(), pool_size=4)
    produce(JobContext(engine, own, store, Path(sys.argv[2]), sys.argv[3], nothing, "", nothing),
            UptimeParams.model_validate_json(sys.argv[1]))
"""


def test_a_report_that_is_cancelled_ends_its_pieces_and_the_clean_up_removes_the_rest(
    case: Case, params: UptimeParams, tmp_path: Path
) -> None:
    """To cancel a job kills its process."""
    folder, prefix, resources = tmp_path / "report", f"reports/{'c' * 32}/a1/", case[0].resources
    folder.mkdir()
    with cluster(tmp_path, workers=2, variables=case[2]) as found:
        own = {
            "OPENHOURS_DASK_SCHEDULER": found.address,
            "OPENHOURS_DATABASE_URL": resources.engine.url.set(drivername="postgresql").render_as_string(
                hide_password=False
            ),
            "PYTHONPATH": str(REPOSITORY),
        }
        command = [sys.executable, "-c", REPORT, params.model_dump_json(), str(folder), prefix]
        with subprocess.Popen(command, env=os.environ | case[2] | own, cwd=tmp_path) as report:
            wait_until(lambda: len(case[0].keys(prefix)) > 5, report)
            report.send_signal(signal.SIGKILL)
        sleep(3)  # the workers notice within seconds
        left = case[0].keys(prefix)
        assert left
        sleep(2)
        assert case[0].keys(prefix) == left, "nobody goes on"
        clean_up(resources, REPORT_KINDS, orphan_hours=-1)
        assert case[0].keys(prefix) == []
        assert made(resources, params, found.settings()) == made(resources, params)
