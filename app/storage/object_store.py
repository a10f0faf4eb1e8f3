"""Objects in S3: put, multipart upload, read, verify, presign, remove."""

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, partial
from pathlib import Path
from threading import Event, Lock, Thread
from typing import IO, TYPE_CHECKING, Any, Final

import boto3
import botocore.session
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import OSUtils, S3Transfer, TransferConfig  # type: ignore[attr-defined]  # its stubs lack OSUtils
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.loaders import Loader, create_loader

from app import __version__
from app.errors import ObjectStoreUnavailable, UploadLost
from app.storage.presign import Presigner
from app.storage.trouble import object_store_trouble

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from types_boto3_s3 import S3Client

#: Codes for a part, or for an object that existed, which mean that the upload cannot be resumed. The last
#: is rclone's: it has already written the part, and now receives different bytes.
_LOST: Final = frozenset({"NoSuchUpload", "InvalidPart", "InvalidPartOrder", "NoSuchKey", "404", "NotImplemented"})

#: Codes for a span of an object that does not exist, or that ends before it.
_NOT_THERE: Final = frozenset({"NoSuchKey", "InvalidRange"})

#: Files from this size on are sent in parts, bytes; smaller ones so many at a time, each read into memory.
_PARTS_BYTES: Final = 8 << 20
_TOGETHER: Final = 4

#: S3 signs links for a week at most, seconds.
_LONGEST_LINK: Final = 604_800


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object of the bucket; ``modified_at`` is aware."""

    key: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class File:
    """A file to be stored, and where."""

    path: Path
    key: str
    media_type: str


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """The address of a bucket and the credentials for it.

    Attributes:
        public_url: where users reach the endpoint, if it differs.
        access_key, secret_key: None means the usual AWS variables.
    """

    bucket: str
    region: str
    endpoint_url: str | None
    public_url: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)


_CONFIG: Final = Config(
    signature_version="s3v4",
    # Every body has a checksum, which the signature covers. To hash a body for the signature as well, as botocore does
    # without TLS, takes as long as all else that it does to send one.
    s3={"addressing_style": "path", "payload_signing_enabled": False},
    connect_timeout=5,
    read_timeout=15,
    retries={"mode": "standard", "total_max_attempts": 2},  # a report is retried as a whole
    max_pool_connections=32,
    user_agent=f"openhours/{__version__}",  # botocore would put its own together for each request
)

#: Longest wait for a bucket that is only asked whether it is there, seconds.
LOOK_SECONDS: Final = 3


class ObjectStore:
    """One bucket of an S3 endpoint."""

    def __init__(self, address: StoreAddress) -> None:
        self.address = address
        self.bucket = address.bucket
        session = botocore.session.get_session()
        session.register_component("data_loader", _models(session.get_config_variable("data_path")))
        self._session = boto3.Session(
            aws_access_key_id=address.access_key,
            aws_secret_access_key=address.secret_key,
            region_name=address.region,
            botocore_session=session,
        )
        connect = partial(
            self._session.client,
            "s3",
            config=_CONFIG,
        )
        self._client: S3Client = connect(endpoint_url=address.endpoint_url)
        # The signature covers the host, so a link works only at the address for which it was signed. Signing needs no
        # connection; this process may not even reach that address.
        self._signer: S3Client = connect(endpoint_url=address.public_url) if address.public_url else self._client
        self._connect = partial(connect, endpoint_url=address.endpoint_url)
        self._unchecked: S3Client | None = None
        self._making = Lock()  # a session makes one client at a time
        self._quick: S3Client | None = None
        self._presigner = Presigner(self._sample_link)

    def ping(self) -> None:
        """Raise ObjectStoreUnavailable unless the bucket answers."""
        with object_store_errors(self.bucket):
            self._client.head_bucket(Bucket=self.bucket)

    def look(self) -> None:
        """Raise ObjectStoreUnavailable unless the bucket answers within LOOK_SECONDS; for one thread."""
        with object_store_errors(self.bucket):
            with self._making:
                if self._quick is None:
                    once = Config(
                        connect_timeout=LOOK_SECONDS, read_timeout=LOOK_SECONDS, retries={"total_max_attempts": 1}
                    )
                    self._quick = self._connect(config=_CONFIG.merge(once))
            self._quick.head_bucket(Bucket=self.bucket)

    def _for_spans(self) -> "S3Client":
        """The client that reads parts of objects, made when it is first needed: most jobs read none.

        Some endpoints send the checksum of the whole object with a part of it, which then looks damaged.
        """
        with self._making:
            if self._unchecked is None:
                unchecked = Config(response_checksum_validation="when_required")
                self._unchecked = self._connect(config=_CONFIG.merge(unchecked))
            return self._unchecked

    def connect(self) -> None:
        """Open a connection for parts of objects, if S3 answers; the first request of a client takes longest."""
        with suppress(Exception):
            self._for_spans().head_bucket(Bucket=self.bucket)

    def clock(self) -> datetime:
        """What time it is for S3, to the second, also if it refuses everything else."""
        with object_store_errors(self.bucket):
            try:
                metadata: Any = self._client.head_bucket(Bucket=self.bucket)["ResponseMetadata"]
            except ClientError as error:
                metadata = error.response["ResponseMetadata"]
        told = metadata.get("HTTPHeaders", {}).get("date")
        if told is None:
            raise ObjectStoreUnavailable("The object store does not tell what time it is.")
        return parsedate_to_datetime(told)

    def ensure_bucket(self) -> None:
        """Create the bucket unless it exists."""
        with object_store_errors(self.bucket):
            try:
                self._client.head_bucket(Bucket=self.bucket)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                    raise
                with suppress(
                    self._client.exceptions.BucketAlreadyOwnedByYou, self._client.exceptions.BucketAlreadyExists
                ):
                    self._client.create_bucket(
                        Bucket=self.bucket
                    )  # another process that is starting may have been faster

    def put(
        self,
        path: Path,
        key: str,
        *,
        media_type: str,
        stopping: Event | None = None,
        alive: Callable[[], None] = lambda: None,
        is_frugal: bool = False,
    ) -> None:
        """Store a file, in parts if it is large, and verify its size.

        ``is_frugal`` sends one part after the other; else ten at a time, which takes 16 MiB of memory for each.

        If ``stopping`` is set, the upload is interrupted: ObjectStoreUnavailable, with nothing left behind. ``alive``
        is called as it proceeds.
        """

        def go_on(_: int) -> None:
            alive()
            if stopping is not None and stopping.is_set():
                raise _interrupted(key)

        with object_store_errors(self.bucket):
            how: Any = TransferConfig(use_threads=not is_frugal)
            about = {"ContentType": media_type}
            with closing(_Files()) as files, S3Transfer(self._client, how, files) as transfer:
                transfer.upload_file(str(path), self.bucket, key, callback=go_on, extra_args=about)
        self._require_size(key, path.stat().st_size)

    def put_all(
        self,
        files: Sequence[File],
        *,
        stopping: Event | None = None,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """Store some files as put() does: small ones at the same time, in one request each, then the large ones."""
        small = [one for one in files if one.path.stat().st_size < _PARTS_BYTES]
        if small:
            with ThreadPoolExecutor(min(len(small), _TOGETHER), thread_name_prefix="put") as pool:
                for _ in pool.map(partial(self._put_small, stopping), small):
                    alive()
        for one in files:
            if one not in small:
                self.put(one.path, one.key, media_type=one.media_type, stopping=stopping, alive=alive)

    def _put_small(self, stopping: Event | None, one: File) -> None:
        if stopping is not None and stopping.is_set():
            raise _interrupted(one.key)
        block = one.path.read_bytes()
        self.put_bytes(block, one.key, media_type=one.media_type)
        self._require_size(one.key, len(block))

    def _require_size(self, key: str, size_bytes: int) -> None:
        with object_store_errors(self.bucket):
            stored = self._client.head_object(Bucket=self.bucket, Key=key)["ContentLength"]
        if stored != size_bytes:
            raise ObjectStoreUnavailable(f"{key}: only {stored} of {size_bytes} bytes were stored.")

    def link(self, key: str, *, media_type: str, seconds: int) -> str:
        """A presigned URL that downloads an object under its own name for that long.

        A link signed with temporary credentials stops working when they expire, so it expires no later.
        """
        name = key.rpartition("/")[2]
        query = {
            "response-content-type": media_type,
            "response-content-disposition": f'attachment; filename="{name}"',
        }
        with object_store_errors(self.bucket):
            credentials = self._session.get_credentials()
            if credentials is None:
                raise NoCredentialsError
            frozen = credentials.get_frozen_credentials()  # renews those that are about to expire
            now = datetime.now(UTC)
            # botocore has no public attribute for the expiry of temporary credentials.
            ends: datetime | None = getattr(credentials, "_expiry_time", None)
            left = _LONGEST_LINK if ends is None else max(int((ends - now).total_seconds()), 1)
            return self._presigner.link(key, query, credentials=frozen, now=now, seconds=min(seconds, left))

    def _sample_link(self, key: str) -> str:
        wanted = {"Bucket": self.bucket, "Key": key}
        return self._signer.generate_presigned_url("get_object", Params=wanted)

    def read(self, key: str, *, span: tuple[int, int] | None = None) -> "ObjectStream":
        """The bytes of an object as a stream, or those of ``span``: the first and the one after the last.

        Raises ObjectStoreUnavailable, also if there is no object.
        """
        part: Any = {} if span is None else {"Range": f"bytes={span[0]}-{span[1] - 1}"}
        client = self._client if span is None else self._for_spans()
        with object_store_errors(self.bucket):
            return ObjectStream(client.get_object(Bucket=self.bucket, Key=key, **part)["Body"], self.bucket)

    def span(self, key: str, start: int, stop: int, *, of_bytes: int) -> bytes | None:
        """Bytes ``start`` … ``stop - 1`` of an object; None if there is none that has so many bytes in all."""
        with object_store_errors(self.bucket):
            try:
                found = self._for_spans().get_object(Bucket=self.bucket, Key=key, Range=f"bytes={start}-{stop - 1}")
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in _NOT_THERE:
                    raise
                return None
            block = found["Body"].read()
        in_all = int(found["ContentRange"].rpartition("/")[2])
        return block if (in_all, len(block)) == (of_bytes, stop - start) else None

    def put_bytes(self, block: bytes | bytearray, key: str, *, media_type: str) -> None:
        """Store an object in one request."""
        with object_store_errors(self.bucket):
            self._client.put_object(Bucket=self.bucket, Key=key, Body=block, ContentType=media_type)  # type: ignore[arg-type]  # a bytearray will do

    def get_bytes(self, key: str) -> bytes:
        """The bytes of a small object; raises UploadLost if it is missing."""
        with object_store_errors(self.bucket), _lost_uploads(key):
            return self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def size(self, key: str) -> int | None:
        """Size of an object, bytes; None if it is missing."""
        with object_store_errors(self.bucket):
            try:
                return self._client.head_object(Bucket=self.bucket, Key=key)["ContentLength"]
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                    raise
                return None

    def begin_parts(self, key: str, *, media_type: str) -> str:
        """Create a multipart upload; returns its id."""
        with object_store_errors(self.bucket):
            begun = self._client.create_multipart_upload(Bucket=self.bucket, Key=key, ContentType=media_type)
            return begun["UploadId"]

    def put_part(self, block: bytes | bytearray, key: str, multipart_id: str, *, number: int) -> str:
        """Store the part with this number, from 1, and return its ETag; UploadLost if there is no such upload."""
        with object_store_errors(self.bucket), _lost_uploads(key):
            stored = self._client.upload_part(
                Bucket=self.bucket,
                Key=key,
                UploadId=multipart_id,
                PartNumber=number,
                Body=block,  # type: ignore[arg-type]  # as above
            )
            return stored["ETag"]

    def has_parts(self, key: str, multipart_id: str) -> bool:
        """Whether S3 still has a multipart upload."""
        with object_store_errors(self.bucket):
            try:
                self._client.list_parts(Bucket=self.bucket, Key=key, UploadId=multipart_id, MaxParts=1)
            except self._client.exceptions.NoSuchUpload:
                return False
        return True

    def complete_parts(self, key: str, multipart_id: str, etags: Sequence[str]) -> None:
        """Complete a multipart upload from these ETags; raises UploadLost unless all parts are still stored."""
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
        with object_store_errors(self.bucket), _lost_uploads(key):
            self._client.complete_multipart_upload(
                Bucket=self.bucket,
                Key=key,
                UploadId=multipart_id,
                MultipartUpload={"Parts": parts},  # type: ignore[typeddict-item]
            )

    def abort_parts(self, key: str, multipart_id: str) -> None:
        """Abort a multipart upload; it may have ended already."""
        with object_store_errors(self.bucket), suppress(self._client.exceptions.NoSuchUpload):
            self._client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=multipart_id)

    def pages(self, prefix: str) -> Iterator[list[StoredObject]]:
        """Every object whose key begins with ``prefix``, up to a thousand at a time, by key."""
        with object_store_errors(self.bucket):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                yield [StoredObject(item["Key"], item["LastModified"]) for item in page.get("Contents", ())]

    def remove(self, keys: Iterable[str]) -> None:
        """Delete objects; missing ones are ignored."""
        with object_store_errors(self.bucket):
            for key in keys:
                self._client.delete_object(Bucket=self.bucket, Key=key)

    def remove_together(self, keys: Sequence[str]) -> None:
        """As ``remove``, of up to 1000 objects, in one request where the endpoint takes that."""
        wanted: Any = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
        with object_store_errors(self.bucket):
            try:
                failed = self._client.delete_objects(Bucket=self.bucket, Delete=wanted).get("Errors", [])
            except ClientError:
                left = list(keys)
            else:
                left = [one["Key"] for one in failed]
        self.remove(left)

    def remove_below(self, prefix: str) -> None:
        """Delete every object whose key begins with ``prefix``."""
        for page in self.pages(prefix):
            self.remove(item.key for item in page)

    def abort_uploads(
        self, prefix: str, *, begun_before: datetime, unless: Callable[[Collection[str]], Collection[str]]
    ) -> int:
        """Abort the unfinished multipart uploads below ``prefix``; returns their number.

        ``unless`` gets their ids and returns those that are still needed.
        """
        with object_store_errors(self.bucket):
            stale = {
                upload["UploadId"]: upload["Key"]
                for page in self._pages_of_uploads(prefix)
                for upload in page.get("Uploads", ())
                if upload["Initiated"] < begun_before
            }
        needed = unless(set(stale))
        for multipart_id, key in stale.items():
            if multipart_id not in needed:
                self.abort_parts(key, multipart_id)  # it may just have ended
        return len(stale.keys() - set(needed))

    def _pages_of_uploads(self, prefix: str) -> Iterator[Any]:
        with suppress(self._client.exceptions.NoSuchUpload):  # rclone's response for an empty list
            yield from self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=prefix)

    def close(self) -> None:
        """Close the connections."""
        for client in (self._client, self._signer, self._unchecked, self._quick):
            if client is not None:
                client.close()


#: Gives the bucket to whoever finds that it is needed: connecting takes a while.
OpenStore = Callable[[], ObjectStore]


#: Stores that were made before anybody asked for them.
_ahead: Final[dict[StoreAddress, ObjectStore]] = {}


def connect_ahead(address: StoreAddress) -> None:
    """Make what opened_when_asked() gives in this process, with a connection for parts of objects.

    S3 is asked by a thread of its own: nobody waits for one that does not answer.
    """
    store = ObjectStore(address)
    store._for_spans()  # noqa: SLF001 - of the same module
    _ahead[address] = store
    Thread(target=store.connect, name="connect", daemon=True).start()


@contextmanager
def opened_when_asked(address: StoreAddress) -> Iterator[OpenStore]:
    """A function that connects to a bucket when it is first called; what it gave is closed at the end."""
    opened: list[ObjectStore] = []

    def open_store() -> ObjectStore:
        if not opened:
            opened.append(_ahead.pop(address) if address in _ahead else ObjectStore(address))
        return opened[0]

    try:
        yield open_store
    finally:
        for store in opened:
            store.close()


def _interrupted(key: str) -> ObjectStoreUnavailable:
    return ObjectStoreUnavailable(f"The upload of {key} was interrupted.")


@cache
def _models(data_path: str | None) -> Loader:
    """The S3 model of botocore, parsed once per process: parsing takes longer than connecting."""
    return create_loader(data_path)


class _Files(OSUtils):
    """Opens a file for each part of an upload, which leaves open what it gives up before it sends it."""

    def __init__(self) -> None:
        self._opened: list[IO[Any]] = []

    def open(self, filename: str, mode: str) -> IO[Any]:
        opened: IO[Any] = super().open(filename, mode)
        self._opened.append(opened)
        return opened

    def close(self) -> None:
        for file in self._opened:
            file.close()


class ObjectStream(io.RawIOBase):
    """A stream of the bytes of an object; ``read`` raises ObjectStoreUnavailable if it breaks."""

    def __init__(self, body: "StreamingBody", bucket: str) -> None:
        self._body = body
        self._bucket = bucket

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        with object_store_errors(self._bucket):
            return self._body.read(None if size < 0 else size)

    def close(self) -> None:
        """Close the connection."""
        self._body.close()
        super().close()


@contextmanager
def object_store_errors(bucket: str) -> Iterator[None]:
    """Map every failure of S3 to ObjectStoreUnavailable, retryable unless S3 denies access or the like."""
    try:
        yield
    except (BotoCoreError, Boto3Error, ClientError) as error:
        raise object_store_trouble(error, bucket) from error


@contextmanager
def _lost_uploads(key: str) -> Iterator[None]:
    """Map the S3 errors for lost parts to UploadLost."""
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in _LOST:
            raise
        raise UploadLost(
            f"The object store has lost the bytes stored so far of {key.rpartition('/')[2]}: start the upload again."
        ) from error
