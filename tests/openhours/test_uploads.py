"""The client behind ``upload``, with a server that really takes what it sends."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.catalogue import records
from app.storage.resources import Resources
from app.web.server import serving
from openhours import Problem, ServerUnreachable, uploads
from openhours.outgoing import Outgoing, outgoing
from openhours.uploads import Uploader
from tests.commands import wait_until

MIB = 1 << 20


@pytest.fixture
def address(resources: Resources) -> Iterator[str]:
    with serving(resources, slots=0) as address:
        yield address


@pytest.fixture
def uploader(address: str, tmp_path: Path) -> Iterator[Uploader]:
    uploader = Uploader(address, memory=tmp_path / "memory")
    yield uploader
    uploader.close()


def a_file(folder: Path, size_bytes: int, **options: str) -> Outgoing:
    path = folder / "polls.csv"
    path.write_bytes(random.Random(size_bytes).randbytes(size_bytes))
    looked: list[int] = []
    file = outgoing(path, kind="polls", options=options, read=looked.append)
    assert max(looked, default=0) == size_bytes
    return file


def stored(resources: Resources, dataset_id: str) -> bytes:
    with resources.engine.connect() as connection:
        record = records.find(connection, dataset_id)
    assert record is not None
    assert record.raw_key is not None
    return resources.object_store.get_bytes(record.raw_key)


def interrupted_at(size_bytes: int) -> Callable[[int], None]:
    """As a user who presses Ctrl-C."""

    def sent(done: int) -> None:
        if done >= size_bytes:
            raise KeyboardInterrupt

    return sent


def wait_until_released(resources: Resources) -> None:
    """Return when the server has saved what came of an upload before it was broken off."""
    with resources.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        wait_until(lambda: connection.scalar(text("SELECT lock_until IS NULL FROM upload")))


@pytest.mark.parametrize("size", [0, 1, 3 * MIB, 20 * MIB])
def test_a_file_arrives_as_it_is(uploader: Uploader, resources: Resources, tmp_path: Path, size: int) -> None:
    file = a_file(tmp_path, size)
    told: list[int] = []
    dataset_id = uploader.send(file, sent=told.append)
    assert stored(resources, dataset_id) == file.path.read_bytes()
    assert told[-1] == size
    assert uploader.send(file, sent=told.append) == dataset_id
    uploader.forget(file)
    assert list((tmp_path / "memory").iterdir()) == []


def test_an_upload_that_was_interrupted_goes_on_where_it_was(
    uploader: Uploader, address: str, resources: Resources, tmp_path: Path
) -> None:
    file = a_file(tmp_path, 20 * MIB)
    with pytest.raises(KeyboardInterrupt):
        uploader.send(file, sent=interrupted_at(17 * MIB))
    wait_until_released(resources)
    told: list[int] = []
    again = Uploader(address, memory=tmp_path / "memory")
    dataset_id = again.send(file, sent=told.append)
    again.close()
    assert 8 * MIB <= told[0] < 20 * MIB
    assert stored(resources, dataset_id) == file.path.read_bytes()
    with resources.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM dataset")) == 1


def test_another_file_or_other_options_are_another_upload(uploader: Uploader, tmp_path: Path) -> None:
    file = a_file(tmp_path, 10 * MIB)
    with pytest.raises(KeyboardInterrupt):
        uploader.send(file, sent=interrupted_at(9 * MIB))
    told: list[int] = []
    uploader.send(a_file(tmp_path, 10 * MIB, on_error="skip_rows"), sent=told.append)
    assert told[0] == 0


def test_an_upload_that_the_server_does_not_have_any_more_is_begun_again(
    uploader: Uploader, resources: Resources, tmp_path: Path
) -> None:
    file = a_file(tmp_path, 10 * MIB)
    with pytest.raises(KeyboardInterrupt):
        uploader.send(file, sent=interrupted_at(9 * MIB))
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE upload SET expires_at = now() - interval '1 second'"))
    told: list[int] = []
    dataset_id = uploader.send(file, sent=told.append)
    assert told[0] == 0
    assert stored(resources, dataset_id) == file.path.read_bytes()


def test_a_note_that_cannot_be_read_is_no_obstacle(uploader: Uploader, resources: Resources, tmp_path: Path) -> None:
    file = a_file(tmp_path, 10 * MIB)
    with pytest.raises(KeyboardInterrupt):
        uploader.send(file, sent=interrupted_at(9 * MIB))
    (note,) = (tmp_path / "memory").iterdir()
    note.write_text("{")
    assert stored(resources, uploader.send(file, sent=lambda _: None)) == file.path.read_bytes()


def test_what_the_server_refuses_says_why(uploader: Uploader, tmp_path: Path) -> None:
    file = a_file(tmp_path, 10, max_errors="many")
    with pytest.raises(Problem, match="max_errors"):
        uploader.send(file, sent=lambda _: None)


def test_a_server_that_is_not_there_is_named_at_once(tmp_path: Path) -> None:
    nowhere = Uploader("http://127.0.0.1:1", memory=tmp_path / "memory")
    with pytest.raises(ServerUnreachable, match=r"127\.0\.0\.1:1 does not answer: Connection refused$"):
        nowhere.send(a_file(tmp_path, 10), sent=lambda _: None)
    nowhere.close()


def test_a_server_that_goes_away_is_waited_for_and_then_named(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PATIENCE_SECONDS", 1)
    file = a_file(tmp_path, 10 * MIB)
    with serving(resources, slots=0) as address:
        uploader = Uploader(address, memory=tmp_path / "memory")
        with pytest.raises(KeyboardInterrupt):
            uploader.send(file, sent=interrupted_at(9 * MIB))
    with pytest.raises(ServerUnreachable, match="has not taken anything for 1 seconds"):
        uploader.send(file, sent=lambda _: None)
    uploader.close()


def test_what_is_no_server_of_ours_is_named(address: str, tmp_path: Path) -> None:
    elsewhere = Uploader(f"{address}/echo", memory=tmp_path / "memory")  # answers, but not to this
    with pytest.raises(Problem, match="method not allowed"):
        elsewhere.send(a_file(tmp_path, 10), sent=lambda _: None)
    elsewhere.close()


def test_each_server_has_an_upload_of_its_own(uploader: Uploader, address: str, tmp_path: Path) -> None:
    file = a_file(tmp_path, 10 * MIB)
    with pytest.raises(KeyboardInterrupt):
        uploader.send(file, sent=interrupted_at(9 * MIB))
    other, told = Uploader(address, memory=tmp_path / "memory", known_as="another"), list[int]()
    other.send(file, sent=told.append)
    other.forget(file)
    other.close()
    assert told[0] == 0
    assert len(list((tmp_path / "memory").iterdir())) == 1


def test_a_name_that_is_no_text_is_sent_as_it_can_be_shown(
    uploader: Uploader, resources: Resources, tmp_path: Path
) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9\n.csv")
    path.write_bytes(b"x")
    dataset_id = uploader.send(outgoing(path, kind="polls", options={}, read=lambda _: None), sent=lambda _: None)
    with resources.engine.connect() as connection:
        record = records.find(connection, dataset_id)
    assert record is not None
    assert record.filename == "caf\ufffd\ufffd.csv"
