"""A server or a folder has no room left for a while, under load."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

import pytest

from app.replica.reachability import LOOK_SECONDS
from tests.chaos.conftest import Stage
from tests.chaos.scene import Scene
from tests.commands import wait_until

#: Longer than Redis may lack room before the metric and the log tell, seconds.
SECONDS = LOOK_SECONDS + 5

MOUNTED_BYTES = 16 << 20


@contextmanager
def small_tmpfs(folder: Path) -> Iterator[None]:
    """The folder is a file system of its own of 16 MiB."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MOUNTED_BYTES}", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting takes the rights of root")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """The file system of a folder has no byte left."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def full_redis(scene: Scene) -> Iterator[None]:
    """Redis takes nothing more."""
    redis = scene.resources.redis
    redis.config_set("maxmemory", "1")
    try:
        yield
    finally:
        redis.config_set("maxmemory", "0")


def logs(scene: Scene) -> str:
    return "".join(replica.log.read_text(errors="replace") for replica in scene.cluster.replicas)


@pytest.mark.chaos
@pytest.mark.timeout(400)
def test_reports_complete_while_redis_has_no_memory_left(stage: Stage) -> None:
    with stage(replicas=2, slots=2) as scene:
        with scene.load(per_second=20):
            sleep(2)
            with full_redis(scene):
                sleep(SECONDS)
                before = {account.id for account in scene.ledger.accounts() if account.end is not None}
                wait_until(lambda: len([one for one in scene.ledger.accounts() if one.end is not None]) > len(before))
            sleep(2)
        found = scene.finish()
        told = logs(scene)
        scene.promises.faults["Redis at maxmemory"] += 1
    assert found.failed == {}
    assert scene.ledger.failures == []
    assert "Redis has no memory left" in told


@pytest.mark.chaos
@pytest.mark.timeout(400)
def test_a_replica_without_room_for_temporary_files_waits_and_fails_nothing(stage: Stage, tmp_path: Path) -> None:
    with small_tmpfs(tmp_path / "replicas"), stage(replicas=1, slots=2) as scene:
        with scene.load(per_second=10):
            sleep(3)
            with full(tmp_path / "replicas"):
                (replica,) = scene.cluster.replicas
                wait_until(lambda: not replica.is_ready(), seconds=60)
                sleep(5)
            wait_until(replica.is_ready, seconds=60)
        found = scene.finish()
        scene.promises.faults["full temporary folders"] += 1
    assert found.failed == {}
