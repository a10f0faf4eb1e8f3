"""Which part of a file a request wants, by examples of RFC 9110 and against a slow twin."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.routers.byte_range import Selected, selected
from tests.strategies import examples

ETAG = '"abc"'


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({}, Selected(200)),
        ({"range": "bytes=0-499"}, Selected(206, (0, 500))),
        ({"range": "bytes=500-999"}, Selected(206, (500, 1000))),
        ({"range": "bytes=-500"}, Selected(206, (500, 1000))),
        ({"range": "bytes=950-"}, Selected(206, (950, 1000))),
        ({"range": "bytes=-2000"}, Selected(206, (0, 1000))),
        ({"range": "bytes=999-99999999999999999999999"}, Selected(206, (999, 1000))),
        ({"range": "BYTES=0-0"}, Selected(206, (0, 1))),
        ({"range": "bytes=1000-"}, Selected(416)),
        ({"range": "bytes=99999999999999999999999-"}, Selected(416)),
        ({"range": "bytes=-0"}, Selected(416)),
        ({"range": "bytes=5-4"}, Selected(200)),
        ({"range": "bytes=-"}, Selected(200)),
        ({"range": "bytes=0-0,-1"}, Selected(200)),
        ({"range": "lines=1-2"}, Selected(200)),
        ({"range": "bytes=٣-"}, Selected(200)),
        ({"range": f"bytes={'9' * 6000}-"}, Selected(416)),
        ({"range": "bytes=0-0", "if-range": ETAG}, Selected(206, (0, 1))),
        ({"range": "bytes=0-0", "if-range": '"other"'}, Selected(200)),
        ({"range": "bytes=0-0", "if-range": f"W/{ETAG}"}, Selected(200)),
        ({"range": "bytes=0-0", "if-range": "Sat, 29 Oct 2026 19:43:31 GMT"}, Selected(200)),
        ({"if-none-match": ETAG}, Selected(304)),
        ({"if-none-match": f'"x", W/{ETAG}'}, Selected(304)),
        ({"if-none-match": "*"}, Selected(304)),
        ({"if-none-match": '"x"'}, Selected(200)),
        ({"if-none-match": ETAG, "range": "bytes=5000-"}, Selected(304)),
    ],
)
def test_the_part_is_the_one_of_the_standard(headers: dict[str, str], wanted: Selected) -> None:
    assert selected(headers, etag=ETAG, size=1000) == wanted


def test_head_knows_no_range_and_an_empty_file_has_no_part() -> None:
    assert selected({"range": "bytes=0-0"}, etag=ETAG, size=10, is_head=True) == Selected(200)
    for text in ("bytes=0-", "bytes=-5", "bytes=0-0"):
        assert selected({"range": text}, etag=ETAG, size=0) == Selected(416)


_END = st.none() | st.integers(0, 130)


@given(first=_END, last=_END, size=st.integers(0, 120))
@settings(max_examples=examples(300))
def test_the_bytes_are_those_of_a_twin_that_tries_each(first: int | None, last: int | None, size: int) -> None:
    text = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    found = selected({"range": text}, etag=ETAG, size=size)
    if (first is None and last is None) or (first is not None and last is not None and last < first):
        assert found == Selected(200)
        return
    if first is None:
        wanted = [n for n in range(size) if n >= size - (last or 0)]
    else:
        wanted = [n for n in range(size) if n >= first and (last is None or n <= last)]
    assert found.status == (206 if wanted else 416)
    assert list(range(*(found.span or (0, 0)))) == wanted
