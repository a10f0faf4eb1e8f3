"""A log of plays of songs, as large as is wanted: rows in no order, titles with outer spaces, ``NULL`` and quotes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from app.demo_data.dice import Words, bits, roll, state
from app.demo_data.files import OnProgress, Written, write_all

HEADER: Final = b"Song,Date,Number of Plays\n"

#: Number of songs by default.
DEFAULT_SONGS: Final = 10_000

#: Size by default, bytes.
DEFAULT_BYTES: Final = 10_000_000

#: Rows made at a time: some 2 MB of lines. The bytes do not depend on it.
CHUNK: Final = 1 << 16

#: Most plays of a song in a row.
MOST_PLAYS: Final = 1000

#: Characters of a title, by six random bits each: about one of 32 is a space, so that some begin or end with it.
_ALPHABET: Final = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz  ", np.uint8)
_LENGTH: Final = 10

#: Titles that are easily read as something else; one song of 256 has one of them.
_ODD_TITLES: Final = ("NULL", "NA", "nan", " 007", "1e3", '"Hello, ""World"""', '"Sunday, Monday"', "")

#: Of a line's fields, each as wide as it can be; zero bytes are left out in the end.
_LINE: Final = np.dtype([("song", "V18"), ("date", "V12"), ("plays", "V4"), ("end", "V1")])


def _fixed(texts: list[str], width: int) -> npt.NDArray[np.void]:
    return np.array([text.encode() for text in texts], f"S{width}").view(f"V{width}")


_ODD: Final = _fixed(list(_ODD_TITLES), 18)
_DATE: Final = _fixed([f",{day}," for day in np.arange("2020-01-01", "2021-01-01", dtype="datetime64[D]")], 12)
_PLAYS: Final = _fixed([str(number) for number in range(1, MOST_PLAYS + 1)], 4)


def write_plays(
    folder: Path,
    *,
    size: int = DEFAULT_BYTES,
    songs: int = DEFAULT_SONGS,
    seed: int,
    force: bool = False,
    chunk: int = CHUNK,
    progress: OnProgress = lambda _stage, _share: None,
) -> list[Written]:
    """Write plays.csv to a folder, which is created if necessary.

    Args:
        folder: where to write.
        size: bytes of the file; the row that reaches it is the last.
        songs: how many songs there are; each has rows on any date of 2020.
        seed: the same arguments give the same bytes.
        force: replace an existing file.
        chunk: rows made at a time.
        progress: called with "plays" and the share of the file that is done.

    Raises:
        InvalidParameters: the file exists already; nothing was written.
    """
    return write_all(folder, {"plays.csv": _pieces(size, songs, seed, chunk, progress)}, force=force, progress=progress)


def _pieces(size: int, songs: int, seed: int, chunk: int, progress: OnProgress) -> Iterator[bytes]:
    yield HEADER
    done, first = len(HEADER), 0
    while done < size:
        piece = _lines(seed, songs, first, first + chunk)
        if done + len(piece) > size:
            piece = piece[: piece.index(b"\n", size - done - 1) + 1]
        yield piece
        done, first = done + len(piece), first + chunk
        progress("plays", min(done / size, 1.0))


def _lines(seed: int, songs: int, first: int, last: int) -> bytes:
    """The lines of rows ``first`` … ``last - 1``."""
    words = roll(state(seed, "plays"), np.arange(first, last))
    titles = roll(state(seed, "songs"), bits(words, 0, 40) % songs)
    line = np.zeros(last - first, _LINE)
    line["song"] = _titles(titles)
    line["date"] = _DATE[bits(words, 40, 12) % len(_DATE)]
    line["plays"] = _PLAYS[bits(words, 52, 12) % len(_PLAYS)]
    line["end"] = np.void(b"\n")
    characters = line.view(np.uint8)
    text: bytes = characters[characters != 0].tobytes()
    return text


def _titles(words: Words) -> npt.NDArray[np.void]:
    """The title of each song by its word."""
    places = [bits(words, 6 * place, 6) for place in range(_LENGTH)]
    titles = np.zeros((len(words), 18), np.uint8)
    titles[:, :_LENGTH] = _ALPHABET[np.stack(places, axis=1)]
    found = titles.view("V18").reshape(-1)
    is_odd = (bits(words, 60, 4) == 0) & (bits(words, 0, 4) == 0)
    found[is_odd] = _ODD[bits(words[is_odd], 4, 3)]
    return found
