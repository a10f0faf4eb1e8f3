"""A server or a replica stands still for a while, with its connections open, as a paused machine does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import sleep

import pytest

from app.embedded.programs import SERVERS
from tests.chaos.conftest import Stage
from tests.chaos.scene import Scene
from tests.chaos.servers import standing_still, with_all_below
from tests.chaos.test_pauses import SLOTS, completions, fill_slots
from tests.chaos.test_uploads import MIB, latest, stored, write
from tests.uploads.clients import begun

#: Less than what a hung server of a home is ended after, seconds.
SERVER_SECONDS = 20

#: Longer than a lease and a sweep, seconds.
REPLICA_SECONDS = 40

FILE_BYTES = 20 * MIB

CHUNK_BYTES = MIB // 4

#: What a request may be told meanwhile: to come again.
LATER = ("503", "429")


@contextmanager
def upload(scene: Scene, path: Path) -> Iterator[None]:
    """Send a file in eighty pieces, with a pause after each; it has arrived when the context closes."""
    wrong = list[BaseException]()

    def send() -> None:
        try:
            with path.open("rb") as file:
                uploader = begun(scene.cluster.replicas[0].address, file)
                uploader.chunk_size = CHUNK_BYTES
                while uploader.offset < FILE_BYTES:
                    uploader.upload_chunk()
                    sleep(0.05)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            wrong.append(error)

    sending = Thread(target=send, name="upload")
    sending.start()
    try:
        yield
    finally:
        sending.join()
    assert wrong == []


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SERVERS)
def test_requests_end_while_a_server_stands_still_and_go_on_with_it(stage: Stage, tmp_path: Path, name: str) -> None:
    expected = write(tmp_path / "file", FILE_BYTES)
    with stage(replicas=2, slots=2) as scene:
        with scene.load(per_second=20), upload(scene, tmp_path / "file"):
            sleep(2)
            with scene.servers.paused(name):
                sleep(SERVER_SECONDS)
            sleep(5)
            told = len(scene.ledger.failures)
            sleep(5)
            assert scene.ledger.failures[told:] == []  # all threads are free again
        found = scene.finish()
        assert stored(scene.resources, latest(scene.resources)) == expected
        scene.promises.faults[f"standstills of {name}"] += 1
    assert [one for one in scene.ledger.failures if not one.why.startswith(LATER)] == []
    assert found.failed == {}


@pytest.mark.chaos
@pytest.mark.timeout(400)
def test_another_replica_takes_over_what_one_has_that_stands_still_with_all_its_processes(stage: Stage) -> None:
    with stage(replicas=2, slots=SLOTS) as scene:
        fill_slots(scene)
        with standing_still(with_all_below(scene.cluster.replicas[0].pid)):
            sleep(REPLICA_SECONDS)
        found = scene.finish()
        history = scene.history().values()
        scene.promises.faults["standstills of a replica"] += 1
    assert found.failed == {}
    assert max(found.attempts.values()) == 2
    assert all(completions(changes) == 1 for changes in history)
