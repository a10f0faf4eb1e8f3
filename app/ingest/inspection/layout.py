"""How the first bytes of a file are parted into rows: format, encoding, delimiter, header."""

import csv
import io
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import IO, Any, Final

from app.errors import RejectedFile
from app.ingest.csv.unpack import SLICE_BYTES
from app.ingest.inspection.json_beginning import ROWS, Beginning, first_records, is_json
from app.ingest.inspection.json_columns import columns_of, columns_of_elements, lists_within
from app.ingest.inspection.names import ALSO, plain
from app.ingest.inspection.not_tables import require_table, require_text
from app.mapping import parquet, workbook

#: Columns of a file that is inspected: to guess what each one is takes half a millisecond.
MOST_COLUMNS: Final = 2_000

#: Bytes of a file that are looked at; a workbook and a Parquet file are looked at as a whole.
LOOKED_AT_BYTES: Final = 64 << 10

#: Most bytes of a file that is looked at as a whole, unpacked, all of which are in memory.
MOST_WHOLE_BYTES: Final = 256 << 20

#: How lines above the header begin that InfluxDB annotates its CSV with.
_ANNOTATIONS: Final = ("#datatype", "#group", "#default")

_DELIMITERS: Final = ",;\t|"
_GZIP: Final = b"\x1f\x8b"
_READ_WHOLE: Final = (b"PK", parquet.MAGIC)
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows as texts, and the part of a mapping that says how they are found.

    Attributes:
        document: format, encoding, delimiter and the like, where they are not the default.
        names: of the columns, by which a mapping names them; numbers as texts without a header.
        rows: the first ones.
        questions: what cannot be told.
        whole: of JSON that is cut, the same with those elements of its array that are whole.
        about: texts beside the array of records in a JSON object, by name.
        records: of JSON that is one value.
        unread: names of other arrays of the same records in a JSON object.
    """

    document: Mapping[str, Any]
    names: Sequence[str]
    rows: Sequence[Sequence[str]]
    questions: Sequence[str] = field(default=())
    whole: str | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    records: Sequence[Mapping[str, Any]] = ()
    unread: Sequence[str] = ()

    def column(self, at: int) -> list[str]:
        """The texts of a column."""
        return [row[at] for row in self.rows]


def looked_at(stream: IO[bytes]) -> bytes:
    """The bytes of a file that are looked at: the first ones, or all of what can only be read as a whole.

    Of that it is one more than MOST_WHOLE_BYTES at most, which layout_of() refuses.
    """
    head = stream.read(LOOKED_AT_BYTES)
    if not is_read_whole(head):
        return head
    return head + stream.read(MOST_WHOLE_BYTES + 1 - len(head))


def is_read_whole(data: bytes) -> bool:
    """Whether a file that begins so can only be read as a whole."""
    return _begun(data).startswith(_READ_WHOLE)


def layout_of(data: bytes, name: str) -> Layout:
    """How a file is parted, by its first bytes.

    Raises:
        RejectedFile: it is not text, JSON or a workbook, has no rows, or more than MOST_COLUMNS columns.
    """
    try:
        found = _layout(data, name)
    except (csv.Error, IndexError, StopIteration, RecursionError, zlib.error) as error:
        raise RejectedFile(f"{name} has no regular rows in its first bytes.", reason="wrong_format") from error
    if len(found.names) > MOST_COLUMNS:
        raise RejectedFile(
            f"{name} has more than {MOST_COLUMNS:,} columns, which is the most that is inspected. Leave out those that "
            "are not needed, or write the mapping by hand.",
            reason="wrong_columns",
        )
    return found


def _layout(data: bytes, name: str) -> Layout:
    head = _unpacked(data, name)
    if head.startswith(b"PK"):
        return _of_sheet(list(islice(workbook.rows_of(head, name, sheet=None, skip_lines=None), ROWS)))
    if head.startswith(parquet.MAGIC):
        return _of_parquet(head, name)
    text, encoding = _text(head[:LOOKED_AT_BYTES], name)
    require_table(text, name)
    if is_json(text):
        return _of_json(first_records(text, name, is_whole=len(head) < LOOKED_AT_BYTES))
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise RejectedFile(f"{name} is empty.", reason="empty_file")
    document = {} if encoding == "utf-8" else {"encoding": encoding}
    questions = [] if encoding != "cp1252" else ["The text is not UTF-8; it is read as cp1252: are its letters right?"]
    return _of_csv(text, document, questions)


def _begun(data: bytes) -> bytes:
    """The first bytes, unpacked; those of a damaged file as they are."""
    try:
        return _gunzipped(data, LOOKED_AT_BYTES)[0] if data.startswith(_GZIP) else data
    except zlib.error:
        return data


def _gunzipped(data: bytes, most: int) -> tuple[bytes, bool]:
    """At most so many bytes of all members of a gzip file, and whether the last one that was looked at is whole.

    What is wrong behind the first of them is told when the rows are read.

    Raises:
        zlib.error: it is damaged before its first bytes.
    """
    member, pieces, left = zlib.decompressobj(wbits=31), list[bytes](), most
    for at in range(0, len(data), SLICE_BYTES):
        packed = data[at : at + SLICE_BYTES]
        while packed and left:
            if member.eof:
                packed = packed.lstrip(b"\0")  # padding
                if not packed:
                    continue
                if not _GZIP.startswith(packed[:2]):
                    return b"".join(pieces), True
                member = zlib.decompressobj(wbits=31)
            try:
                piece = member.decompress(packed, left)
            except zlib.error:
                if left == most:
                    raise
                return b"".join(pieces), False
            pieces.append(piece)
            left -= len(piece)
            packed = member.unused_data if member.eof else member.unconsumed_tail
    return b"".join(pieces), member.eof


def _unpacked(data: bytes, name: str) -> bytes:
    if data.startswith(_GZIP):
        most = MOST_WHOLE_BYTES + 1 if _begun(data).startswith(_READ_WHOLE) else LOOKED_AT_BYTES
        data, is_whole = _gunzipped(data, most)
        if not data and not is_whole:
            said = f"{name} is a damaged gzip file: it ends too early; was all of it sent?"
            raise RejectedFile(said, reason="bad_gzip")
    if len(data) > MOST_WHOLE_BYTES:
        raise RejectedFile(
            f"{name} can only be read as a whole and has more than {MOST_WHOLE_BYTES:,} bytes; inspect a smaller one "
            "with the same columns, and load this one by the mapping of that.",
            reason="too_large",
        )
    return data


def _text(head: bytes, name: str) -> tuple[str, str]:
    if head.startswith(_UTF16):
        return head[: len(head) // 2 * 2].decode("utf-16", errors="replace"), "utf-16"
    require_text(head, name)
    for cut in range(4):  # a character may be cut at the end
        try:
            return head[: len(head) - cut].decode("utf-8-sig"), "utf-8"
        except UnicodeDecodeError:
            continue
    return head.decode("cp1252", errors="replace"), "cp1252"


def _of_csv(text: str, document: dict[str, Any], questions: list[str]) -> Layout:
    lines = text.splitlines()[:ROWS]
    found = max(((_parted(lines, sign), sign) for sign in _DELIMITERS), key=lambda one: _regular(one[0]))
    rows, delimiter = found
    if delimiter != ",":
        document["delimiter"] = delimiter
    width = _width([row for row in rows if row and not row[0].startswith("#")] or rows)
    starts = next(
        number
        for number, row in enumerate(rows)
        if len(row) == width and sum(map(bool, row)) * 2 > width and row[0] not in _ANNOTATIONS
    )
    if starts:
        document["skip_lines"] = starts
    return _of_table([row for row in rows[starts:] if len(row) == width and any(row)], document, questions)


def _parted(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    return list(csv.reader(lines, delimiter=delimiter))


def _regular(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """How many rows have the width of most, and that width; of one column only if nothing else is regular."""
    width, times = Counter(len(row) for row in rows if row).most_common(1)[0]
    return (times / len(rows) if width > 1 else 0.0, width)


def _width(rows: Sequence[Sequence[str]]) -> int:
    """How many columns most rows have; comments before a short table are more than its rows."""
    return Counter(len(row) for row in rows if row).most_common(1)[0][0]


def _of_table(rows: Sequence[Sequence[str]], document: dict[str, Any], questions: Sequence[str] = ()) -> Layout:
    if not rows:
        raise RejectedFile("The file has no rows.", reason="empty_file")
    first = [one.strip() for one in rows[0]]
    if twice := [name for name, times in Counter(first).items() if name and times > 1]:
        _require_no_header(first, twice)
    if _is_header(first):
        return Layout(document, first, rows[1:], questions)
    return Layout({**document, "header": False}, [str(at) for at in range(1, len(first) + 1)], rows, questions)


def _of_sheet(rows: Sequence[workbook.Numbered]) -> Layout:
    before = rows[0][0] - 1 if rows else 0
    return _of_table([row for _, row in rows], {"format": "xlsx"} | ({"skip_lines": before} if before else {}))


def _of_parquet(data: bytes, name: str) -> Layout:
    file = io.BytesIO(data)
    names = parquet.column_names(file, name)
    (found,) = parquet.records_of(file, name, names, rows=ROWS)
    rows = list(zip(*(found.texts[one].to_pylist() for one in names), strict=True))
    return Layout({"format": "parquet"}, names, rows)


def _require_no_header(first: Sequence[str], twice: Sequence[str]) -> None:
    """Raise RejectedFile for a header in which a name stands twice; known names tell it from a row of values."""
    known = {*map(plain, ALSO), *(other for others in ALSO.values() for other in others)}
    if sum(plain(name) in known for name in first) > 1:
        raise RejectedFile(
            f"The header has {', '.join(map(repr, twice))} more than once; give each column a name of its own.",
            reason="wrong_columns",
        )


def _is_header(first: Sequence[str]) -> bool:
    """Names are words: not empty, not numbers, dates or addresses, and each stands there once."""
    named = [name for name in first if name]
    may_have_numbers = any(plain(name) in ALSO["timestamp_utc"] for name in named)  # a column for each store
    are_names = all(may_have_numbers or not name[0].isdigit() for name in named)
    return len(set(named)) == len(named) > 0 and are_names and not any("://" in name for name in named)


def _of_json(found: Beginning) -> Layout:
    records = () if found.document["format"] == "jsonl" else found.records
    names, rows = columns_of(found.records)
    return Layout(
        found.document, names, rows, whole=found.whole, about=found.about, records=records, unread=found.unread
    )


def exploded(layout: Layout) -> Iterator[Layout]:
    """The same JSON with a row for each element of a list in its records, once for each member that has lists."""
    for path in lists_within(layout.records):
        names, rows = columns_of_elements(layout.records, path)
        document = {**layout.document, "records": f"explode({layout.document.get('records', '@')}, '{path}')"}
        yield replace(layout, document=document, names=names, rows=rows, records=())
