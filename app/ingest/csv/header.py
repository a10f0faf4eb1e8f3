"""Maps fields of a row to columns, by the header or by the names given instead of one."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

from app.errors import InvalidParameters
from app.ingest.csv.blocks import Block, Blocks
from app.ingest.csv.records import BadQuoting, Records
from app.ingest.kind import Column, ColumnType, DatasetKind
from app.ingest.policy import Limits
from app.ingest.refusal import refusal
from app.ingest.rejects import shown

#: Unknown names of a header that are shown; the others are counted.
_SHOWN_NAMES: Final = 3

#: Stands in ``columns=`` for a column of the file that is left out.
LEFT_OUT: Final = "-"

#: Other common separators.
_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}


def wanted(kind: DatasetKind) -> str:
    """The header that a kind needs, for people."""
    return ", ".join(_names(kind, column) for column in _needed(kind))


def named_columns(kind: DatasetKind, names: Sequence[str], *, given: Collection[str] = ()) -> tuple[Column, ...]:
    """The columns that ``columns=`` names for a file without a header; it need not have those that are given.

    Raises:
        InvalidParameters: a column is missing, repeated or unknown.
    """
    columns, problems = _match(kind, [name for name in names if name != LEFT_OUT], given)
    if problems:
        raise InvalidParameters(f"columns={','.join(names)[:200]}: this {problems}; {_rule(kind)}")
    named = iter(columns)
    return tuple(_left_out(at) if name == LEFT_OUT else next(named) for at, name in enumerate(names))


def is_left_out(name: str) -> bool:
    """Whether a column of that name is read and dropped."""
    return name.startswith(LEFT_OUT)


def _left_out(at: int) -> Column:
    return Column(f"{LEFT_OUT}{at}", ColumnType("anything", lambda _: 0), example="", required=False)


def read_header(
    kind: DatasetKind, blocks: Blocks, name: str, limits: Limits, *, given: Collection[str] = ()
) -> tuple[tuple[Column, ...], Block]:
    """The columns of a file in the order of its header, and the rest of that block.

    Names ignore case and surrounding spaces. It need not have columns that are given.

    Raises:
        RejectedFile: the file is empty, or has no header of this kind.
    """
    for block in blocks:
        records = Records(block, name, limits)
        for line, names in records:
            _require_commas(kind, block.data[: records.taken], name, line)
            columns = _columns(kind, names, name, line, given)
            return columns, replace(block, data=block.data[records.taken :], first_line=records.line)
        if records.rest:
            blocks.push_back(records.rest, records.line)
    raise refusal("empty_file", f"{name} is empty; {_a_file(kind)} must begin with the header {wanted(kind)}.")


def separator_of(text: str, width: int) -> str | None:
    """Name, in the plural, of the separator that splits a line without commas into this many fields, if any does."""
    words = (word for separator, word in _SEPARATORS.items() if width > 1 and text.count(separator) + 1 == width)
    return next(words, None)


def _columns(
    kind: DatasetKind, names: list[str] | BadQuoting, name: str, line: int, given: Collection[str]
) -> tuple[Column, ...]:
    where = f"{name}, line {line}: "
    begin = names if isinstance(names, BadQuoting) else names[0]
    is_json = begin.lstrip().startswith(("[", "{"))
    if isinstance(names, BadQuoting) and not is_json:
        message = f"{where}the header {shown(names)} has text after a closing quotation mark; {_rule(kind)}"
        raise refusal("wrong_header", message, line=line)
    columns, problems = ((), "") if isinstance(names, BadQuoting) else _match(kind, names, given)
    if not columns:
        if is_json:
            message = f"{where}this is JSON, not a CSV; it needs a mapping, which openhours inspect FILE proposes."
            raise refusal("wrong_format", message, line=line)
        word = separator_of(names[0], len(_needed(kind))) if len(names) == 1 else None
        mixed_up = f", and its fields are separated by {word}, not by commas" if word else ""
        if word is None and _are_names(names):
            message = (
                f"{where}the header {shown(','.join(names))} has no column of {_a_file(kind)}: {wanted(kind)}; "
                "name its columns with columns=, or read it with a mapping, which openhours inspect FILE proposes."
            )
            raise refusal("wrong_header", message, line=line)
        message = (
            f"{where}{shown(','.join(names))} is not a header{mixed_up}; start {_a_file(kind)} with the header "
            f"{wanted(kind)}, or name its columns with columns=."
        )
        raise refusal("wrong_header", message, line=line)
    if problems:
        raise refusal("wrong_header", f"{where}the header {problems}; {_rule(kind)}", line=line)
    return columns


def _are_names(names: Sequence[str]) -> bool:
    """Whether a row looks like a header of other names rather than data: several words without digits, each once."""
    plain = [name.strip() for name in names]
    return (
        len(plain) > 1
        and len(set(plain)) == len(plain)
        and all(re.fullmatch(r"[^\W\d][^\d:@/]*", one) for one in plain)
    )


def _match(kind: DatasetKind, names: Sequence[str], given: Collection[str] = ()) -> tuple[tuple[Column, ...], str]:
    """The columns with these names, and what is wrong with the names, if anything."""
    meaning = {_plain(name): column for column in kind.columns for name in (column.name, *column.aliases)}
    columns = tuple(meaning[_plain(name)] for name in names if _plain(name) in meaning)
    times = Counter(column.instead_of or column.name for column in columns)
    missing = [_names(kind, column) for column in _needed(kind) if not times[column.name] and column.name not in given]
    twice = [_names(kind, column) for column in kind.columns if times[column.name] > 1]
    unknown = [shown(name) for name in names if _plain(name) not in meaning]
    problems = {"lacks": missing, "repeats": twice, f"has unknown column{'s' if len(unknown) > 1 else ''}": unknown}
    return columns, " and ".join(f"{what} {_listed(which)}" for what, which in problems.items() if which)


def _require_commas(kind: DatasetKind, header: bytes, name: str, line: int) -> None:
    text = header.decode()
    for separator, word in _SEPARATORS.items():
        parts = [part.strip(' "\r\n') for part in text.split(separator)]
        if len(parts) > 1 and "," not in text and _match(kind, parts)[0]:
            message = f"{name}, line {line}: the columns are separated by {word}; separate them with commas."
            raise refusal("wrong_separator", message, line=line)


def _rule(kind: DatasetKind) -> str:
    optional = ", ".join(_names(kind, column) for column in kind.columns if not column.required)
    may = f" It may also have {optional}." if optional else ""
    return f"{_a_file(kind)} has these columns, in any order: {wanted(kind)}.{may}"


def _a_file(kind: DatasetKind) -> str:
    """A file of the kind with its article (the h of hours is silent)."""
    return f"{'an' if kind.name.startswith(('a', 'e', 'i', 'o', 'u', 'hour')) else 'a'} {kind.name} file"


def _needed(kind: DatasetKind) -> list[Column]:
    """The columns that a file must have, themselves or one instead."""
    return [column for column in kind.columns if column.required and column.instead_of is None]


def _names(kind: DatasetKind, column: Column) -> str:
    """Every name of a column, and of those that may stand in for it."""
    others = [other.name for other in kind.columns if other.instead_of == column.name]
    return " or ".join((column.name, *column.aliases, *others))


def _plain(name: str) -> str:
    """A name without what spellings differ in: created_at is createdAt, day_of_week is dayOfWeek."""
    return name.strip(" ").lower().replace("_", "")


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    rest = len(every) - _SHOWN_NAMES
    return ", ".join(every[:_SHOWN_NAMES]) + (f" and {rest:,} more" if rest > 0 else "")
