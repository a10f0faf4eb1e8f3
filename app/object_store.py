"""Artifacts in S3: put, check, link, remove."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from app.errors import ObjectStoreUnavailable, SetupError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

#: Bytes of a file that are hashed at a time.
_HASH_BLOCK: Final = 1 << 20

#: Answers of S3 that will not change by asking again: wrong keys, missing bucket, refused.
_PERMANENT: Final = frozenset({400, 401, 403, 404, 405, 409})


class ObjectStore:
    """One bucket of an S3 endpoint."""

    def __init__(
        self,
        *,
        bucket: str,
        region: str,
        endpoint_url: str | None,
        public_url: str | None = None,
        access_key: str | None = None,
        secret_key: str | None = None,
    ) -> None:
        self.bucket = bucket
        connect = partial(
            boto3.client,
            "s3",
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=5,
                read_timeout=30,
                retries={"mode": "standard", "total_max_attempts": 3},
                max_pool_connections=32,
            ),
        )
        self._client: S3Client = connect(endpoint_url=endpoint_url)
        # The host is part of what is signed, so a link works only at the address that it was made for. Signing needs no
        # connection: this process may not even reach that address.
        self._signer: S3Client = connect(endpoint_url=public_url) if public_url else self._client

    def ping(self) -> None:
        """Raise ObjectStoreUnavailable unless the bucket answers."""
        with object_store_errors():
            self._client.head_bucket(Bucket=self.bucket)

    def ensure_bucket(self) -> None:
        """Create the bucket unless it exists."""
        with object_store_errors():
            try:
                self._client.head_bucket(Bucket=self.bucket)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                    raise
                self._client.create_bucket(Bucket=self.bucket)

    def put(self, path: Path, key: str, *, media_type: str) -> None:
        """Store a file, in parts if it is large, and check that all of it arrived."""
        with object_store_errors():
            self._client.upload_file(str(path), self.bucket, key, ExtraArgs={"ContentType": media_type})
            stored = self._client.head_object(Bucket=self.bucket, Key=key)["ContentLength"]
        if stored != path.stat().st_size:
            raise ObjectStoreUnavailable(f"{key}: {stored} of {path.stat().st_size} bytes were stored.")

    def link(self, key: str, *, media_type: str, seconds: int) -> str:
        """A presigned URL that downloads an object under its own name for that long."""
        name = key.rpartition("/")[2]
        wanted = {
            "Bucket": self.bucket,
            "Key": key,
            "ResponseContentType": media_type,
            "ResponseContentDisposition": f'attachment; filename="{name}"',
        }
        with object_store_errors():
            return self._signer.generate_presigned_url("get_object", Params=wanted, ExpiresIn=seconds)

    def remove_below(self, prefix: str) -> None:
        """Delete every object whose key begins with ``prefix``."""
        with object_store_errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            for page in pages:
                for item in page.get("Contents", ()):
                    self._client.delete_object(Bucket=self.bucket, Key=item["Key"])

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._signer.close()


@contextmanager
def object_store_errors() -> Iterator[None]:
    """Turn every failure of S3 into ObjectStoreUnavailable, retryable unless S3 refused for good."""
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        code = error.response.get("Error", {}).get("Code", "")
        wrong = ObjectStoreUnavailable(f"The object store answered {status} {code}.")
        wrong.retryable = status not in _PERMANENT
        raise wrong from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise SetupError(
            "There are no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this process "
            "a role."
        ) from error
    except (BotoCoreError, Boto3Error) as error:
        raise ObjectStoreUnavailable("The object store does not answer; try again in a moment.") from error


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()
