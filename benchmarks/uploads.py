"""Speed of an upload against a bare multipart upload of boto3 of the same file to the same S3, in turns, in one run.

    python -m benchmarks.uploads --mib 512

Each figure is the median of several rounds. The file's bytes cannot be packed; everything is on loopback.
"""

import argparse
import os
import uuid
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import boto3
import psutil

from app.settings import Settings
from app.storage.resources import Addresses, addresses
from benchmarks.bench import database, served
from tests.commands import free_port

ROUNDS = 5

#: How a client may cut a file; what is smaller than a part of S3 is an object of its own first.
PIECES = {"one PATCH": 0, "PATCHes of 64 MiB": 64 << 20, "PATCHes of 8 MiB": 8 << 20, "PATCHes of 1 MiB": 1 << 20}

#: The one that a server of its own has.
BUCKET = Settings().s3_bucket

TUS = {"Tus-Resumable": "1.0.0"}


def tus(address: str, path: Path, *, chunk_bytes: int) -> None:
    """The protocol with the least that a client can do."""
    connection = HTTPConnection(urlsplit(address).netloc)
    metadata = f"kind {b64encode(b'polls').decode()}"
    size = path.stat().st_size
    connection.request("POST", "/uploads", headers=TUS | {"Upload-Length": str(size), "Upload-Metadata": metadata})
    response = connection.getresponse()
    location = response.headers["Location"]
    response.read()
    for offset in range(0, size, chunk_bytes):
        length = min(chunk_bytes, size - offset)
        headers = TUS | {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(length),
        }
        connection.request("PATCH", location, body=_blocks(path, offset, length), headers=headers)
        response = connection.getresponse()
        response.read()
        if response.status != 204:
            raise SystemExit(f"PATCH was answered {response.status}")
    connection.close()


def _blocks(path: Path, offset: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while length:
            block = file.read(min(length, 1 << 18))
            length -= len(block)
            yield block


def client_of(where: Addresses) -> Any:
    """boto3's client as it is without any setting."""
    return boto3.client(
        "s3",
        endpoint_url=where.s3_endpoint_url,
        aws_access_key_id=where.s3_access_key,
        aws_secret_access_key=where.s3_secret_key,
        region_name=Settings().s3_region,
    )


def bare(client: Any, path: Path) -> None:
    """boto3's own transfer: parts of 8 MiB, ten at a time."""
    key = f"bare/{uuid.uuid4().hex}"
    client.upload_file(str(path), BUCKET, key)
    client.delete_object(Bucket=BUCKET, Key=key)


def timed(action: object, *arguments: object, **options: object) -> float:
    begin = perf_counter()
    action(*arguments, **options)  # type: ignore[operator]
    return perf_counter() - begin


class Peak(Thread):
    """The most memory that a process had from begin to end, bytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(pid)
        self.ended = Event()
        self.first_bytes = self.bytes = self._process.memory_info().rss

    def run(self) -> None:
        while not self.ended.wait(0.05):
            self.bytes = max(self.bytes, self._process.memory_info().rss)


def run(mib: int) -> None:
    with TemporaryDirectory() as folder:
        home, path = Path(folder) / "home", Path(folder) / "file"
        with path.open("wb") as file:
            for _ in range(mib):
                file.write(os.urandom(1 << 20))
        with (
            addresses(Settings(home=home)) as where,
            database(where) as url,
            served(url, home, port := free_port(), slots=0) as (_, _log),
            closing(client_of(where)) as client,
        ):
            address = f"http://127.0.0.1:{port}"
            (pid,) = {
                connection.pid
                for connection in psutil.net_connections("tcp")
                if connection.status == "LISTEN" and connection.laddr and connection.laddr.port == port
            }
            bare(client, path)
            tus(address, path, chunk_bytes=64 << 20)
            peak = Peak(int(pid or 0))
            peak.start()
            floor: list[float] = []
            seconds: dict[str, list[float]] = {}
            for _ in range(ROUNDS):
                floor.append(timed(bare, client, path))
                for name, chunk_bytes in PIECES.items():
                    took = timed(tus, address, path, chunk_bytes=chunk_bytes or path.stat().st_size)
                    seconds.setdefault(name, []).append(took)
            peak.ended.set()
    base = median(floor)
    print(f"bare boto3 multipart upload of {mib} MiB: {base:.2f} s, {mib / base:.0f} MiB/s")
    for name, each in seconds.items():
        print(f"tus, {name}: {median(each):.2f} s, {median(each) / base:.2f} x bare")
    print(f"memory of the replica: {peak.first_bytes >> 20} MiB, at most {(peak.bytes - peak.first_bytes) >> 20} more")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=512)
    run(parser.parse_args().mib)
