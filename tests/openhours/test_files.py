"""A file is downloaded by whichever link a server gives: one of S3, or its own address."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from app.storage.resources import Resources
from app.web.server import serving
from openhours import Client
from openhours.errors import DownloadFailed, InvalidInput
from openhours.files import File, url_at
from openhours.whole_files import written_whole
from tests.routers.test_files_api import CONTENT, insert_report

ADDRESS = "https://reports.example/o"
OWN = f"/reports/{'0' * 32}/files/uptime.csv"


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        (OWN, ADDRESS + OWN),
        (f"/o{OWN}", ADDRESS + OWN),
        (f"http://internal:8000{OWN}", ADDRESS + OWN),
        (f"https://s3.example/bucket{OWN}?X-Amz-Signature=0", f"https://s3.example/bucket{OWN}?X-Amz-Signature=0"),
        ("https://s3.example/reports/x/uptime.csv?a=b", "https://s3.example/reports/x/uptime.csv?a=b"),
    ],
)
def test_a_file_of_the_server_is_asked_where_the_server_is_reached(url: str, asked: str) -> None:
    assert url_at(url, ADDRESS) == asked


@pytest.fixture(params=["links", "through"])
def client(request: pytest.FixtureRequest, resources: Resources) -> Iterator[Client]:
    settings = resources.settings.model_copy(
        update={"downloads": request.param, "public_url": "https://nobody.example/reports"}
    )
    with serving(replace(resources, settings=settings), slots=0) as address, Client(address) as client:
        yield client


def test_the_client_downloads_by_either(client: Client, resources: Resources, tmp_path: Path) -> None:
    report_id = insert_report(resources, "uptime.csv")
    (raw,) = client.poll(report_id)["files"]
    path = client.download(File.of(raw), tmp_path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == hashlib.sha256(CONTENT).hexdigest()


def test_a_file_that_is_gone_says_who_answered(client: Client, tmp_path: Path) -> None:
    gone = File("uptime.csv", OWN, 1, 1, "0" * 64)
    with pytest.raises(DownloadFailed, match=r"The server answered 404 for uptime\.csv"):
        client.download(gone, tmp_path)


def test_what_is_no_file_is_not_replaced_by_one(client: Client, resources: Resources, tmp_path: Path) -> None:
    (raw,) = client.poll(insert_report(resources, "uptime.csv"))["files"]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InvalidInput, match="is there and is no file"):
        client.download(File.of(raw), pipe)
    assert [(one, one.is_fifo()) for one in tmp_path.iterdir()] == [(pipe, True)]


def test_a_link_stays_one_and_a_pipe_is_written_to(tmp_path: Path) -> None:
    link, file = tmp_path / "link.csv", tmp_path / "file.csv"
    link.symlink_to(file)
    with written_whole(link) as out:
        out.write(b"x")
    assert link.is_symlink()
    assert file.read_bytes() == b"x"
    with written_whole(Path("/dev/null")) as out:
        out.write(b"x")
    assert not Path("/dev/null").is_file()


def test_what_is_broken_off_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(b"as it was")
    with pytest.raises(KeyboardInterrupt), written_whole(file) as out:
        _break_off(out)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file.csv", b"as it was")]


def _break_off(out: BinaryIO) -> None:
    out.write(b"half")
    raise KeyboardInterrupt
