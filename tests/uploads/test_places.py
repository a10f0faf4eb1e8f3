"""No client keeps others from sending files: neither by many requests nor by slow ones."""

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx2
import pytest
from sqlalchemy import text

from app.errors import OpenhoursError, ReplicaUnavailable
from app.storage.resources import Resources
from app.uploads import hold
from app.uploads.places import LEAVING, Place, Places
from app.uploads.service import MAX_REQUESTS
from tests.commands import wait_until
from tests.uploads.catalogue import Catalogue
from tests.uploads.test_protocol import create

MIB = 1 << 20


class Sender:
    """Sends at a rate until it is told to end."""

    def __init__(self, rate: float | None) -> None:
        self.rate = rate
        self.reasons: list[OpenhoursError] = []

    def bytes_per_second(self) -> float | None:
        return self.rate

    def end(self, reason: OpenhoursError) -> None:
        self.reasons.append(reason)


def sending(stack: ExitStack, places: Places, address: str | None, rate: float | None) -> Sender:
    sender = Sender(rate)
    stack.enter_context(places.one(address)).sender = sender
    return sender


def test_an_address_has_half_of_the_places_and_the_last_are_for_addresses_without_any() -> None:
    places = Places(16)
    with ExitStack() as stack:
        for _ in range(8):
            sending(stack, places, "192.0.2.1", MIB)
        with pytest.raises(ReplicaUnavailable, match="8 of this address"), places.one("192.0.2.1"):
            pass
        for _ in range(4):
            sending(stack, places, "192.0.2.2", MIB)
        with pytest.raises(ReplicaUnavailable, match="4 of this address"), places.one("192.0.2.2"):
            pass
        for number in range(4):
            sending(stack, places, f"198.51.100.{number}", MIB)
        with pytest.raises(ReplicaUnavailable, match="takes 16 uploads"), places.one("198.51.100.9"):
            pass
    with places.one("192.0.2.1"):
        pass


def test_addresses_of_one_network_are_one_client_with_ipv6_only() -> None:
    places = Places(2)
    with places.one("2001:db8::1"):
        with pytest.raises(ReplicaUnavailable, match="of this address"), places.one("2001:db8::2"):
            pass
        with places.one("2001:db8:0:1::1"):
            pass
    with places.one("192.0.2.1"), places.one("192.0.2.2"):
        pass


def test_the_slowest_gives_way_and_never_one_that_is_quick_or_has_just_begun() -> None:
    places = Places(4)
    with ExitStack() as stack:
        senders = [
            sending(stack, places, f"192.0.2.{number}", rate) for number, rate in enumerate([MIB, 900, 40, None])
        ]
        sending(stack, places, "192.0.2.9", None)
        assert [len(sender.reasons) for sender in senders] == [0, 0, 1, 0]
        sending(stack, places, "192.0.2.10", None)
        assert [len(sender.reasons) for sender in senders] == [0, 1, 1, 0]
        with pytest.raises(ReplicaUnavailable), places.one("192.0.2.11"):
            pass
    assert places._taken == places._leaving == []


def test_no_more_give_way_than_memory_allows() -> None:
    places = Places(16)
    with ExitStack() as stack:
        for number in range(16):
            sending(stack, places, f"192.0.2.{number}", 1)
        for number in range(LEAVING):
            sending(stack, places, f"198.51.100.{number}", 1)
        with pytest.raises(ReplicaUnavailable), places.one("203.0.113.1"):
            pass


def test_a_request_that_cannot_be_ended_yet_keeps_its_place() -> None:
    assert Place("192.0.2.1").slowness() is None


@contextmanager
def slow(address: str, path: str, source: str) -> Iterator[socket.socket]:
    """An upload of which one byte comes, from an address of its own."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 20, source_address=(source, 0)) as connection:
        connection.sendall(
            f"PATCH {path} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
            "Content-Length: 1000\r\nContent-Type: application/offset+octet-stream\r\n\r\nx".encode()
        )
        yield connection


def test_slow_uploads_of_as_many_clients_as_there_are_places_do_not_lock_out_one_more(
    address: str,
    http: httpx2.Client,
    catalogue: Catalogue,
    resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hold, "RATE_SECONDS", 0.5)
    paths = [create(http, 1000) for _ in range(MAX_REQUESTS)]
    with ExitStack() as stack:
        slow_ones = [
            stack.enter_context(slow(address, path, f"127.0.1.{number}")) for number, path in enumerate(paths, 1)
        ]
        wait_until(lambda: held(resources) == MAX_REQUESTS)
        content = b"store_id,status,timestamp_utc\n"

        def is_taken() -> bool:
            return http.post("/datasets", params={"kind": "polls"}, content=content).status_code == 202

        wait_until(is_taken)
        answers = [one.recv(100) for one in slow_ones if one in readable(slow_ones)]
        assert [answer[:12] for answer in answers] == [b"HTTP/1.1 503"] * len(answers)
        assert 1 <= len(answers) < MAX_REQUESTS, "only who has to give way does"
    wait_until(lambda: all(http.head(path).headers.get("upload-offset") == "1" for path in paths))
    assert len(catalogue.accepted) == 1


def held(resources: Resources) -> int:
    """Uploads to which bytes are being added."""
    with resources.engine.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM upload WHERE lock_until > now()")))


def readable(sockets: list[socket.socket]) -> list[socket.socket]:
    wait_until(lambda: select.select(sockets, [], [], 0)[0] != [])
    return select.select(sockets, [], [], 0)[0]
