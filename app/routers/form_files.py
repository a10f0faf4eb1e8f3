"""The one file of a form as it comes in: the fields before it, its beginning, and then the rest of it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Request

from app.routers.uploads import body_of
from app.uploads.form import file_in
from app.uploads.incoming import Block

#: Bytes of a text that are enough to tell what it is.
HEAD_BYTES: Final = 64 << 10

#: Workbooks and Parquet files, which begin so, are looked at whole if they are not larger, bytes.
WHOLE: Final = (b"PK", b"PAR1")
WHOLE_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class SentForm:
    """A form of which the beginning was read.

    Attributes:
        fields: those before the file.
        filename: as the sender names it.
        head: the beginning of the file; None: it can only be looked at whole, and is too large for that.
        content: the whole file, to be read once.
    """

    fields: Mapping[str, str]
    filename: str | None
    head: bytes | None
    content: AsyncIterator[Block]


async def sent_form(request: Request) -> SentForm:
    """Read a form up to the beginning of its file.

    Raises:
        InvalidUpload: it is no form with one file.
        UploadCut: it ends early.
    """
    file = await file_in(request.headers.get("content-type", ""), body_of(request), takes_fields=True)
    blocks: list[bytes] = []
    most, is_whole = HEAD_BYTES, True
    async for block in file.stream:
        blocks.append(bytes(block))
        if b"".join(blocks[:2]).startswith(WHOLE):
            most = WHOLE_BYTES
        if sum(map(len, blocks)) >= most:
            is_whole = False
            break
    head = b"".join(blocks)
    is_shown = is_whole or not head.startswith(WHOLE)
    return SentForm(file.fields, file.filename, head[:most] if is_shown else None, _content(head, file.stream))


async def _content(head: bytes, rest: AsyncIterator[Block]) -> AsyncIterator[Block]:
    yield head
    async for block in rest:
        yield block
