"""Plays: of the size that was asked for, the same by seed, with titles that are easily misread."""

import csv
from pathlib import Path

import pytest

from app.demo_data.plays import HEADER, write_plays
from app.errors import InvalidParameters
from app.ingest.policy import Limits
from app.ingest.rejects import Rejects
from app.ingest.source import FileSource
from app.ingest.table.reading import TableCheck
from tests.commands import CommandLine


def test_the_last_row_is_the_one_that_reaches_the_size(tmp_path: Path) -> None:
    (file,) = write_plays(tmp_path, size=300_000, seed=1)
    content = file.path.read_bytes()
    assert len(content) == file.bytes
    assert len(content) >= 300_000 > len(content[:-1].rpartition(b"\n")[0]) + 1
    assert content.startswith(HEADER)
    assert content.endswith(b"\n")


def test_every_row_is_a_song_a_date_and_a_number_and_some_titles_are_odd(tmp_path: Path) -> None:
    (file,) = write_plays(tmp_path, size=2_000_000, songs=5000, seed=3)
    with file.path.open(newline="") as lines:
        header, *rows = csv.reader(lines, strict=True)
    assert header == ["Song", "Date", "Number of Plays"]
    assert len(rows) == file.rows
    assert {len(row) for row in rows} == {3}
    songs = {row[0] for row in rows}
    assert {"NULL", "NA", " 007", 'Hello, "World"', ""} <= songs <= songs | {""}
    assert 4000 < len(songs) <= 5000
    assert [song for song in songs if song != song.strip(" ")]
    assert {row[1][:4] for row in rows} == {"2020"}
    assert len({row[1] for row in rows}) == 366
    assert {int(row[2]) for row in rows} == set(range(1, 1001))
    check = TableCheck(FileSource(file.path), columns=None, limits=Limits(), rejects=Rejects())
    assert sum(len(block) for block in check.blocks()) == file.rows


def test_a_seed_gives_the_same_bytes_in_pieces_of_any_size(tmp_path: Path) -> None:
    told = [
        write_plays(tmp_path / str(number), size=50_000, seed=seed, chunk=chunk)[0].path.read_bytes()
        for number, (seed, chunk) in enumerate([(1, 1 << 16), (1, 77), (2, 77)])
    ]
    assert told[0] == told[1] != told[2]


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    write_plays(tmp_path, size=100, seed=1)
    with pytest.raises(InvalidParameters, match=r"has plays\.csv already"):
        write_plays(tmp_path, size=100, seed=2)


def test_the_command_writes_plays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = CommandLine(monkeypatch, capsys)
    told = run("demo-data", "plays", "--bytes", "5KB", "--songs", "7", "--out", str(tmp_path))
    assert (told.code, "plays.csv: " in told.out) == (0, True)
    with (tmp_path / "plays.csv").open(newline="") as lines:
        assert len({row["Song"] for row in csv.DictReader(lines)}) == 7
