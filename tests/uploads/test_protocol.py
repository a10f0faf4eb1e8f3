"""The protocol's answers, request by request; what is refused stores nothing."""

import base64
import hashlib
import socket
from collections.abc import Iterator
from threading import Event
from time import sleep
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from app.errors import DatabaseUnavailable, InvalidParameters, UnknownUpload, UploadBusy
from app.ingest.registry import DATASET_KINDS
from app.storage.resources import Resources
from app.uploads import finding, records
from app.uploads.finish import finish, require_lost
from app.uploads.incoming import Block, Incoming
from tests.commands import wait_until
from tests.uploads.catalogue import Catalogue

BYTES = {"Content-Type": "application/offset+octet-stream"}
MIB = 1 << 20


def encoded(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def create(http: httpx2.Client, length: int, **metadata: str) -> str:
    headers = {"Upload-Length": str(length), "Upload-Metadata": encoded(**{"kind": "polls"} | metadata)}
    answer = http.post("/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["upload-offset"] == "0"
    return str(answer.headers["location"])


def patch(http: httpx2.Client, path: str, offset: int, content: bytes, **headers: str) -> httpx2.Response:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return http.patch(path, content=content, headers={"Upload-Offset": str(offset), **BYTES, **more})


def offset(http: httpx2.Client, path: str) -> int:
    answer = http.head(path)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


def age(resources: Resources, seconds: int) -> None:
    with resources.engine.begin() as connection:
        connection.execute(
            text("UPDATE upload SET expires_at = expires_at - make_interval(secs => :s)"), {"s": seconds}
        )


def test_options_tell_what_is_spoken(http: httpx2.Client) -> None:
    answer = http.options("/uploads", headers={"Tus-Resumable": ""})
    assert answer.status_code == 204
    assert {name: answer.headers[name] for name in answer.headers if name.startswith("tus-")} == {
        "tus-resumable": "1.0.0",
        "tus-version": "1.0.0",
        "tus-extension": "creation,creation-with-upload,expiration,termination,checksum",
        "tus-max-size": str(10 << 30),
        "tus-checksum-algorithm": "sha256,sha1",
    }


def test_a_file_arrives_piece_by_piece_and_can_be_looked_at(http: httpx2.Client, catalogue: Catalogue) -> None:
    path = create(http, 6, filename="Zürich.csv")
    assert patch(http, path, 0, b"abc").status_code == 204
    looked = http.head(path)
    assert looked.headers["upload-offset"] == "3"
    assert looked.headers["upload-length"] == "6"
    assert looked.headers["cache-control"] == "no-store"
    assert looked.headers["upload-metadata"] == encoded(kind="polls", filename="Zürich.csv")
    assert looked.headers["upload-expires"].endswith("GMT")
    assert patch(http, path, 3, b"def").headers["upload-offset"] == "6"
    (accepted,) = catalogue.accepted
    assert catalogue.stored(accepted) == b"abcdef"
    assert accepted.upload.filename == "Zürich.csv"
    assert accepted.raw_key.endswith(f"/{path.rpartition('/')[2]}.csv")
    assert accepted.raw_key.startswith("raw/polls/")
    assert catalogue.objects() == {accepted.raw_key}
    assert offset(http, path) == 6
    assert patch(http, path, 6, b"").status_code == 204


def test_a_packed_file_is_known_by_its_first_two_bytes(http: httpx2.Client, catalogue: Catalogue) -> None:
    path = create(http, 3, filename="polls.csv")
    patch(http, path, 0, b"\x1f")
    patch(http, path, 1, b"\x8b\x08")
    assert catalogue.accepted[0].raw_key.endswith(".csv.gz")


def test_the_first_bytes_may_come_with_the_creation(http: httpx2.Client, catalogue: Catalogue) -> None:
    headers = {"Upload-Length": "6", "Upload-Metadata": encoded(kind="polls"), **BYTES}
    begun = http.post("/uploads", headers=headers, content=b"abc")
    assert (begun.status_code, begun.headers["upload-offset"]) == (201, "3")
    assert patch(http, begun.headers["location"], 3, b"def").status_code == 204
    whole = http.post("/uploads", headers=headers, content=b"ghijkl")
    assert (whole.status_code, whole.headers["upload-offset"]) == (201, "6")
    assert [catalogue.stored(one) for one in catalogue.accepted] == [b"abcdef", b"ghijkl"]


def test_a_header_may_name_the_method(http: httpx2.Client, catalogue: Catalogue) -> None:
    path = create(http, 1)
    headers = {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0", **BYTES}
    assert http.post(path, headers=headers, content=b"a").status_code == 204
    assert len(catalogue.accepted) == 1


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
@pytest.mark.parametrize("size", [5, 20 * MIB])
def test_bytes_are_kept_only_with_the_checksum_that_was_told(
    http: httpx2.Client, catalogue: Catalogue, algorithm: str, size: int
) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    path = create(http, size + 3)
    right = base64.b64encode(hashlib.new(algorithm, content).digest()).decode()
    wrong = base64.b64encode(hashlib.new(algorithm, content + b"x").digest()).decode()
    refused = patch(http, path, 0, content, Upload_Checksum=f"{algorithm} {wrong}")
    assert (refused.status_code, refused.json()["code"]) == (460, "checksum_mismatch")
    assert right in refused.json()["detail"]
    assert offset(http, path) == 0
    assert catalogue.objects() == set()
    assert patch(http, path, 0, content, Upload_Checksum=f"{algorithm} {right}").status_code == 204
    assert offset(http, path) == size
    assert patch(http, path, size, b"abc").status_code == 204
    assert catalogue.stored(catalogue.accepted[0]) == content + b"abc"


def test_bytes_of_which_nobody_tells_the_number_are_taken_if_they_fit(
    http: httpx2.Client, catalogue: Catalogue
) -> None:
    def pieces(number: int) -> Iterator[bytes]:
        for _ in range(number):
            yield b"x" * MIB

    path = create(http, 20 * MIB)
    headers = {"Upload-Offset": "0", **BYTES}
    refused = http.patch(path, content=pieces(21), headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (413, "upload_too_large")
    assert offset(http, path) == 0
    assert catalogue.objects() == set()
    assert http.patch(path, content=pieces(20), headers=headers).status_code == 204
    assert catalogue.accepted[0].bytes == 20 * MIB


def test_another_offset_is_refused_and_the_right_one_told(http: httpx2.Client) -> None:
    path = create(http, 6)
    patch(http, path, 0, b"abc")
    for wrong in (0, 2, 4, 1 << 70):
        refused = patch(http, path, wrong, b"x")
        assert (refused.status_code, refused.json()["code"], refused.json()["upload_offset"]) == (
            409,
            "wrong_offset",
            3,
        )
    assert offset(http, path) == 3


def test_more_than_the_rest_is_refused(http: httpx2.Client, catalogue: Catalogue) -> None:
    path = create(http, 6)
    patch(http, path, 0, b"abc")
    kept = catalogue.objects()
    refused = patch(http, path, 3, b"defg")
    assert (refused.status_code, refused.json()["code"]) == (413, "upload_too_large")
    assert offset(http, path) == 3
    assert catalogue.objects() == kept


def test_more_than_a_finished_file_is_refused_though_nobody_told_the_number(http: httpx2.Client) -> None:
    path = create(http, 3)
    assert patch(http, path, 0, b"abc").status_code == 204
    chunked = {"Upload-Offset": "3", "Content-Type": "application/offset+octet-stream"}
    assert http.patch(path, content=iter([b""]), headers=chunked).status_code == 204
    refused = http.patch(path, content=iter([b"", b"d"]), headers=chunked)
    assert (refused.status_code, refused.json()["code"]) == (413, "upload_too_large")


@pytest.mark.parametrize("length", ["1_0", "10.0", "+10", "\u0661", "ten", ""])
def test_a_length_is_told_in_digits(refused: httpx2.Client, length: str) -> None:
    headers = {"Upload-Length": length.encode(), "Upload-Metadata": encoded(kind="polls").encode()}
    answer = refused.post("/uploads", headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["reason"]) == (422, "is not a number in digits")


def test_a_terminated_upload_is_gone_with_its_bytes(http: httpx2.Client, catalogue: Catalogue) -> None:
    path = create(http, 20 * MIB)
    patch(http, path, 0, b"x" * (10 * MIB))
    assert catalogue.multiparts() == 1
    assert http.delete(path).status_code == 204
    assert (http.head(path).status_code, http.delete(path).status_code) == (404, 404)
    assert catalogue.objects() == set()
    assert catalogue.multiparts() == 0
    assert catalogue.dropped == [path.rpartition("/")[2]]


def test_of_a_finished_upload_only_the_upload_is_terminated(http: httpx2.Client, catalogue: Catalogue) -> None:
    path = create(http, 1)
    patch(http, path, 0, b"a")
    assert http.delete(path).status_code == 204
    assert http.head(path).status_code == 404
    assert catalogue.stored(catalogue.accepted[0]) == b"a"
    assert catalogue.dropped == []


def test_an_expired_upload_says_so(http: httpx2.Client, resources: Resources) -> None:
    path = create(http, 6)
    age(resources, 86_500)
    for answer in (http.head(path), patch(http, path, 0, b"a")):
        assert answer.status_code == 410
    assert patch(http, path, 0, b"a").json()["code"] == "upload_expired"
    old = "/uploads/01890a5d2c007abc8def0123456789ab"  # made in 2023
    assert patch(http, old, 0, b"a").json()["code"] == "upload_expired"


@pytest.mark.parametrize("upload_id", ["x", "0" * 32, "01890a5d2c007abc8def0123456789ag", "%00", "é"])
def test_what_never_was_an_upload_is_unknown(refused: httpx2.Client, upload_id: str) -> None:
    assert refused.head(f"/uploads/{upload_id}").status_code == 404
    assert patch(refused, f"/uploads/{upload_id}", 0, b"a").json()["code"] == "unknown_upload"


@pytest.mark.parametrize("version", ["", "0.2.2", "1.0.1"])
def test_another_version_is_refused(refused: httpx2.Client, version: str) -> None:
    headers = {"Tus-Resumable": version, "Upload-Length": "1", "Upload-Metadata": encoded(kind="polls")}
    answer = refused.post("/uploads", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (412, "wrong_tus_version")
    assert answer.headers["tus-version"] == "1.0.0"


@pytest.mark.parametrize(
    ("headers", "status", "says"),
    [
        ({"Upload-Metadata": encoded(kind="polls")}, 422, "Upload-Length is missing"),
        ({"Upload-Defer-Length": "1", "Upload-Metadata": encoded(kind="polls")}, 422, "Defer-Length is not supported"),
        (
            {"Upload-Length": "1"},
            422,
            f"kind is missing; allowed are {', '.join(DATASET_KINDS)}.",
        ),
        (
            {"Upload-Length": "1", "Upload-Metadata": encoded(kind="menu")},
            404,
            "no dataset kind 'menu'; known kinds: polls",
        ),
        ({"Upload-Length": "1", "Upload-Metadata": "kind cG9sbHM=,kind cG9sbHM="}, 422, "the key kind appears twice"),
        ({"Upload-Length": "-1"}, 422, "-1' is not a whole number of at least 0"),
        ({"Upload-Length": "1", "Upload-Metadata": "kind polls!"}, 422, "of kind is not base64 of UTF-8"),
        ({"Upload-Length": "1", "Upload-Metadata": "kind /w=="}, 422, "of kind is not base64 of UTF-8"),
        ({"Upload-Length": "1", "Upload-Metadata": "kind AA=="}, 422, "the value of kind has a NUL character"),
        ({"Upload-Length": "1", "Upload-Metadata": encoded(kind="polls", filename="a\nb")}, 422, "filename is 'a\\nb'"),
        ({"Upload-Length": "1", "Upload-Metadata": encoded(kind="polls", sha256="12")}, 422, "64 hexadecimal digits"),
        (
            {"Upload-Length": str((10 << 30) + 1), "Upload-Metadata": encoded(kind="polls")},
            413,
            "allowed are 10737418240",
        ),
        ({"Upload-Length": "1" * 40, "Upload-Metadata": encoded(kind="polls")}, 413, "allowed are 10737418240"),
        ({"Upload-Concat": "partial", "Upload-Length": "1"}, 422, "Upload-Concat: concatenation is not supported"),
        ({"Upload-Length": "1", "Upload-Checksum": "md5 YQ=="}, 400, "allowed are sha256, sha1"),
        ({"Upload-Length": "1", "Upload-Checksum": "sha1 YQ=="}, 422, "20 bytes in base64"),
    ],
)
def test_a_creation_that_cannot_be_says_why_and_stores_nothing(
    refused: httpx2.Client, headers: dict[str, str], status: int, says: str
) -> None:
    answer = refused.post("/uploads", headers=headers)
    assert answer.status_code == status
    assert says in answer.json()["detail"]


@pytest.mark.parametrize("length", [2, 4, 0])
def test_the_length_of_a_file_never_changes(http: httpx2.Client, catalogue: Catalogue, length: int) -> None:
    path = create(http, 3)
    assert patch(http, path, 0, b"a", Upload_Length="3").status_code == 204
    refused = patch(http, path, 1, b"b", Upload_Length=str(length))
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_upload")
    assert f"Upload-Length is {length}, but this upload was started with 3 bytes" in refused.json()["detail"]
    assert offset(http, path) == 1
    assert patch(http, path, 1, b"bc").status_code == 204
    assert patch(http, path, 3, b"", Upload_Length=str(length)).status_code == 422
    (accepted,) = catalogue.accepted
    assert catalogue.stored(accepted) == b"abc"


@pytest.mark.parametrize("content_type", ["text/csv", "application/octet-stream"])
def test_bytes_of_another_content_type_are_refused(
    http: httpx2.Client, catalogue: Catalogue, content_type: str
) -> None:
    path = create(http, 3)
    refused = patch(http, path, 0, b"abc", Content_Type=content_type)
    assert (refused.status_code, refused.json()["code"]) == (415, "wrong_content_type")
    assert offset(http, path) == 0
    headers = {"Upload-Length": "3", "Upload-Metadata": encoded(kind="polls"), "Content-Type": content_type}
    assert http.post("/uploads", headers=headers, content=b"abc").status_code == 415
    assert len(catalogue.uploads()) == 1
    assert catalogue.objects() == set()


def test_whoever_keeps_the_files_may_refuse_one_at_its_begin(http: httpx2.Client, catalogue: Catalogue) -> None:
    catalogue.refusal = InvalidParameters("Not this one.")
    headers = {"Upload-Length": "3", "Upload-Metadata": encoded(kind="polls", sha256="A" * 64), **BYTES}
    assert http.post("/uploads", headers=headers, content=b"abc").json()["detail"] == "Not this one."
    assert catalogue.uploads() == []
    assert catalogue.objects() == set()
    catalogue.refusal = None
    http.post("/uploads", headers=headers, content=b"abc")
    assert [sha256 for _, sha256 in catalogue.begun] == ["a" * 64]


def test_whoever_keeps_the_files_may_refuse_one_at_its_end(http: httpx2.Client, catalogue: Catalogue) -> None:
    path = create(http, 9 * MIB)
    catalogue.refusal_at_end = InvalidParameters("Not this one.")
    refused = patch(http, path, 0, b"x" * (9 * MIB))
    assert (refused.status_code, refused.json()["detail"]) == (422, "Not this one.")
    assert http.head(path).status_code == 404
    assert catalogue.objects() == set()
    assert catalogue.dropped == [catalogue.begun[0][0]]


def test_what_could_not_be_finished_is_finished_by_the_next_look(http: httpx2.Client, catalogue: Catalogue) -> None:
    path = create(http, 3)
    catalogue.refusal_at_end = DatabaseUnavailable("Not now.")
    assert patch(http, path, 0, b"abc").status_code == 503
    catalogue.refusal_at_end = None
    assert offset(http, path) == 3
    assert catalogue.stored(catalogue.accepted[0]) == b"abc"


@pytest.mark.parametrize("asked_first", [True, False])
def test_a_lost_multipart_upload_is_gone(
    http: httpx2.Client, catalogue: Catalogue, resources: Resources, *, asked_first: bool
) -> None:
    path = create(http, 30 * MIB)
    patch(http, path, 0, b"x" * (10 * MIB))
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE upload SET multipart_id = 'forgotten'"))
    if asked_first:
        assert http.head(path).status_code == 410
    refused = patch(http, path, 10 * MIB, b"x" * (10 * MIB))
    assert (refused.status_code, refused.json()["code"]) == (410, "upload_lost")
    assert http.head(path).status_code == 410
    assert catalogue.dropped == [path.rpartition("/")[2]]
    assert catalogue.objects() == set()


def test_a_lost_tail_is_a_lost_upload(http: httpx2.Client, catalogue: Catalogue, resources: Resources) -> None:
    path = create(http, 6)
    patch(http, path, 0, b"abc")
    resources.object_store.remove(catalogue.objects())
    refused = patch(http, path, 3, b"def")
    assert (refused.status_code, refused.json()["code"]) == (410, "upload_lost")
    assert catalogue.dropped == [path.rpartition("/")[2]]


def test_a_multipart_upload_that_is_lost_at_its_end_is_not_handed_on(
    http: httpx2.Client, catalogue: Catalogue, resources: Resources
) -> None:
    path = create(http, 16 * MIB)
    patch(http, path, 0, b"x" * (9 * MIB))
    catalogue.refusal_at_end = DatabaseUnavailable("The replica dies here.")
    assert patch(http, path, 9 * MIB, b"x" * (7 * MIB)).status_code == 503
    catalogue.refusal_at_end = None
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE upload SET lock_until = NULL"))
    resources.object_store.remove(catalogue.objects())
    assert http.head(path).status_code == 410
    assert catalogue.accepted == []


def test_what_an_overtaken_request_misses_is_no_loss(
    http: httpx2.Client, catalogue: Catalogue, resources: Resources
) -> None:
    path = create(http, 9)
    patch(http, path, 0, b"abc")
    with resources.engine.connect() as connection:
        overtaken = records.find(connection, path.rpartition("/")[2])
    assert overtaken is not None
    patch(http, path, 3, b"def")
    with pytest.raises(UploadBusy):
        require_lost(resources, catalogue.hooks, overtaken)
    assert patch(http, path, 6, b"ghi").status_code == 204
    assert catalogue.stored(catalogue.accepted[0]) == b"abcdefghi"


@pytest.mark.parametrize("with_its_objects", [True, False])
def test_an_upload_that_is_given_up_while_it_is_finished_is_not_handed_on(
    http: httpx2.Client, catalogue: Catalogue, resources: Resources, *, with_its_objects: bool
) -> None:
    path = create(http, 3)
    catalogue.refusal_at_end = DatabaseUnavailable("The replica dies here.")
    assert patch(http, path, 0, b"abc").status_code == 503
    catalogue.refusal_at_end = None
    with resources.engine.connect() as connection:
        whole = records.find(connection, path.rpartition("/")[2])
    assert whole is not None
    if with_its_objects:
        assert http.delete(path).status_code == 204
    else:
        with resources.engine.begin() as connection:
            connection.execute(text("DELETE FROM upload"))
    with pytest.raises(UnknownUpload):
        finish(resources, catalogue.hooks, whole)
    assert catalogue.accepted == []


def test_a_file_without_bytes_takes_none(http: httpx2.Client, catalogue: Catalogue) -> None:
    headers = {"Upload-Length": "0", "Upload-Metadata": encoded(kind="polls"), **BYTES}
    assert http.post("/uploads", headers=headers, content=b"x").status_code == 413
    assert catalogue.begun == []


def half_sent(address: str, path: str, size: int) -> socket.socket:
    """A connection on which half of an upload has been sent."""
    host, port = address.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), 20)
    head = f"PATCH {path} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
    head += f"Content-Length: {size}\r\n"
    connection.sendall(head.encode() + b"Content-Type: application/offset+octet-stream\r\n\r\n" + bytes(size // 2))
    return connection


def is_locked(resources: Resources) -> bool:
    with resources.engine.connect() as connection:
        return bool(connection.scalar(text("SELECT count(*) FROM upload WHERE lock_until > now()")))


def test_right_after_a_cut_head_tells_all_bytes_that_came(
    address: str, http: httpx2.Client, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = create(http, 2000)
    put, take = resources.object_store.put_bytes, Incoming.take
    taken = Event()

    async def take_and_tell(incoming: Incoming, chunk: Block) -> None:
        await take(incoming, chunk)
        if incoming.offset_bytes == 1000:
            taken.set()

    def slow_put(*args: Any, **named: Any) -> None:
        sleep(0.3)  # the client is back meanwhile
        put(*args, **named)

    monkeypatch.setattr(type(resources.object_store), "put_bytes", staticmethod(slow_put))
    monkeypatch.setattr(Incoming, "take", take_and_tell)
    with half_sent(address, path, 2000):
        assert taken.wait(20)
    assert offset(http, path) == 1000


def test_head_of_an_upload_whose_bytes_still_come_is_423(
    address: str, http: httpx2.Client, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "LOCK_WAIT_SECONDS", 0.1)
    path = create(http, 2000)
    with half_sent(address, path, 2000) as connection:
        wait_until(lambda: is_locked(resources))
        answer = http.head(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (423, "1")
        connection.sendall(bytes(1000))
        assert connection.recv(12) == b"HTTP/1.1 204"
    assert offset(http, path) == 2000
