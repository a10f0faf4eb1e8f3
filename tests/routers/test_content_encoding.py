"""Bytes in a content encoding are refused: they would be stored encoded, and read as what they are not."""

import gzip

import httpx2
import pytest

from tests.uploads.conftest import asking, refused
from tests.uploads.test_protocol import BYTES, encoded

__all__ = ["asking", "refused"]

CONTENT = gzip.compress(b"store_id,status,timestamp_utc\n")


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP, identity", "x"])
def test_encoded_files_are_refused_with_words(refused: httpx2.Client, encoding: str) -> None:
    headers = {"Content-Encoding": encoding, "Upload-Length": "9", "Upload-Metadata": encoded(kind="polls"), **BYTES}
    for answer in (
        refused.post("/uploads", headers=headers, content=CONTENT),
        refused.patch("/uploads/1", headers=headers | {"Upload-Offset": "0"}, content=CONTENT),
        refused.post("/datasets", params={"kind": "polls"}, headers={"Content-Encoding": encoding}, content=CONTENT),
    ):
        assert (answer.status_code, answer.json()["code"]) == (415, "wrong_content_encoding")
        assert repr(encoding) in answer.json()["detail"]
        assert answer.json()["allowed"] == ["identity"]
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("encoding", ["identity", ""])
def test_no_encoding_is_none(refused: httpx2.Client, encoding: str) -> None:
    answer = refused.patch("/uploads/1", headers={"Content-Encoding": encoding, "Upload-Offset": "0", **BYTES})
    assert answer.status_code == 404
