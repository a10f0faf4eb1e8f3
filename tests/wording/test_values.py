"""How a value that is refused is shown: as it was written, and never more of it than somebody reads."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from app.wording.values import repeated, shown, shown_whole

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("up", "'up'"),
        ("it's", '"it\'s"'),
        (True, "true"),
        (None, "null"),
        (1.5, "1.5"),
        ([], "[]"),
        (["a", "b"], "'a', 'b'"),
        ([1, None], "1, null"),
        ([["a"]], '[["a"]]'),
        ({"a": [1]}, '{"a": [1]}'),
        (b"a=1", "'a=1'"),
        (NOON, "2024-05-01T12:00:00Z"),
        (NOON.astimezone(timezone(timedelta(hours=2))), "2024-05-01T14:00:00+02:00"),
    ],
)
def test_a_value_is_shown_as_its_sender_may_have_written_it(value: Any, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize("value", ["up", "", 0, None, True, 1.5, [], ["x"], {"a": [1, {"b": None}]}])
def test_a_short_value_is_repeated_as_it_came(value: Any) -> None:
    assert repeated(value) == value


def test_instants_and_bytes_are_repeated_as_texts() -> None:
    assert repeated(NOON) == "2024-05-01T12:00:00Z"
    assert repeated(b"a=\xff") == "a=\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("value", "begin"),
    [
        ("x" * 201, "x" * 200),
        (b"x" * 201, "x" * 200),
        (10**300, "1" + "0" * 199),
        (["x"] * 1000, ('["x"' + ', "x"' * 100)[:200]),
        ({"a": "x" * 1000}, '{"a": "' + "x" * 193),
    ],
    ids=["text", "bytes", "number", "list", "object"],
)
def test_a_long_value_is_cut_at_200_characters(value: Any, begin: str) -> None:
    assert repeated(value) == f"{begin}…"
    assert len(shown(value)) <= 204  # with quotation marks


def test_a_text_of_200_characters_is_whole() -> None:
    assert repeated("x" * 200) == "x" * 200


class Unseen:
    """What must not be looked at: it stands behind what is shown."""

    def __str__(self) -> str:
        raise AssertionError("it was looked at")


def test_what_is_cut_off_is_not_made_first() -> None:
    long = [*({"a": 1} for _ in range(1000)), Unseen()]
    for value in (long, {"all": long}):
        assert repeated(value).endswith("…")
        assert shown(value).endswith("…")


@pytest.mark.parametrize(("value", "text"), [([1, "x"], "[1, 'x']"), ([], "[]"), ([["a"]], '[["a"]]'), ("up", "'up'")])
def test_a_list_that_is_wrong_as_a_whole_has_its_brackets(value: Any, text: str) -> None:
    assert shown_whole(value) == text
