"""Bytes that do not fill a part: each is stored once, in an object of its own, until a part has them."""

from random import Random

import httpx2
import pytest
from sqlalchemy import text

from app.storage.resources import Resources
from app.uploads import lock, recent_tails
from app.uploads.incoming import MOST_TAILS
from app.uploads.recent_tails import RecentTails
from tests.commands import wait_until
from tests.uploads.catalogue import Catalogue
from tests.uploads.test_protocol import MIB, create, offset, patch


def sizes(resources: Resources) -> list[int]:
    """Sizes of the tails in S3."""
    store = resources.object_store
    return sorted(store.size(item.key) or 0 for page in store.pages("uploads/") for item in page)


def test_pieces_are_stored_once_each_until_a_part_has_them(
    http: httpx2.Client, catalogue: Catalogue, resources: Resources
) -> None:
    content = Random(7).randbytes(19 * MIB)
    path = create(http, len(content))
    for number in range(7):
        assert patch(http, path, number * MIB, content[number * MIB : (number + 1) * MIB]).status_code == 204
    assert sizes(resources) == [MIB] * 7
    assert patch(http, path, 7 * MIB, content[7 * MIB : 9 * MIB]).status_code == 204
    wait_until(lambda: sizes(resources) == [MIB])
    assert patch(http, path, 9 * MIB, content[9 * MIB :]).status_code == 204
    (accepted,) = catalogue.accepted
    assert catalogue.stored(accepted) == content
    assert sizes(resources) == []


def test_a_file_smaller_than_a_part_is_its_pieces_however_many(
    http: httpx2.Client, catalogue: Catalogue, resources: Resources
) -> None:
    content = Random(8).randbytes(2 * MOST_TAILS + 5)
    path = create(http, len(content))
    for at in range(len(content)):
        assert patch(http, path, at, content[at : at + 1]).status_code == 204
        wait_until(lambda: len(sizes(resources)) <= MOST_TAILS)
    (accepted,) = catalogue.accepted
    assert catalogue.stored(accepted) == content
    assert sizes(resources) == []


def test_a_tail_among_others_that_is_lost_is_a_lost_upload(
    http: httpx2.Client, catalogue: Catalogue, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent_tails, "MOST_BYTES", 0)
    path = create(http, 9 * MIB)
    for at in range(3):
        patch(http, path, at * 100, b"x" * 100)
    resources.object_store.remove([min(catalogue.objects())])
    refused = patch(http, path, 300, b"x" * (9 * MIB - 300))
    assert (refused.status_code, refused.json()["code"]) == (410, "upload_lost")
    assert catalogue.objects() == set()


def test_a_replica_does_not_read_back_the_tails_that_it_has_stored(
    http: httpx2.Client, catalogue: Catalogue, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = Random(9).randbytes(9 * MIB)
    path = create(http, len(content))
    with monkeypatch.context() as patch_:
        patch_.setattr(type(resources.object_store), "get_bytes", lambda *_: pytest.fail("a tail was read"))
        for at in range(0, len(content), 3 * MIB):
            assert patch(http, path, at, content[at : at + 3 * MIB]).status_code == 204
    (accepted,) = catalogue.accepted
    assert catalogue.stored(accepted) == content


def test_tails_of_another_replica_are_read(
    http: httpx2.Client, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = Random(10).randbytes(9 * MIB)
    path = create(http, len(content))
    for at in range(0, len(content), 3 * MIB):
        with monkeypatch.context() as patch_:
            patch_.setattr(RecentTails, "get", lambda *_: None)
            assert patch(http, path, at, content[at : at + 3 * MIB]).status_code == 204
    (accepted,) = catalogue.accepted
    assert catalogue.stored(accepted) == content


def test_the_oldest_tails_are_given_up_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_tails, "MOST_BYTES", 10)
    tails = RecentTails()
    for key in "abc":
        tails.put(key, key.encode() * 4)
    assert [tails.get(key) for key in "abc"] == [None, b"bbbb", b"cccc"]
    tails.forget(["a", "b"])
    tails.put("d", b"dddd")
    assert [tails.get(key) for key in "bcd"] == [None, b"cccc", b"dddd"]


@pytest.mark.parametrize("sizes", [[1, 1, 1], [3 * MIB, 3 * MIB, 2 * MIB]], ids=["of a tail", "of a part"])
def test_the_lock_is_released_with_the_last_bytes(
    http: httpx2.Client, monkeypatch: pytest.MonkeyPatch, sizes: list[int]
) -> None:
    monkeypatch.setattr(lock, "release", lambda *_: pytest.fail("one more statement"))
    path = create(http, 8 * MIB + 9)
    for number, size in enumerate(sizes):
        assert patch(http, path, sum(sizes[:number]), b"x" * size).status_code == 204


@pytest.mark.parametrize("pieces", [1, 2])
def test_a_replica_of_the_version_before_goes_on_with_one_tail_and_takes_two_for_lost(
    http: httpx2.Client, catalogue: Catalogue, resources: Resources, pieces: int
) -> None:
    path = create(http, 9)
    for at in range(pieces):
        patch(http, path, at * 3, b"abcdef"[at * 3 : at * 3 + 3])
    with resources.engine.begin() as connection:
        row = connection.execute(text("SELECT tail_key, tail_bytes FROM upload")).one()
        found = resources.object_store.get_bytes(row.tail_key)
        assert (len(found) == row.tail_bytes) is (pieces == 1)  # otherwise it says: start again
        resources.object_store.put_bytes(found + b"XYZ", "uploads/theirs", media_type="text/plain")
        changed = {"key": "uploads/theirs", "bytes": len(found) + 3}
        connection.execute(
            text("UPDATE upload SET tail_key = :key, tail_bytes = :bytes, offset_bytes = :bytes"), changed
        )
    at = offset(http, path)
    assert patch(http, path, at, b"123456"[: 9 - at]).status_code == 204
    (accepted,) = catalogue.accepted
    assert catalogue.stored(accepted) == found + b"XYZ" + b"123456"[: 9 - at]
