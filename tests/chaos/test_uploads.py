"""Uploads over connections that are cut and replicas that die: what arrives is what was sent."""

import hashlib
import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import psutil
import pytest
from sqlalchemy import text

from app.catalogue.intake import upload_hooks
from app.catalogue.prefixes import BUCKET_PREFIXES
from app.catalogue.service import DatasetService
from app.jobs.cleanup import clean_up
from app.storage.resources import Resources
from app.uploads.janitor import tidy_up
from app.uploads.keys import RAW, UPLOADS
from tests.chaos.asking import ask
from tests.chaos.cluster import Cluster, cluster
from tests.chaos.promises import Promises
from tests.chaos.servers import Servers
from tests.commands import wait_until
from tests.uploads.clients import CHUNK_BYTES, SendFile, begun, javascript, patient_tus_js, tus_js, tuspy
from tests.uploads.cutting_proxy import CuttingProxy, cutting_proxy

MIB = 1 << 20

#: What a replica may write to disk, which is its log, bytes.
LOG_BYTES = 4 * MIB

CLIENTS = {"tuspy": tuspy, "tus-js-client": patient_tus_js}


@dataclass
class Watched:
    """What was seen of the replicas: growth in memory since each was ready, and bytes written to disk, at most."""

    growth_bytes: int = 0
    written_bytes: int = 0
    kills: int = 0
    cuts: int = 0


@pytest.fixture
def resources(chaos_servers: Servers) -> Iterator[Resources]:
    with chaos_servers.resources() as resources:
        yield resources


def write(path: Path, size: int) -> str:
    """A file that no packer makes smaller; returns its SHA-256."""
    dice, digest = random.Random(size), hashlib.sha256()
    with path.open("wb") as file:
        while size:
            block = dice.randbytes(min(size, MIB))
            size -= len(block)
            file.write(block)
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def watching(replicas: Cluster, proxy: CuttingProxy, *, kills: int, total_bytes: int) -> Iterator[Watched]:
    """Kill the replica that has the latest connection, again and again as bytes go by; watch all of them."""
    watched, ended = Watched(), Event()
    thresholds = [total_bytes * (number + 1) // (kills + 1) for number in range(kills)]
    ready: dict[int, int] = {}

    def look() -> None:
        for replica in replicas.ready():
            process = psutil.Process(replica.pid)
            rss_bytes = process.memory_info().rss
            watched.growth_bytes = max(watched.growth_bytes, rss_bytes - ready.setdefault(replica.pid, rss_bytes))
            watched.written_bytes = max(watched.written_bytes, process.io_counters().write_bytes)

    def loop() -> None:
        while not ended.wait(0.05):
            try:
                look()
            except psutil.NoSuchProcess:
                continue
            if thresholds and proxy.relayed_bytes >= thresholds[0]:
                thresholds.pop(0)
                for replica in list(replicas.replicas):
                    if replica.port == proxy.last_port:
                        replicas.kill(replica)
                        watched.kills += 1

    thread = Thread(target=loop, name="watcher")
    thread.start()
    try:
        yield watched
    finally:
        ended.set()
        thread.join()


def stored(resources: Resources, upload_id: str) -> str:
    """SHA-256 of the raw object of a finished upload, read from S3."""
    with resources.engine.connect() as connection:
        query = text("SELECT raw_key FROM upload WHERE id = :id AND finished_at IS NOT NULL")
        key = connection.execute(query, {"id": upload_id}).scalar_one()
    digest = hashlib.sha256()
    body = resources.object_store._client.get_object(Bucket=resources.object_store.bucket, Key=key)["Body"]
    for block in body.iter_chunks(MIB):
        digest.update(block)
    return digest.hexdigest()


def latest(resources: Resources) -> str:
    """Id of the upload that was finished last."""
    with resources.engine.connect() as connection:
        query = text("SELECT id FROM upload WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 1")
        return str(connection.execute(query).scalar_one())


def latest_fence(resources: Resources) -> int:
    with resources.engine.connect() as connection:
        return int(connection.execute(text("SELECT fence FROM upload ORDER BY id DESC LIMIT 1")).scalar_one())


def leftovers(resources: Resources) -> list[str]:
    """What S3 has beside the files of datasets when no upload goes on any more and everything was cleaned up."""
    with resources.engine.begin() as connection:
        expire = "UPDATE upload SET expires_at = now() - interval '1 second', lock_until = NULL"
        connection.execute(text(f"{expire} WHERE finished_at IS NULL"))
    tidy_up(resources, upload_hooks(DatasetService(resources)))
    clean_up(resources, {}, prefixes=BUCKET_PREFIXES, orphan_hours=-1)
    with resources.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM upload WHERE finished_at IS NULL")) == 0
        kept = set(connection.scalars(text("SELECT raw_key FROM dataset WHERE raw_key IS NOT NULL")))
    store = resources.object_store
    objects = [item.key for prefix in (UPLOADS, RAW) for page in store.pages(prefix) for item in page]
    multiparts = [found["Key"] for page in store._pages_of_uploads("") for found in page.get("Uploads", ())]
    assert kept <= set(objects)
    return [key for key in objects if key not in kept] + multiparts


def run(
    servers: Servers, resources: Resources, folder: Path, send: SendFile, *, size: int, cuts: int, kills: int
) -> Watched:
    """Send a file of ``size`` bytes through all of that, and hold the result against the promises."""
    expected = write(folder / "file", size)
    with (
        cluster(servers.environment(), folder / "replicas", replicas=2, slots=0) as replicas,
        cutting_proxy(replicas.addresses, cuts=cuts, mean_bytes=size // max(2 * cuts, 1), seed=cuts) as proxy,
        watching(replicas, proxy, kills=kills, total_bytes=size) as watched,
    ):
        send(proxy.address, folder / "file")
        watched.cuts = proxy.cuts
        files = [path.name for path in (folder / "replicas").iterdir()]
    assert stored(resources, latest(resources)) == expected
    assert (watched.kills, watched.cuts) == (kills, cuts)
    assert watched.written_bytes <= LOG_BYTES
    assert [name for name in files if not name.endswith(".log")] == []
    assert leftovers(resources) == []
    return watched


@pytest.mark.chaos
@pytest.mark.parametrize("client", CLIENTS)
def test_a_file_arrives_over_cut_connections_and_through_dying_replicas(
    chaos_servers: Servers, resources: Resources, tmp_path: Path, client: str
) -> None:
    run(chaos_servers, resources, tmp_path, CLIENTS[client], size=48 * MIB, cuts=16, kills=2)


@pytest.mark.chaos
def test_the_javascript_client_has_a_try_left_when_the_lock_of_a_dead_replica_ends(
    chaos_servers: Servers, resources: Resources, tmp_path: Path
) -> None:
    run(chaos_servers, resources, tmp_path, tus_js, size=40 * MIB, cuts=0, kills=1)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_large_file_arrives_over_200_cuts_and_10_kills(
    chaos_servers: Servers, resources: Resources, tmp_path: Path, promises: Promises, client: str
) -> None:
    begin = monotonic()
    size = int(os.environ.get("UPLOAD_MIB", "1024")) * MIB
    watched = run(chaos_servers, resources, tmp_path, CLIENTS[client], size=size, cuts=200, kills=10)
    promises.tell(
        "uploads",
        f"{client}: {size >> 20} MiB, {watched.cuts} cuts, {watched.kills} kills, SHA-256 equal, "
        f"{watched.growth_bytes >> 20} MiB more memory, "
        f"{monotonic() - begin:.0f} s",
    )
    assert watched.growth_bytes <= 200 * MIB


@pytest.mark.chaos
@pytest.mark.parametrize("client", CLIENTS)
def test_another_replica_goes_on_when_the_one_that_has_the_lock_stands_still(
    chaos_servers: Servers, resources: Resources, tmp_path: Path, client: str
) -> None:
    expected = write(tmp_path / "file", 40 * MIB)
    still: list[str] = []  # a load balancer sends nothing more there
    with (
        cluster(chaos_servers.environment(), tmp_path / "replicas", replicas=2, slots=0) as replicas,
        cutting_proxy(lambda: [one for one in replicas.addresses() if one not in still]) as proxy,
    ):

        def stop_one() -> None:
            while proxy.relayed_bytes < 20 * MIB:
                sleep(0.001)
            (replica,) = [one for one in replicas.replicas if one.port == proxy.last_port]
            replica.send(signal.SIGSTOP)
            still.append(replica.address)
            fence = latest_fence(resources)
            proxy.break_off()
            wait_until(lambda: latest_fence(resources) > fence)  # another request has the lock
            # Stopped in the middle of a part, it would hold up whoever sends that part to rclone, for as long as it is.
            replica.send(signal.SIGCONT)

        stopper = Thread(target=stop_one, daemon=True)
        stopper.start()
        CLIENTS[client](proxy.address, tmp_path / "file")
        stopper.join()
        assert still
        replicas.wait_ready(2)
        sleep(1)  # what it had begun before it stood still, it goes on with
    assert stored(resources, latest(resources)) == expected
    assert leftovers(resources) == []


@pytest.mark.chaos
def test_an_upload_that_s3_has_lost_is_gone_and_never_finished_with_a_hole(
    chaos_servers: Servers, resources: Resources, tmp_path: Path
) -> None:
    write(tmp_path / "file", 2 * CHUNK_BYTES)
    with (
        cluster(chaos_servers.environment(), tmp_path / "replicas", replicas=1, slots=0) as replicas,
        (tmp_path / "file").open("rb") as file,
    ):
        uploader = begun(replicas.addresses()[0], file)
        uploader.upload_chunk()
        chaos_servers.restart("s3")
        headers = {"Tus-Resumable": "1.0.0"}
        for method, more in (
            ("PATCH", {"Upload-Offset": str(CHUNK_BYTES), "Content-Type": "application/offset+octet-stream"}),
            ("HEAD", {}),
        ):
            body = b"x" * (9 * MIB) if method == "PATCH" else None
            answer = ask(str(uploader.url), method, body=body, headers=headers | more)
            assert answer.status == 410
        uploader.set_url(uploader.create_url())
        uploader.offset = 0
        uploader.upload()
    expected = hashlib.sha256((tmp_path / "file").read_bytes()).hexdigest()
    assert stored(resources, latest(resources)) == expected
    assert leftovers(resources) == []


@pytest.mark.chaos
def test_the_javascript_client_starts_again_when_s3_has_lost_an_upload(
    chaos_servers: Servers, resources: Resources, tmp_path: Path
) -> None:
    expected = write(tmp_path / "file", 64 * MIB)
    with (
        cluster(chaos_servers.environment(), tmp_path / "replicas", replicas=1, slots=0) as replicas,
        cutting_proxy(replicas.addresses) as proxy,
    ):

        def restart() -> None:
            while proxy.relayed_bytes < 30 * MIB:
                sleep(0.001)
            chaos_servers.restart("s3")

        restarter = Thread(target=restart, daemon=True)
        restarter.start()
        said = javascript(proxy.address, tmp_path / "file", chunkSize=4 * MIB, restartWhenGone=True)
        restarter.join()
    assert len({line for line in said.splitlines() if line.startswith("http")}) == 2
    assert stored(resources, latest(resources)) == expected
    assert leftovers(resources) == []
