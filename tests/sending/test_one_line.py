"""Text of others in one line."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sending.one_line import one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Uptime of Zürich", "Uptime of Zürich"),
        ("a\r\nBcc: b@c.de", "a Bcc: b@c.de"),
        ("a\0b\x1b[31mc\x7f", "a b [31mc"),
        ("a\x85b\N{LINE SEPARATOR}c\N{PARAGRAPH SEPARATOR}d", "a b c d"),
        ("a\N{RIGHT-TO-LEFT OVERRIDE}b\N{POP DIRECTIONAL ISOLATE}", "ab"),
        ("a\ud800b\udfff", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"),
        ("  a \t b  ", "a b"),
        ("\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}", "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}"),
        ("12\N{NO-BREAK SPACE}h", "12\N{NO-BREAK SPACE}h"),
        ("東京 مرحبا 🕘", "東京 مرحبا 🕘"),
    ],
)
def test_a_text_in_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


def test_what_is_longer_ends_with_an_ellipsis() -> None:
    assert one_line("abcdef", most=6) == "abcdef"
    assert one_line("abcdefg", most=6) == "abcde…"
    assert one_line("abcd efg", most=6) == "abcd…"


@given(st.text(st.characters(codec=None)), st.integers(1, 20))
def test_any_text_becomes_one_that_a_header_may_have(text: str, most: int) -> None:
    line = one_line(text, most=most)
    assert len(line) <= most
    assert not {"Cc", "Cs", "Zl", "Zp"} & {unicodedata.category(letter) for letter in line}
    assert all(
        letter in "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
        for letter in line
        if unicodedata.category(letter) == "Cf"
    )
    assert one_line(line) == line
