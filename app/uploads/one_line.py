"""Bodies whose line breaks were taken out on the way: ``curl --data @FILE`` sends a file as one line."""

from collections.abc import AsyncIterator
from typing import Final

from app.errors import InvalidUpload
from app.uploads.incoming import Block

#: Content type that curl gives to every body that comes from its options for data.
FORM_ENCODED: Final = "application/x-www-form-urlencoded"

#: A longer line is none of a table.
_LONGEST: Final = 64 << 10

#: How files begin that may lack line breaks: JSON, gzip, workbooks.
_OTHERS: Final = (b"{", b"[", b"\x1f\x8b", b"PK")


async def with_line_breaks(stream: AsyncIterator[Block]) -> AsyncIterator[Block]:
    """The same blocks; raises InvalidUpload if they are a table on one line, which has no rows."""
    head = b""
    async for block in stream:
        head += bytes(block)
        if len(head) > _LONGEST or b"\n" in head or b"\r" in head:
            break
    if head and b"\n" not in head and b"\r" not in head and not head.lstrip().startswith(_OTHERS):
        raise InvalidUpload(
            f"The body was sent as {FORM_ENCODED} and has no line break; curl --data takes them out. Send the file "
            "with curl --data-binary @FILE."
        )
    yield head
    async for block in stream:
        yield block
