"""Pages of a list: which items they show, and where the next one begins."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from app.paging import Page, in_order_of_keys, key_of, newest_first, place_of

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    created_at: datetime
    id: str

    @property
    def key(self) -> str:
        return self.id


ROWS = [Row(NOON - timedelta(hours=number), f"{number:032x}") for number in range(4)]


@pytest.mark.parametrize("found", [0, 1, 3])
def test_a_page_that_no_more_was_found_for_is_the_last(found: int) -> None:
    assert newest_first(ROWS[:found], limit=3) == Page(ROWS[:found], None)
    assert in_order_of_keys(ROWS[:found], limit=3) == Page(ROWS[:found], None)


def test_one_more_than_a_page_shows_is_left_to_the_next_which_begins_after_the_last_shown() -> None:
    page = newest_first(ROWS, limit=3)
    assert list(page.items) == ROWS[:3]
    assert page.next_cursor is not None
    assert place_of(page.next_cursor) == (ROWS[2].created_at, ROWS[2].id)
    page = in_order_of_keys(ROWS, limit=3)
    assert list(page.items) == ROWS[:3]
    assert page.next_cursor is not None
    assert key_of(page.next_cursor) == ROWS[2].key


def test_a_page_of_what_items_become_keeps_its_cursor() -> None:
    page = newest_first(ROWS, limit=3).of(lambda row: row.id)
    assert list(page.items) == [row.id for row in ROWS[:3]]
    assert page.next_cursor == newest_first(ROWS, limit=3).next_cursor
