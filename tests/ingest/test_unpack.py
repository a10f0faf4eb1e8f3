"""Raw bytes to plain ones, in pieces of bounded size."""

import gzip
import io
import random
import zlib

import pytest

from app.errors import RejectedFile
from app.ingest.csv import unpack
from app.ingest.csv.unpack import unpacked
from app.ingest.policy import Limits

TEXT = b"".join(b"%d,UTC\n" % number for number in range(30_000))


class Dripping(io.BytesIO):
    """Gives fewer bytes than it is asked for, as a network does."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 1, 3))


def plain(raw: bytes, limits: Limits = Limits()) -> bytes:  # noqa: B008 - frozen
    return b"".join(unpacked(io.BytesIO(raw), "file.csv", limits))


@pytest.mark.parametrize("piece_bytes", [1, 5, 1000, 1 << 20])
def test_every_way_to_pack_gives_the_same_bytes(piece_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "PIECE_BYTES", piece_bytes)
    text = TEXT[:5000] if piece_bytes < 100 else TEXT
    half = len(text) // 2
    members = gzip.compress(text[:half]) + gzip.compress(b"") + gzip.compress(text[half:])
    padded = gzip.compress(text[:half]) + bytes(7) + gzip.compress(text[half:]) + bytes(5000)
    stored = zlib.compress(text, level=0, wbits=31)
    for raw in (text, gzip.compress(text), members, padded, stored, b"\xef\xbb\xbf" + text):
        assert plain(raw) == text
    assert plain(b"") == plain(gzip.compress(b"")) == plain(b"\xef\xbb\xbf") == b""
    assert plain(b"\xef") == b"\xef"


def test_a_stream_may_give_less_than_it_is_asked_for() -> None:
    for raw in (TEXT[:9000], gzip.compress(b"\xef\xbb\xbf" + TEXT[:9000])):
        assert b"".join(unpacked(Dripping(raw), "file.csv", Limits())) == TEXT[:9000]


def test_a_damaged_gzip_file_is_refused_wherever_it_is_damaged() -> None:
    whole = gzip.compress(TEXT)
    dice = random.Random(7)
    for cut in [2, 5, 15, 1000, len(whole) - 9, len(whole) - 1, *dice.sample(range(2, len(whole)), 50)]:
        with pytest.raises(RejectedFile, match="it ends too early; was all of it sent"):
            plain(whole[:cut])
    for at in [2, 12, len(whole) - 6, *dice.sample(range(10, len(whole)), 50)]:
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        with pytest.raises(RejectedFile, match=r"file\.csv is a damaged gzip file: it "):
            plain(bytes(damaged))


def test_79_a_bomb_is_unpacked_no_further_than_the_limit() -> None:
    bomb = zlib.compress(b"x" * (50 << 20), 9, wbits=31)
    got = []
    with pytest.raises(RejectedFile, match=r"unpacks to more than 3,000,000 bytes"):
        got.extend(map(len, unpacked(io.BytesIO(bomb), "file.csv", Limits(max_unpacked_bytes=3_000_000))))
    pieces = list(unpacked(io.BytesIO(bomb), "file.csv", Limits()))
    assert max(map(len, pieces)) <= unpack.PIECE_BYTES
    assert sum(map(len, pieces)) == 50 << 20


def test_a_file_of_just_the_largest_size_is_taken() -> None:
    limits = Limits(max_unpacked_bytes=len(TEXT))
    assert plain(TEXT, limits) == plain(gzip.compress(TEXT), limits) == TEXT


def test_any_number_of_members_without_a_byte_are_passed_over() -> None:
    assert plain(gzip.compress(b"") * 200_000 + gzip.compress(TEXT[:9000])) == TEXT[:9000]
