"""The check of a file once more, slowly and plainly: byte by byte, one row at a time, nothing shared with app/.

Written from docs/datasets.md. It answers with everything that a file may be refused for, because which of several
reasons is met first is not promised, or with the rows that pass and the ones that do not.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.reference.csv_values import EPOCH, Bad, Column


@dataclass
class Verdict:
    """What a file comes to. ``refusals`` are pairs of reason and line (0 where none is told).

    ``columns`` are those that the file has, in the kind's order, and so are the values of each of ``rows``.
    """

    refusals: set[tuple[str, int]] = field(default_factory=set)
    columns: list[str] = field(default_factory=list)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    rejections: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        """Rows that do not pass: each has one line, and one or more rejections."""
        return len({line for line, *_ in self.rejections})


@dataclass(frozen=True)
class Record:
    """A row as bytes: fields as they are meant, or None where text follows a closing quotation mark."""

    line: int
    fields: list[bytes] | None
    raw: bytes
    unclosed_on: int = 0


def check(
    content: bytes,
    columns: list[Column],
    *,
    names: tuple[str, ...] | None,
    row_bytes: int,
    field_bytes: int,
    total_bytes: int,
    now: datetime,
) -> Verdict:
    """The verdict on a file of this content, of a kind with these columns."""
    verdict = Verdict()
    plain = unpack(content, verdict)
    if plain is None:
        return verdict
    if len(plain) > total_bytes:
        verdict.refusals.add(("too_large", 0))
    plain = plain.removeprefix(b"\xef\xbb\xbf")
    look_at_bytes(plain, row_bytes, verdict)
    records = list(tokenize(plain))
    verdict.refusals |= {("unclosed_quote", record.unclosed_on) for record in records if record.unclosed_on}
    verdict.refusals |= {("row_too_long", record.line) for record in records if len(record.raw) > row_bytes}
    if names is None:
        if not records:
            verdict.refusals.add(("empty_file", 0))
            return verdict
        header = records.pop(0)
        names = tuple((text.decode(errors="replace")) for text in header.fields or [b"?"])
        if reason := judge_header(header, names, columns):
            verdict.refusals.add((reason, header.line))
            return verdict
    if verdict.refusals:
        return verdict
    order = [find(columns, name) for name in names]
    verdict.columns = [column.name for column in columns if column in order]
    for record in records:
        take(record, order, columns, verdict, field_bytes, now)
    return verdict


def unpack(content: bytes, verdict: Verdict) -> bytes | None:
    if content[:2] == b"\x1f\x8b":
        content, whole = gunzip(content)
        if not whole:
            verdict.refusals.add(("bad_gzip", 0))
        if content[:2] == b"\x1f\x8b":
            verdict.refusals.add(("bad_gzip", 0))
            return None
    for reason, beginnings in {
        "wrong_encoding": [b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff"],
        "wrong_format": [
            *(b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"BZh91AY&SY", b"\xfd7zXZ\x00"),
            *(b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c", b"PAR1\x15", b"%PDF-"),
        ],
    }.items():
        if any(content.startswith(beginning) for beginning in beginnings):
            verdict.refusals.add((reason, 0))
            return None
    start = [byte == 0 for byte in content[:4]]
    if start in ([True, False, True, False], [False, True, False, True]):
        verdict.refusals.add(("wrong_encoding", 0))
        return None
    if len(start) == 4 and ((start[0] and start[2]) != (start[1] and start[3])):
        verdict.refusals.add(("wrong_encoding", 0))
        return None
    return content


def gunzip(content: bytes) -> tuple[bytes, bool]:
    """What can be unpacked, a byte at a time, and whether that is all: members with zeros behind them."""
    got, member, begun = b"", zlib.decompressobj(wbits=31), 0
    for at in range(len(content)):
        if 0 < begun == at and content[at] == 0:
            begun = at + 1
            continue
        try:
            got += member.decompress(content[at : at + 1])
        except zlib.error:
            return got, False
        if member.eof:
            member, begun = zlib.decompressobj(wbits=31), at + 1
    return got, begun == len(content)


def look_at_bytes(plain: bytes, row_bytes: int, verdict: Verdict) -> None:
    """Bytes that no CSV has, and lines that are too long, the first of each."""
    found: dict[str, int] = {}
    for number, line in enumerate(lines(plain), 1):
        text = line.rstrip(b"\r\n")
        if len(text) > row_bytes:
            found.setdefault("row_too_long", number)
        if b"\0" in text:
            found.setdefault("nul_byte", number)
        try:
            text.decode()
        except UnicodeDecodeError:
            found.setdefault("not_utf8", number)
    verdict.refusals |= set(found.items())


def lines(plain: bytes) -> Iterator[bytes]:
    start = at = 0
    while at < len(plain):
        if plain[at : at + 2] == b"\r\n":
            at += 1
        elif plain[at] not in b"\r\n":
            at += 1
            continue
        at += 1
        yield plain[start:at]
        start = at
    if start < len(plain):
        yield plain[start:]


def tokenize(plain: bytes) -> Iterator[Record]:  # noqa: C901, PLR0912 - one machine is plainest in one piece
    """Rows that are not blank, by a machine of four states over the bytes."""
    line = begun_on = opened_on = 1
    start = at = 0
    fields, text, state, bad = [], bytearray(), "start", False
    while True:
        byte = plain[at : at + 1]
        ends = byte in (b"\n", b"\r") or byte == b""
        step = 2 if plain[at : at + 2] == b"\r\n" else 1
        if state == "quoted" and byte not in (b'"', b""):
            text += plain[at : at + step] if ends else byte
        elif state == "quoted" and byte == b'"':
            state = "closed"
        elif state == "quoted":
            yield Record(begun_on, None, plain[start:at].removesuffix(b"\n").removesuffix(b"\r"), unclosed_on=opened_on)
            return
        elif ends:
            if at > start:
                yield Record(begun_on, None if bad else [*fields, bytes(text)], plain[start:at])
            if byte == b"":
                return
            fields, text, state, bad = [], bytearray(), "start", False
            start, begun_on = at + step, line + 1
        elif bad:
            pass
        elif byte == b"," and state != "quoted":
            fields.append(bytes(text))
            text, state = bytearray(), "start"
        elif byte == b'"' and state == "start":
            state, opened_on = "quoted", line
        elif byte == b'"' and state == "closed":
            text += b'"'
            state = "quoted"
        elif state == "closed":
            bad = True
        else:
            text += byte
            state = "plain"
        line += ends
        at += step if ends else 1


def find(columns: list[Column], name: str) -> Column | None:
    plain = name.strip(" ").lower().replace("_", "")
    for column in columns:
        if plain in [one.lower().replace("_", "") for one in (column.name, *column.aliases)]:
            return column
    return None


def judge_header(header: Record, names: tuple[str, ...], columns: list[Column]) -> str | None:
    raw = header.raw.decode(errors="replace")
    for separator in ";\t|":
        parts = [part.strip(' "\r\n') for part in raw.split(separator)]
        if "," not in raw and len(parts) > 1 and any(find(columns, part) for part in parts):
            return "wrong_separator"
    if header.fields is None:
        return "wrong_header"
    found = [find(columns, name) for name in names]
    if None in found or any(found.count(one) > 1 for one in found):
        return "wrong_header"
    return None if all(column in found for column in columns if column.required) else "wrong_header"


def take(
    record: Record,
    order: list[Column | None],
    columns: list[Column],
    verdict: Verdict,
    field_bytes: int,
    now: datetime,
) -> None:
    """Add a row to what passes or to what does not."""
    if record.fields is None:
        verdict.rejections.append((record.line, "row", "bad_quoting"))
        return
    if len(record.fields) != len(order):
        verdict.rejections.append((record.line, "row", "wrong_width"))
        return
    row: list[Any] = []
    wrong: list[tuple[int, str, str]] = []
    for column in columns:
        if column in order:
            try:
                row.append(value(record.fields[order.index(column)], column, field_bytes, now))
            except Bad as bad:
                wrong.append((record.line, column.name, str(bad)))
    verdict.rejections += wrong
    if not wrong:
        verdict.rows.append(tuple(row))


def value(text: bytes, column: Column, field_bytes: int, now: datetime) -> Any:
    if text == b"" and (column.may_be_empty or not column.required):
        return None
    if len(text) > field_bytes:
        raise Bad("field_too_long")
    found = column.parse(text.decode())
    if column.in_past:
        at = EPOCH + timedelta(microseconds=found)
        if at > now + timedelta(days=1):
            raise Bad("in_future")
    return found
