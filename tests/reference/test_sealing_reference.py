"""The twin of sealed weeks against the rules: every expected value is worked out by hand."""

from datetime import UTC, date, datetime

import pytest

from tests.reference.sealing import Counts, Known, Poll, Polls


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2023, 1, day, hour, minute, tzinfo=UTC)


def poll(store: str, day: int, status: str = "active") -> Poll:
    return Poll(store, at(day), status)


FIRST = [poll("a", 2), poll("a", 3, "inactive"), poll("b", 9)]


def test_the_last_line_and_the_last_file_count() -> None:
    polls = Polls()
    rows = [*FIRST, poll("a", 2, "unknown"), poll("a", 2), poll("a", 2, "inactive")]
    # Six lines, three keys; active (twice) and unknown contradict the last line.
    assert polls.load(rows) == Counts(accepted=3, duplicate=3, contradicting=2)
    assert polls.rows() == [poll("a", 2, "inactive"), poll("a", 3, "inactive"), poll("b", 9)]
    assert polls.load([poll("b", 9, "unknown")]) == Counts(1, 0, 0)
    assert polls.rows()[-1] == poll("b", 9, "unknown")


def test_a_file_is_taken_out_where_it_still_counts() -> None:
    polls = Polls()
    polls.load(FIRST)
    polls.load([poll("a", 2, "unknown"), poll("a", 3, "inactive"), poll("c", 2)])
    polls.remove(FIRST)
    assert polls.rows() == [poll("a", 2, "unknown"), poll("c", 2)]
    polls.remove(FIRST)
    assert len(polls.rows()) == 2


def test_what_a_line_of_the_same_file_replaced_is_not_what_the_file_set() -> None:
    polls = Polls()
    polls.load([poll("a", 2)])
    polls.remove([poll("a", 2), poll("a", 2, "inactive")])
    assert polls.rows() == [poll("a", 2)]


def test_sealing_changes_nothing() -> None:
    polls = Polls()
    polls.load(FIRST)
    polls.seal()
    assert polls.rows() == FIRST
    polls.load([poll("a", 2, "unknown")])
    polls.unseal()
    polls.seal()
    polls.remove([poll("b", 9)])
    assert polls.rows() == [poll("a", 2, "unknown"), poll("a", 3, "inactive")]


# 2 and 9 January 2023 are Mondays: the first week ends with the eighth.
@pytest.mark.parametrize(
    ("days", "now", "left"),
    [(1, at(9, 23, 59), 3), (1, at(10), 1), (30, at(31), 3), (7, at(23), 0), (7, at(22, 23, 59), 1)],
)
def test_weeks_past_their_retention_go_whole(days: int, now: datetime, left: int) -> None:
    polls = Polls()
    polls.load(FIRST)
    polls.retain(days, now)
    assert len(polls.rows()) == left


def test_a_week_and_a_store_are_known_by_their_polls() -> None:
    polls = Polls()
    polls.load([*FIRST, Poll("b", at(8, 23, 59), "unknown")])
    assert polls.weeks() == {date(2023, 1, 2): 3, date(2023, 1, 9): 1}
    assert polls.known() == {"a": Known(at(2), at(3), 2), "b": Known(at(8, 23, 59), at(9), 2)}
