"""A scheduler without workers, which takes nobody without a certificate; and none at all."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import sleep

import pytest

from app.errors import ClusterUnavailable, SetupError
from app.pieces.cluster.runner import OnCluster
from app.pieces.here import Here
from app.pieces.piece import piece_of
from app.pieces.runners import require_runner, runner_of
from app.settings import Settings
from app.storage.object_store import ObjectStore, StoreAddress
from tests.commands import CommandLine, free_port, wait_until
from tests.pieces import pieces
from tests.pieces.certificates import tls_files
from tests.pieces.local_cluster import Cluster, cluster

PIECE = piece_of(pieces.refuse, {"received": 1})


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return tls_files(tmp_path_factory.mktemp("tls") / "known")


@pytest.fixture(scope="module")
def no_workers(known: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    variables = {f"OPENHOURS_{name.upper()}": path for name, path in known.items()}
    with cluster(tmp_path_factory.mktemp("cluster"), workers=0, variables=variables) as found:
        assert found.address.startswith("tls://")
        yield found


def refused(settings: Settings) -> ClusterUnavailable:
    with pytest.raises(ClusterUnavailable) as caught:
        list(OnCluster(settings).run([PIECE]))
    assert caught.value.retryable
    return caught.value


def test_a_cluster_without_workers_is_told_after_the_time_limit(no_workers: Cluster, known: dict[str, str]) -> None:
    message = refused(no_workers.settings(**known, dask_timeout_seconds=1)).message
    assert f"For 1 s the cluster at {no_workers.address} has had no workers, and none of this version" in message


def test_a_client_whose_certificate_another_authority_has_signed_is_refused(
    no_workers: Cluster, tmp_path: Path
) -> None:
    message = refused(no_workers.settings(**tls_files(tmp_path / "others"), dask_timeout_seconds=1)).message
    assert f"{no_workers.address}, has not answered within 1 s" in message
    assert "the files for TLS" in message


def test_a_client_without_tls_is_refused(no_workers: Cluster) -> None:
    plain = no_workers.address.replace("tls://", "tcp://")
    message = refused(Settings(dask_scheduler=plain, dask_timeout_seconds=1)).message
    assert f"{plain}, has not answered within 1 s" in message


@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
def test_a_scheduler_that_is_killed_under_pieces_is_told_at_once(no_workers: Cluster, known: dict[str, str]) -> None:
    """The last test of the module: nobody starts another one."""
    connected = no_workers.scheduler.count("Receive client connection")

    def kill() -> None:
        wait_until(lambda: no_workers.scheduler.count("Receive client connection") > connected)
        sleep(0.5)  # until it has the piece
        no_workers.scheduler.kill()

    killer = Thread(target=kill)
    killer.start()
    message = refused(no_workers.settings(**known, dask_timeout_seconds=60)).message
    killer.join()
    assert message == f"The scheduler of the cluster, {no_workers.address}, was lost while it had pieces."
    gc.collect()  # the library may leave the socket of an attempt to reconnect open, for the garbage


def test_no_scheduler_is_told_after_the_time_limit() -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    message = refused(Settings(dask_scheduler=address, dask_timeout_seconds=1)).message
    assert f"{address}, has not answered within 1 s: start it, or correct OPENHOURS_DASK_SCHEDULER" in message


def test_the_settings_choose_where_pieces_are_done(tmp_path: Path) -> None:
    store = ObjectStore(StoreAddress("b", "r", "http://127.0.0.1:9"))
    assert runner_of(Settings(), store, tmp_path) == Here(Settings(), store, tmp_path)
    there = Settings(dask_scheduler="tcp://127.0.0.1:9")
    assert runner_of(there, store, tmp_path) == OnCluster(there)


def test_without_the_extra_a_process_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    require_runner(Settings())
    with pytest.raises(SetupError, match=r"OPENHOURS_DASK_SCHEDULER is set, .* Install openhours\[cluster\]\."):
        require_runner(Settings(dask_scheduler="tcp://127.0.0.1:9"))


@pytest.mark.parametrize(
    ("arguments", "variables", "told"),
    [
        (["dask-scheduler", "--host", "0.0.0.0"], {}, "without TLS runs the code of whoever reaches it"),  # noqa: S104
        (["dask-worker"], {}, "OPENHOURS_DASK_SCHEDULER is not set"),
        (["dask-worker"], {"DASK_SCHEDULER": "tcp://127.0.0.1:9"}, "OPENHOURS_S3_ENDPOINT_URL is not set"),
        (
            ["dask-worker", "--workers", "2", "--port", "9"],
            {"DASK_SCHEDULER": "tcp://127.0.0.1:9", "S3_ENDPOINT_URL": "http://127.0.0.1:9"},
            "2 workers cannot have one port",
        ),
        (["dask-worker"], {"DASK_SCHEDULER": "http://127.0.0.1:9"}, "begin with tls:// or tcp://"),
        (["dask-worker"], {"DASK_SCHEDULER": "tls://127.0.0.1:9"}, "needs OPENHOURS_DASK_TLS_CA_FILE, OPENHOURS_"),
        (["dask-worker"], {"DASK_TLS_KEY_FILE": "/no/such.key"}, "is not a file that this process can read"),
    ],
)
def test_what_is_wrong_with_a_command_of_a_cluster_is_told(
    command_line: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    variables: dict[str, str],
    told: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"OPENHOURS_{name}", value)
    outcome = command_line(*arguments)
    assert outcome.code == 2
    assert told in " ".join(outcome.err.split())


def test_a_command_of_a_cluster_without_the_extra_says_how_to_get_it(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    for role in ("worker", "scheduler"):
        outcome = command_line(f"dask-{role}")
        assert outcome.code == 1
        assert "Install openhours[cluster]." in outcome.err


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(monkeypatch, capsys)
