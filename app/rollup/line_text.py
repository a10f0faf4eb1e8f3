"""Groups to lines of the output: keys, quoted where they must be, and the figures behind them."""

from functools import cache
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

#: A key with one of these is quoted.
_SIGNS: Final = (b'"', b",", b"\n", b"\r")

#: Text that is looked through at a time, bytes.
_BLOCK_BYTES: Final = 1 << 20

_MUST_BE_QUOTED: Final = f"[{b''.join(_SIGNS).decode()}]"


def lines_of(batch: pa.RecordBatch) -> pa.LargeStringArray:
    """The line of each group: of a batch of keys, n and figures, as queries.lines gives them."""
    keys, figures = batch.columns[:-2], batch.column("figures")
    if not keys:
        return figures
    fields: list[Any] = [_quoted(key) for key in keys]
    if len(fields) == 1:  # a blank line is no row
        is_blank = pc.and_(pc.equal(fields[0], ""), pc.equal(figures, "\n"))
        fields = [pc.if_else(is_blank, _text('""'), fields[0])]
    separated: list[Any] = [one for field in fields for one in (field, _text(","))]
    lines: pa.LargeStringArray = pc.binary_join_element_wise(*separated[:-1], figures, _text(""))
    return lines


def _quoted(keys: pa.LargeStringArray) -> pa.LargeStringArray:
    """The keys as they stand in a line. Most blocks of them have none to quote, which is quick to see."""
    if not _has_signs(keys):
        return keys
    doubled = pc.replace_substring(keys, '"', '""')
    quoted = pc.binary_join_element_wise(_text('"'), doubled, _text('"'), _text(""))
    return pc.if_else(pc.match_substring_regex(keys, _MUST_BE_QUOTED), quoted, keys)


@cache
def _text(text: str) -> pa.LargeStringScalar:
    """As Arrow has it. Not made when this is imported: the first conversion of Arrow takes a while."""
    return pa.scalar(text, pa.large_string())


def _has_signs(texts: pa.LargeStringArray) -> bool:
    _, offsets, values = texts.buffers()
    if values is None:
        return False
    ends, text = memoryview(offsets).cast("q"), memoryview(values)
    first, end = ends[texts.offset], ends[texts.offset + len(texts)]
    blocks = (bytes(text[at : min(at + _BLOCK_BYTES, end)]) for at in range(first, end, _BLOCK_BYTES))
    return any(sign in block for block in blocks for sign in _SIGNS)
