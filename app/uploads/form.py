"""The file in a form, RFC 7578, as a stream: nothing is kept in memory or on disk."""

from asyncio import timeout
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.errors import InvalidUpload, UploadCut
from app.uploads import metadata
from app.uploads.incoming import Block

#: Most bytes of the fields before the file, with their names.
MOST_FIELD_BYTES: Final = 64 << 10

#: Time limit for the few hundred bytes before the file in a form, seconds.
HEAD_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class FormFile:
    """The only part of a form that has a file name; ``stream`` raises InvalidUpload if another one follows.

    ``name`` is that of the part, whatever it is; ``fields`` are those before it, as far as the form may have any.
    """

    name: str
    filename: str | None
    stream: AsyncIterator[Block]
    fields: Mapping[str, str] = field(default_factory=dict)


#: Of a form that its parser does not accept; which byte it stopped at helps nobody.
_UNREADABLE: Final = (
    "The form cannot be read: its parts are not separated by the boundary of its Content-Type (at most 70 "
    "characters), or the header of a part is malformed or too large."
)


async def file_in(content_type: str, stream: AsyncIterator[Block], *, takes_fields: bool = False) -> FormFile:
    """The one file of a form; with ``takes_fields`` there may be fields before it, MOST_FIELD_BYTES of them.

    Raises:
        InvalidUpload: it has other parts, or cannot be parsed.
        UploadCut: the file does not begin in time; nothing else watches the connection until then.
    """
    name, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if name != b"multipart/form-data" or not boundary:
        raise InvalidUpload(f"Content-Type is {content_type!r}; send a form as multipart/form-data with a boundary.")
    try:
        form = _Form(boundary, takes_fields=takes_fields)
        async with timeout(HEAD_SECONDS):
            async for chunk in stream:
                form.feed(chunk)
                if form.has_head:
                    return FormFile(form.name(), form.filename(), _content(form, stream), form.fields)
    except FormParserError as error:
        raise InvalidUpload(_UNREADABLE) from error
    except TimeoutError as error:
        raise UploadCut(f"The file in the form did not begin within {HEAD_SECONDS} seconds.") from error
    raise InvalidUpload("The form ends before the file in it begins.")


async def _content(form: "_Form", stream: AsyncIterator[Block]) -> AsyncIterator[Block]:
    for block in form.taken():
        yield block
    async for chunk in stream:
        form.feed(chunk)
        for block in form.taken():
            yield block
    form.end()


class _Form:
    """State of the parser's callbacks, with blocks of content until they are taken."""

    def __init__(self, boundary: bytes, *, takes_fields: bool) -> None:
        self.has_head = False
        self.fields: dict[str, str] = {}
        self._takes_fields = takes_fields
        self._field_bytes = 0
        self._field, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._blocks: list[bytes] = []
        self._is_whole = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_field,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header,
                "on_headers_finished": self._on_head,
                "on_part_data": self._on_data,
                "on_part_end": self._end_part,
                "on_end": self._on_end,
            },
        )

    def feed(self, chunk: Block) -> None:
        """Parse the next bytes of the form."""
        try:
            self._parser.write(bytes(chunk))
        except FormParserError as error:
            raise InvalidUpload(_UNREADABLE) from error

    def taken(self) -> list[bytes]:
        """Bytes of the file since the last call."""
        blocks, self._blocks = self._blocks, []
        return blocks

    def end(self) -> None:
        """End the form."""
        if not self._is_whole:
            raise InvalidUpload("The form ends in the middle of the file: its closing boundary is missing.")

    def name(self) -> str:
        """The name of the part; empty if it has none."""
        return self._disposition().get(b"name", b"").decode(errors="replace")

    def filename(self) -> str | None:
        """The sender's name of the file."""
        name = self._disposition().get(b"filename", b"")
        try:
            return metadata.file_name(name.decode())
        except UnicodeDecodeError as error:
            raise InvalidUpload(f"filename is {name!r}, which is not UTF-8.") from error

    def _begin(self) -> None:
        if self.has_head:
            raise InvalidUpload("The form has several parts; send only the file, and options in the query string.")
        self._headers, self._blocks = {}, []

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field, self._value = b"", b""

    def _on_head(self) -> None:
        self.has_head = b"filename" in self._disposition()
        if not self.has_head and not self._takes_fields:
            raise InvalidUpload(
                f"The part {self.name() or '?'!r} of the form has no file name; send options in the query string."
            )

    def _disposition(self) -> dict[bytes, bytes]:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        return options

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._blocks.append(data[start:end])
        if not self.has_head:
            self._count(end - start)

    def _end_part(self) -> None:
        if not self.has_head:
            self.fields[self.name()] = b"".join(self.taken()).decode(errors="replace")

    def _count(self, size: int) -> None:
        self._field_bytes += size
        if self._field_bytes > MOST_FIELD_BYTES:
            raise InvalidUpload(f"The fields before the file have more than {MOST_FIELD_BYTES:,} bytes.")

    def _on_end(self) -> None:
        self._is_whole = True
