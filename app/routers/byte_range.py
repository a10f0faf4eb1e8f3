"""Which part of a file a request wants, and whether it has it already: conditions and ranges of RFC 9110."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

#: One range; several at once, or another unit, are answered with the whole file, as RFC 9110 allows.
_RANGE: Final = re.compile(r"bytes=[ \t]*(\d*)-(\d*)[ \t]*", re.ASCII | re.IGNORECASE)

#: Longer numbers are beyond any file.
_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Selected:
    """What to answer: the status, and for 206 the first byte and the one after the last."""

    status: Literal[200, 206, 304, 416]
    span: tuple[int, int] | None = None


def selected(headers: Mapping[str, str], *, etag: str, size: int, is_head: bool = False) -> Selected:
    """What a request with these headers (of lower-case names) wants of a file; ``etag`` has its quotes.

    Range is for GET alone (RFC 9110, 14.2). If-Range with another ETag, or with a date, means the whole file (13.1.5).
    """
    if is_known(headers.get("if-none-match"), etag):
        return Selected(304)
    wanted = headers.get("range")
    if wanted is None or is_head or headers.get("if-range", etag).strip() != etag:
        return Selected(200)
    found = _RANGE.fullmatch(wanted.strip())
    if found is None or not any(found.groups()):
        return Selected(200)
    first, last = (None if not text else int(text.lstrip("0")[: _DIGITS + 1] or "0") for text in found.groups())
    if first is not None and last is not None and last < first:
        return Selected(200)  # no range at all, which is ignored (14.1.1)
    span = _span(first, last, size)
    return Selected(416) if span is None else Selected(206, span)


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Whether the header has this ETag, or any (RFC 9110, 13.1.2)."""
    given = {one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")}
    return bool(given & {etag, "*"})


def _span(first: int | None, last: int | None, size: int) -> tuple[int, int] | None:
    """The bytes from the first to before the last; None if the file has none of them."""
    if first is None:
        return None if not last or not size else (max(size - last, 0), size)
    if first >= size:
        return None
    return first, size if last is None else min(last + 1, size)
