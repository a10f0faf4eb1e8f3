"""What breaks a JSON text: each complaint of Python's parser in our words."""

import pytest

from app.wording.broken_json import json_trouble
from app.wording.each_once import json_of


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": "b}', "a string that starts here does not end (line 1, column 7)"),
        ('["a\nb"]', "a string has a line break or another control character that is not escaped (line 1, column 4)"),
        ('["\\q"]', "a string has a backslash that does not start an escape sequence (line 1, column 3)"),
        ('["\\u12"]', "a string has a backslash that does not start an escape sequence (line 1, column 4)"),
        ('{"a": [1, \n 2,\n]}', "there is a comma too many (line 2, column 3)"),
        ("{a: 1}", "a name in double quotes is missing (line 1, column 2)"),
        ('{"a" 1}', "a colon is missing after a name (line 1, column 6)"),
        ('{\n"a": 1\n"b": 2}', "a comma or a closing bracket is missing (line 3, column 1)"),
        ("[1, ", "a value is missing (line 1, column 5)"),
        ("[]\n[]", "there is more text after its end (line 2, column 1)"),
        ("[" * 100_000, "it is nested too deeply"),
        ("1" * 5_000, "it has a number with thousands of digits"),
        (b"\xff", "it is not UTF-8"),
        ("\ufeff{}", "it begins with a byte order mark, which must not be there (line 1, column 1)"),
        ('{"a": NaN}', "NaN is no JSON"),
        ("[-Infinity]", "-Infinity is no JSON"),
        ("[1e400]", "1e400 is too large a number"),
    ],
)
def test_what_breaks_it_is_told_in_our_words(text: str | bytes, told: str) -> None:
    with pytest.raises((ValueError, RecursionError)) as caught:
        json_of(text)
    assert json_trouble(caught.value) == told
