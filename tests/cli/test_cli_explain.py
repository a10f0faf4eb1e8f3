"""The command explain: why the figures of a store are what they are, in 80 columns and in local time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.commands.explained_text import lines
from app.storage.resources import Resources
from app.web.server import serving
from tests.charts.drawings import size_of
from tests.commands import CommandLine

STORE = "6077660293503601866"


@pytest.fixture(scope="module")
def address(loaded: Resources) -> Iterator[str]:
    with serving(loaded, slots=1) as address:
        yield address


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(monkeypatch, capsys)


def test_a_store_is_explained_in_its_local_time_and_drawn(
    command_line: CommandLine, address: str, tmp_path: Path
) -> None:
    chart = tmp_path / "days.png"
    said = command_line("explain", STORE, "--accounting", "exact", "--chart", str(chart), "--server", address)
    assert (said.code, said.err) == (0, f"{chart}: chart of its days\n")
    lines = said.out.splitlines()
    assert lines[:2] == [
        f"Store {STORE}, exact accounting",
        "18 Jan 2023 12:12:02 to 25 Jan 2023 12:12:02, America/Chicago",
    ]
    # The polls of Thursday in sample_data/polls.csv: inactive at 18:04:40 and until 21:00, active before and after.
    assert "    12:00:22-18:04:40  up       5 polls from 12:00:22, then a poll" in lines
    assert "    18:04:40-22:00:00  down     4 polls from 18:04:40, then a poll" in lines
    assert "  Thu 19 Jan 18:04:40   Thu 19 Jan 22:00:00     235.33 min  poll at 20 Jan 00:58" in lines
    assert max(map(len, lines)) <= 80
    assert size_of(chart)[0] == 1600


def test_a_month_is_explained_by_its_name_and_a_range_by_its_days(command_line: CommandLine, address: str) -> None:
    month = command_line("explain", STORE, "--period", "2023-01", "--accounting", "exact", "--server", address)
    assert month.code == 0, month.err
    lines = month.out.splitlines()
    assert lines[1].startswith("1 Jan 2023 00:00:00 to 25 Jan 2023 12:1")
    assert "  Thu 19 Jan 18:04:40   Thu 19 Jan 22:00:00     235.33 min  poll at 20 Jan 00:58" in lines
    dates = ("--from", "2023-01-18", "--to", "2023-01-20", "--by", "day")
    days = command_line("explain", STORE, *dates, "--accounting", "exact", "--server", address).out.splitlines()
    assert days[1] == "18 Jan 2023 00:00:00 to 20 Jan 2023 00:00:00, America/Chicago"
    assert [line.split()[:2] for line in days[4:6]] == [["2023-01-18", "11.50"], ["2023-01-19", "11.50"]]
    assert max(map(len, lines + days)) <= 80


def test_hourly_accounting_says_how_the_polls_of_an_hour_voted(command_line: CommandLine, address: str) -> None:
    said = command_line("explain", STORE, "--as-of", "2023-01-24T00:00:00Z", "--server", address)
    lines = said.out.splitlines()
    assert "16 Jan 2023 18:00:00 to 23 Jan 2023 18:00:00, America/Chicago" in lines
    assert "    14:00:00-15:00:00  up       2 of 2 polls say active" in lines
    assert any("no polls; same as the hour of " in line for line in lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("none",), "no loaded file has named the store 'none'"),
        ((STORE, "--date", "2023-01-20"), "--date sets the day that --chart FILE draws; give --chart, too"),
        ((STORE, "--chart", "nowhere/days.png"), "--chart: there is no folder nowhere"),
        ((STORE, "--chart", "days.pdf"), "--chart: days.pdf does not end with .png, and only PNG is drawn"),
    ],
)
def test_what_cannot_be_explained_is_refused_in_words(
    command_line: CommandLine, address: str, given: tuple[str, ...], words: str
) -> None:
    said = command_line("explain", *given, "--server", address)
    assert said.code == 2
    assert words in " ".join(said.err.split())


def test_figures_of_a_long_range_fit_into_80_columns_and_what_is_left_out_is_counted() -> None:
    stretch = {
        "start": "2024-01-15T09:00:00+01:00",
        "end": "2024-12-30T21:00:00+01:00",
        "status": "unknown",
        "rule": "polls",
        "polls": 104_832,
        "first_poll_at": "2024-01-14T18:49:00+01:00",
        "last_poll_at": "2024-12-30T20:59:00+01:00",
    }
    seconds = dict.fromkeys(("open_seconds", "up_seconds", "down_seconds", "unknown_seconds"), 87_840 * 3600.0)
    said = {
        "store_id": "1",
        "accounting": "exact",
        "timezones": [{"timezone": "Europe/Berlin", "starts": stretch["start"]}],
        "dates": [],
        "max_gap_source": None,
        "start": stretch["start"],
        "end": stretch["end"],
        "periods": [{"period": "total", **seconds}],
        "windows": [{"opens": stretch["start"], "closes": "2024-01-15T21:00:00+01:00"}],
        "stretches_in_all": 10_002,
        "outages": [],
        "outages_in_all": 0,
    }
    for ending in ("next_poll", "max_gap", "report_end"):
        told = list(lines(said | {"stretches": [stretch | {"ended_by": ending}]}))
        assert max(map(len, told)) <= 80
        assert "87,840.00 h 87,840.00 h" in " ".join(told)
        assert "  and 10,001 more stretches: limit the time with --from and --to" in told
