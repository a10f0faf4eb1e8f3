"""Makes the pictures of docs/console.md, when ``CONSOLE_PICTURES=1`` asks for them."""

import os
from pathlib import Path

import pytest

from tests.console.browser.conftest import Windows
from tests.console.browser.pictures import LARGEST_BYTES, PICTURES, WIDTH
from tests.console.browser.small_png import with_few_colours
from tests.console.examples import ADDRESSES, Made

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.environ.get("CONSOLE_PICTURES") != "1", reason="CONSOLE_PICTURES=1 makes pictures"),
]

#: Of a picture on a page, which is loaded once it is seen.
_WIDTH_ONCE_LOADED = """
(one) => (one.complete ? Promise.resolve() : new Promise((done) => { one.onload = one.onerror = done; }))
  .then(() => one.naturalWidth)
"""

#: Of a page that is longer its beginning is shown, pixels.
HIGHEST = 800


@pytest.mark.parametrize(("path", "picture"), PICTURES.items(), ids=PICTURES)
def test_a_picture_is_made(path: str, picture: Path, window: Windows, made: Made) -> None:
    with window() as opened:
        opened.open(ADDRESSES[path](made)[-1 if path == "/console/reports/new" else 0])
        for picture_on_page in opened.page.locator("main img").all():
            picture_on_page.scroll_into_view_if_needed()
            assert picture_on_page.evaluate(_WIDTH_ONCE_LOADED) > 0, "it could not be drawn"
        opened.page.evaluate("scrollTo(0, 0)")
        height = opened.page.evaluate("Math.ceil(document.body.getBoundingClientRect().height)")
        opened.page.set_viewport_size({"width": WIDTH, "height": min(height, HIGHEST)})
        content = with_few_colours(opened.page.context, opened.page.screenshot(scale="css"))
        assert len(content) <= LARGEST_BYTES, f"{picture.name} has {len(content)} bytes"
        picture.write_bytes(content)
