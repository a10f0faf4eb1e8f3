"""S3 on a real endpoint: what is put is there, and what goes wrong has a name."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ClientError

from app.errors import BucketMissing, ObjectStoreUnavailable, UploadLost
from app.storage.object_store import File, ObjectStore, StoreAddress
from app.storage.resources import Addresses, Resources, open_resources


def test_a_large_file_arrives_whole_through_a_link(resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(range(256)) * 80_000)  # 20 MB: more than one part
    resources.object_store.put(path, "reports/x/a1/large", media_type="application/octet-stream")
    link = resources.object_store.link("reports/x/a1/large", media_type="application/x-large", seconds=60)
    response = httpx2.get(link).raise_for_status()
    assert response.content == path.read_bytes()
    assert response.headers["content-type"] == "application/x-large"


def test_the_signature_of_every_body_covers_its_checksum_instead_of_one_more_hash(
    resources: Resources, tmp_path: Path
) -> None:
    """Whoever changes a body on its way must change the checksum, and so the signature, for which they lack the key."""
    store, sent = resources.object_store, []

    def look(request: AWSPreparedRequest, **_: object) -> None:
        if request.body:
            sent.append({name.lower(): _text(value) for name, value in request.headers.items()})

    path = tmp_path / "large"
    path.write_bytes(bytes(9 << 20))
    with ExitStack() as stack:
        for operation in ("PutObject", "UploadPart"):  # of a client that all tests share
            event = f"before-send.s3.{operation}"
            store._client.meta.events.register(event, look)
            stack.callback(store._client.meta.events.unregister, event, look)
        store.put(path, "large", media_type="text/plain")
        store.put_bytes(b"abc", "small", media_type="text/plain")
        store.put_part(b"abc", "x", store.begin_parts("x", media_type="text/plain"), number=1)
    assert len(sent) == 4  # the large one has two parts
    for headers in sent:
        assert headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
        assert headers["x-amz-checksum-crc32"]
        signed = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
        assert {"x-amz-checksum-crc32", "x-amz-content-sha256"} <= set(signed)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize("is_frugal", [False, True])
def test_an_upload_that_is_interrupted_leaves_nothing_open(
    resources: Resources, tmp_path: Path, *, is_frugal: bool
) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(60_000_000))
    stopping = Event()
    stopping.set()
    with pytest.raises(ObjectStoreUnavailable, match="was interrupted"):
        resources.object_store.put(
            path, "reports/x/a1/large", media_type="text/plain", stopping=stopping, is_frugal=is_frugal
        )
    still_open = [entry.name for entry in Path("/proc/self/fd").iterdir() if entry.exists() and entry.samefile(path)]
    assert not still_open
    assert resources.object_store.size("reports/x/a1/large") is None


def test_several_files_are_stored_whether_small_or_large(resources: Resources, tmp_path: Path) -> None:
    sizes = {"none": 0, "small": 3, "large": 9_000_000}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(bytes(size))
    store = resources.object_store
    store.put_all([File(tmp_path / name, f"reports/x/a1/{name}", "text/plain") for name in sizes])
    assert {name: store.size(f"reports/x/a1/{name}") for name in sizes} == sizes


def test_of_several_files_one_that_is_not_stored_whole_is_an_error(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "small").write_bytes(b"abc")
    store = resources.object_store
    put = store.put_bytes
    monkeypatch.setattr(store, "put_bytes", lambda block, key, **options: put(block[1:], key, **options))
    with pytest.raises(ObjectStoreUnavailable, match="only 2 of 3 bytes"):
        store.put_all([File(tmp_path / "small", "reports/x/a1/small", "text/plain")])


def test_what_lies_below_a_prefix_can_be_removed(resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    store = resources.object_store
    for key in ("reports/x/a1/one", "reports/x/a1/two", "reports/x/a2/one"):
        store.put(path, key, media_type="text/plain")
    store.remove_below("reports/x/a1/")
    links = [store.link(f"reports/x/{key}", media_type="text/plain", seconds=60) for key in ("a1/one", "a2/one")]
    assert [httpx2.get(link).status_code for link in links] == [404, 200]


def test_a_span_is_that_of_an_object_of_the_size_that_is_expected(resources: Resources, tmp_path: Path) -> None:
    store = resources.object_store
    store.put_bytes(b"0123456789", "sealed/ten", media_type="text/plain")
    assert store.span("sealed/ten", 3, 7, of_bytes=10) == b"3456"
    assert store.span("sealed/ten", 0, 10, of_bytes=10) == b"0123456789"
    assert store.span("sealed/ten", 3, 7, of_bytes=11) is None
    assert store.span("sealed/ten", 8, 12, of_bytes=12) is None
    assert store.span("sealed/ten", 20, 22, of_bytes=22) is None
    assert store.span("sealed/none", 0, 1, of_bytes=10) is None
    store.bucket = "there-is-no-such-bucket"
    with pytest.raises(BucketMissing):
        store.span("sealed/ten", 3, 7, of_bytes=10)


def test_links_are_signed_for_the_address_at_which_users_reach_the_endpoint(
    resources: Resources, servers: Addresses, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    public = servers.s3_endpoint_url.replace("127.0.0.1", "localhost")
    settings = resources.settings.model_copy(update={"s3_public_url": public})
    with open_resources(settings, servers) as behind_a_proxy:
        store = behind_a_proxy.object_store
        store.put(path, "reports/x/a1/file", media_type="text/plain")
        link = store.link("reports/x/a1/file", media_type="text/plain", seconds=60)
    assert link.startswith(public)
    assert httpx2.get(link).text == "x"
    assert httpx2.get(link.replace("localhost", "127.0.0.1")).status_code == 403


def test_an_endpoint_that_is_not_there_may_be_tried_again(resources: Resources) -> None:
    store = ObjectStore(
        StoreAddress(
            bucket="missing", region="us-east-1", endpoint_url="http://127.0.0.1:1", access_key="a", secret_key="b"
        )
    )
    with pytest.raises(ObjectStoreUnavailable, match="does not answer") as caught:
        store.ping()
    assert caught.value.retryable
    store.close()


def test_wrong_keys_are_not_tried_again(servers: Addresses, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    store = ObjectStore(
        StoreAddress(
            bucket="openhours",
            region="us-east-1",
            endpoint_url=servers.s3_endpoint_url,
            access_key="wrong",
            secret_key="wrong",
        )
    )
    for ask in (store.ping, lambda: store.put(path, "file", media_type="text/plain")):
        with pytest.raises(ObjectStoreUnavailable, match="403") as caught:
            ask()
        assert not caught.value.retryable
    store.close()


def test_a_link_ends_before_the_temporary_credentials_that_signed_it(resources: Resources) -> None:
    ends = datetime.now(UTC) + timedelta(minutes=20)
    temporary = RefreshableCredentials("key", "secret", "token", ends, refresh_using=dict, method="test")
    store = ObjectStore(
        StoreAddress(
            bucket="reports", region="us-east-1", endpoint_url="http://127.0.0.1:1", access_key="a", secret_key="b"
        )
    )
    store._session._session._credentials = temporary
    store._signer._request_signer._credentials = temporary

    def lifetime(seconds: int) -> int:
        link = store.link("a.csv", media_type="text/csv", seconds=seconds)
        return int(parse_qs(urlsplit(link).query)["X-Amz-Expires"][0])

    assert 1150 < lifetime(3600) <= 1200
    assert lifetime(60) == 60
    store.close()


def test_parts_become_one_object(resources: Resources) -> None:
    store = resources.object_store
    multipart_id = store.begin_parts("raw/x.csv", media_type="text/csv")
    assert store.has_parts("raw/x.csv", multipart_id)
    assert store.size("raw/x.csv") is None
    first, last = b"a" * (8 << 20), bytearray(b"end")
    etags = [store.put_part(part, "raw/x.csv", multipart_id, number=at) for at, part in enumerate((first, last), 1)]
    assert store.put_part(first, "raw/x.csv", multipart_id, number=1) == etags[0]  # the same bytes once more
    store.complete_parts("raw/x.csv", multipart_id, etags)
    assert store.get_bytes("raw/x.csv") == first + last
    assert store.size("raw/x.csv") == len(first) + len(last)
    assert not store.has_parts("raw/x.csv", multipart_id)
    store.abort_parts("raw/x.csv", multipart_id)  # which is no matter any more
    assert store.size("raw/x.csv") == len(first) + len(last)


@pytest.mark.parametrize("takes_many", [True, False])
def test_objects_are_removed_together_also_where_an_endpoint_takes_one_at_a_time(
    resources: Resources, monkeypatch: pytest.MonkeyPatch, *, takes_many: bool
) -> None:
    store = resources.object_store
    for key in ("a", "b", "c"):
        store.put_bytes(b"x", key, media_type="text/plain")
    if not takes_many:

        def refuse(**_: object) -> None:
            raise ClientError({"Error": {"Code": "NotImplemented"}}, "DeleteObjects")

        monkeypatch.setattr(store._client, "delete_objects", refuse)
    store.remove_together(["a", "b", "never there"])
    assert [store.size(key) for key in ("a", "b", "c")] == [None, None, 1]


def test_what_s3_has_lost_has_a_name(resources: Resources) -> None:
    store = resources.object_store
    multipart_id = store.begin_parts("raw/x.csv", media_type="text/csv")
    etag = store.put_part(b"a" * (8 << 20), "raw/x.csv", multipart_id, number=1)
    store.abort_parts("raw/x.csv", multipart_id)
    for ask in (
        lambda: store.put_part(b"b", "raw/x.csv", multipart_id, number=2),
        lambda: store.complete_parts("raw/x.csv", multipart_id, [etag]),
        lambda: store.get_bytes("raw/x.csv"),
    ):
        with pytest.raises(UploadLost, match=r"has lost the bytes stored so far of x\.csv"):
            ask()
    changed = store.begin_parts("raw/y.csv", media_type="text/csv")
    store.put_part(b"a" * (8 << 20), "raw/y.csv", changed, number=1)
    with pytest.raises(UploadLost):
        store.complete_parts("raw/y.csv", changed, ['"00000000000000000000000000000000"'])


def test_parts_that_somebody_still_needs_are_not_aborted(resources: Resources) -> None:
    store = resources.object_store
    needed, orphan = [store.begin_parts(f"raw/{name}.csv", media_type="text/csv") for name in ("needed", "orphan")]
    later = datetime.now(UTC) + timedelta(hours=1)
    assert store.abort_uploads("raw/", begun_before=later, unless=lambda ids: ids & {needed}) == 1
    assert (store.has_parts("raw/needed.csv", needed), store.has_parts("raw/orphan.csv", orphan)) == (True, False)
