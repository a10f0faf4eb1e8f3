"""Instants as people type them."""

import pytest

from app.commands.instants import as_iso
from app.errors import InvalidParameters


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("22 Jan 2023 18:00 UTC", "2023-01-22T18:00:00+00:00"),
        ("January 22, 2023 6:30 pm UTC", "2023-01-22T18:30:00+00:00"),
        ("22/01/2023 18:00 GMT", "2023-01-22T18:00:00+00:00"),
        ("01/22/2023 18:00:05Z", "2023-01-22T18:00:05+00:00"),
        ("Sun, 22 Jan 2023 18:00:00 +0100", "2023-01-22T18:00:00+01:00"),
        ("2023/01/22 18:00 -05:30", "2023-01-22T18:00:00-05:30"),
    ],
)
def test_a_date_that_can_be_read_in_one_way_is_read(text: str, iso: str) -> None:
    assert as_iso(text, option="--as-of") == iso


@pytest.mark.parametrize("text", ["2023-01-22T18:00:00Z", "2023-01-22 18:00:00+01:00", "1674410400"])
def test_what_the_server_accepts_is_sent_as_it_is(text: str) -> None:
    assert as_iso(text, option="--as-of") == text


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("01/02/2023 18:00 UTC", "2 January 2023 or 1 February 2023"),
        ("1.2.2023 18:00 UTC", "2 January 2023 or 1 February 2023"),
        ("22 Jan 23 18:00 UTC", "23 January 2022 or 22 January 2023"),
    ],
)
def test_a_date_that_can_be_read_in_two_ways_is_refused_with_both(text: str, meanings: str) -> None:
    with pytest.raises(InvalidParameters, match=f"--since: '{text}' may be {meanings}; write the month as a word"):
        as_iso(text, option="--since")


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "",
        "22 Jan 2023 UTC",  # no time
        "22 Jan 18:00 UTC",  # no year
        "18:00 UTC",
        "22 Jan 2023 18:00",  # no offset
        "22 Jan 2023 18:00 PST",  # of Los Angeles or of Manila
        "22 Jan 2023 18:00 IST",
        "22 Jan 2023 18:00 UTC+3",  # east of Greenwich, or west of it as POSIX has it
        "22 Jan 2023 18:00 Europe/Berlin",
        "2023-01-22",
        "31 Feb 2023 18:00 UTC",
        "9" * 400,
    ],
)
def test_what_is_no_complete_instant_is_left_to_the_server_to_refuse(text: str) -> None:
    assert as_iso(text, option="--as-of") == text


def test_an_abbreviation_is_not_that_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.tzname", ("CET", "CEST"))
    assert as_iso("22 Jan 2023 18:00 CET", option="--as-of") == "22 Jan 2023 18:00 CET"
