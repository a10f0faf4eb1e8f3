"""docs/console.md shows every page and says what one does there; its pictures are there, and small."""

import struct
from pathlib import Path

import pytest

from tests.console.browser.pictures import DOCS, LARGEST_BYTES, PICTURES, WIDTH

PAGE = (DOCS / "console.md").read_text("utf-8")


@pytest.mark.parametrize(("path", "picture"), PICTURES.items(), ids=PICTURES)
def test_a_page_is_shown(path: str, picture: Path) -> None:
    """``CONSOLE_PICTURES=1 make browser`` makes the pictures."""
    assert f"`{path.replace(':path', '')}`: " in PAGE
    assert f"](pictures/{picture.name})" in PAGE
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">I", content[16:20]) == (WIDTH,)
    assert len(content) <= LARGEST_BYTES


def test_no_picture_is_left_of_a_page_that_is_gone() -> None:
    assert set((DOCS / "pictures").glob("console-*.png")) == set(PICTURES.values())
