"""Functions of expressions beyond JMESPath's own."""

from typing import Any

import pytest

from app.mapping.expressions import evaluated
from app.mapping.unmappable import Unmappable

REST = {
    "user": {"login": "ada"},
    "merged_at": "2024-06-03T15:00:00Z",
    "reviews": [
        {"user": {"login": "ada"}, "at": "2024-06-03T13:00:00Z"},
        {"user": {"login": "lint[bot]"}, "at": "2024-06-03T13:10:00Z"},
        {"user": {"login": "ci", "type": "Bot"}, "at": "2024-06-03T13:20:00Z"},
        {"user": None, "at": "2024-06-03T14:00:00Z"},
        {"user": {"login": "bo"}, "at": "2024-06-03T15:00:00Z"},
    ],
}
GRAPHQL = {
    "author": {"login": "ada"},
    "reviews": [
        {"author": {"login": "ada"}, "at": 1},
        {"author": {"login": "app/lint"}, "at": 2},
        {"author": {"login": "ci", "__typename": "Bot"}, "at": 3},
        {"author": {"login": "ci", "is_bot": True}, "at": 4},
        {"author": {"login": "bo", "is_bot": False}, "at": 5},
    ],
}


@pytest.mark.parametrize(
    ("expression", "record", "found"),
    [
        # Whoever is deleted has no name, and is another than the author, whose name is known.
        ("others(reviews, user.login)[].at | length(@)", REST, 4),
        ("others(reviews, author.login)[].at", GRAPHQL, [2, 3, 4, 5]),
        ("others(reviews, nobody.login)[].at", GRAPHQL, [1, 2, 3, 4, 5]),
        ("people(reviews)[].at", REST, ["2024-06-03T13:00:00Z", "2024-06-03T14:00:00Z", "2024-06-03T15:00:00Z"]),
        ("people(others(reviews, author.login))[].at", GRAPHQL, [5]),
        ("max(before(people(others(reviews, user.login))[].at, merged_at))", REST, "2024-06-03T14:00:00Z"),
        ("max(before(people(others(reviews, user.login))[].at, closed_at))", REST, "2024-06-03T15:00:00Z"),
        ("min(people(others(missing, user.login))[].at)", REST, None),
        ("others([missing], user.login)", REST, []),
        ("before(missing, merged_at)", REST, []),
    ],
)
def test_lists_without_the_author_and_bots_and_before_an_instant(expression: str, record: Any, found: Any) -> None:
    assert evaluated(expression, record) == found


def test_a_function_of_another_type_cannot_be_mapped() -> None:
    with pytest.raises(Unmappable, match="fails here"):
        evaluated("others(user, user.login)", REST)
