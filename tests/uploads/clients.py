"""The two real clients of the protocol, each with one way to send a file."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError
from tusclient.uploader import Uploader

from tests.commands import REPOSITORY

JAVASCRIPT = REPOSITORY / "tests" / "uploads" / "js"

#: Retries of the Python client for each of its requests: it counts them without looking at what has arrived.
RETRIES = 400

#: It reads what it sends into memory, bytes.
CHUNK_BYTES = 64 << 20

#: Longest that a client may take, seconds.
LIMIT_SECONDS = 1500

#: Between the tries of a patient client, which count from the last progress, milliseconds: a minute in all, because on
#: a busy machine a cut, a killed replica and the lock that it leaves may follow each other before anything arrives.
PATIENT_DELAYS = [0, 500, 1000, 1000, 2000, 2000, 3000, 3000, *[5000] * 10]

METADATA = {"kind": "polls", "filename": "polls.csv"}

SendFile = Callable[[str, Path], None]


def tuspy(address: str, path: Path) -> None:
    """Send a file with the Python client, to its end."""
    with path.open("rb") as file:  # the client closes none that it opens
        uploader = begun(address, file)
        uploader.upload()
        assert uploader.get_offset() == path.stat().st_size


def begun(address: str, file: BinaryIO) -> Uploader:
    """The Python client with its upload begun; it tries that again, too, as its user would."""
    client = TusClient(f"{address}/uploads")
    uploader = client.uploader(
        file_stream=file, metadata=METADATA, chunk_size=CHUNK_BYTES, retries=RETRIES, retry_delay=0.2
    )
    while not uploader.url:
        try:
            uploader.set_url(uploader.create_url())
        except TusCommunicationError as error:
            if error.status_code is not None:
                raise  # an answer, which would not change
    return uploader


def tus_js(address: str, path: Path) -> None:
    """Send a file with the JavaScript client, to its end, with its own idea of when to try again."""
    assert javascript(address, path).splitlines()[-1] == "done"


def patient_tus_js(address: str, path: Path) -> None:
    """The same, trying more often: a fault must not use up the tries that the one before it has left."""
    assert javascript(address, path, retryDelays=PATIENT_DELAYS).splitlines()[-1] == "done"


def javascript(address: str, path: Path, **options: object) -> str:
    """What the JavaScript client says."""
    require_javascript()
    command = ["node", "upload.mjs", f"{address}/uploads", str(path), json.dumps(METADATA), json.dumps(options)]
    done = subprocess.run(command, cwd=JAVASCRIPT, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def require_javascript() -> None:
    """Skip without Node, where nothing can be installed; with it the client must be there."""
    if shutil.which("node") is None and "CI" not in os.environ:
        pytest.skip("Node is not installed")
    assert (JAVASCRIPT / "node_modules" / "tus-js-client").is_dir(), "run: make setup"
