"""The roll-up once more, slowly and plainly: a dictionary of lists of fractions, nothing shared with app/.

Written from docs/rollup-rules.md, whose sentences stand beside what does them. What counts as a row of a file is said
by table.py.
"""

import re
from dataclasses import dataclass, field
from fractions import Fraction

from tests.reference import csv_check

#: "The digits before the point and `decimals` together are at most 18"
DIGITS = 18

#: "rounded half away from zero to 6 digits behind the point, which are always written"
MEAN_DIGITS = 6

#: "in this order"
FIGURES = ("sum", "min", "max", "mean")

Keys = tuple[bytes, ...]


@dataclass(frozen=True)
class Request:
    """What is asked for, by the names of the report's parameters."""

    by: tuple[str, ...]
    sum: tuple[str, ...] = ()
    min: tuple[str, ...] = ()
    max: tuple[str, ...] = ()
    mean: tuple[str, ...] = ()
    count: bool = False
    decimals: int = 0
    empty: str = "reject"
    names: tuple[str, ...] = ()

    @property
    def measures(self) -> list[str]:
        """Columns that are read as numbers, each once, in the order in which they are named first."""
        return list(dict.fromkeys((*self.sum, *self.min, *self.max, *self.mean)))


@dataclass(frozen=True)
class Reject:
    """A field, or a whole row, that is not taken: ``file`` counts the files from 0."""

    file: int
    line: int
    column: str
    value: str
    code: str


@dataclass
class RolledUp:
    """The lines of the result, in order, each with its line end, and what became of the rows."""

    header: bytes = b""
    lines: list[bytes] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    read: int = 0
    accepted: int = 0

    @property
    def rejected(self) -> int:
        return len({(reject.file, reject.line) for reject in self.rejects})

    def parts(self, max_part_bytes: int) -> list[bytes] | None:
        """The parts, each as full as it can be; None where a row cannot fit."""
        # "each of at most `max_part_bytes` bytes, every byte counted"
        # "A row that does not fit into a part beside the header fails the report"
        if any(len(self.header) + len(line) > max_part_bytes for line in [b"", *self.lines]):
            return None
        parts = [self.header]  # "No groups: one part with the header."
        for line in self.lines:
            # "A part is as long as it can be."
            if len(parts[-1]) + len(line) > max_part_bytes:
                parts.append(self.header)
            parts[-1] += line
        return parts


class NotTaken(Exception):
    """A field that is no number; its text is the code."""


def roll_up(files: list[tuple[tuple[str, ...], list[csv_check.Record]]], request: Request) -> RolledUp:
    """The result for files of rows that have the right width: their columns, and the rows."""
    result = RolledUp()
    groups: dict[Keys, list[dict[str, Fraction | None]]] = {}
    for number, (columns, records) in enumerate(files):
        for record in records:
            result.read += 1
            fields = dict(zip(columns, record.fields or [], strict=True))
            values, wrong = numbers_of(fields, request)
            result.rejects += [
                Reject(number, record.line, name, fields[name].decode(), code) for name, code in wrong.items()
            ]
            # "A row with a wrong measure is rejected as a whole."
            if not wrong:
                result.accepted += 1
                # "Two rows are in the same group if all their keys are equal, byte for byte."
                keys = tuple(fields[name] for name in request.by)
                groups.setdefault(keys, []).append(values)
    result.header = csv_line([name.encode() for name in header_of(request)])
    # "Rows are ordered by their keys, the first column first, each by the bytes of its text in UTF-8."
    for keys in sorted(groups):
        result.lines.append(csv_line([*keys, *(text.encode() for text in outcome(groups[keys], request))]))
    return result


def numbers_of(fields: dict[str, bytes], request: Request) -> tuple[dict[str, Fraction | None], dict[str, str]]:
    """The values of the measures of a row, and the codes of those that are not taken."""
    values, wrong = {}, {}
    for name in request.measures:
        try:
            values[name] = number(fields[name].decode(), request.decimals, request.empty)
        except NotTaken as reason:
            wrong[name] = str(reason)
    return values, wrong


def number(text: str, decimals: int, empty: str) -> Fraction | None:
    """The value of a field; None for an empty one that is left out."""
    if text == "":
        if empty == "skip":
            return None  # "With `empty` set to `skip`, an empty field is no value"
        raise NotTaken("empty")  # "the empty text, unless `empty` is `skip`"
    # "an optional `+` or `-`, digits, and, if `decimals` is not 0, a point with one digit up to `decimals`"
    found = re.fullmatch(r"[+-]?([0-9]+)(?:\.([0-9]+))?", text)
    if found is None:
        raise NotTaken("bad_number")  # "everything else"
    whole, fraction = found[1], found[2] or ""
    # "more of them than allowed: behind the point, or altogether", where "zeros in front count"
    if len(fraction) > decimals or len(whole) + decimals > DIGITS:
        raise NotTaken("too_precise")
    return Fraction(text)


def header_of(request: Request) -> tuple[str, ...]:
    """The names of the columns."""
    if request.names:
        return request.names  # "`names` gives all of them other names, in the same order."
    # "Columns are those of `by`, then the figures of `sum`, `min`, `max` and `mean`, in this order, then the count."
    figures = [f"{what}_{column}" for what in FIGURES for column in getattr(request, what)]
    return (*request.by, *figures, *(["count"] if request.count else []))


def outcome(rows: list[dict[str, Fraction | None]], request: Request) -> list[str]:
    """What stands behind the keys of a group."""
    texts = []
    for what in FIGURES:
        for column in getattr(request, what):
            values = [value for row in rows if (value := row[column]) is not None]
            texts.append(figure(what, values, request.decimals))
    return [*texts, *([str(len(rows))] if request.count else [])]


def figure(what: str, values: list[Fraction], decimals: int) -> str:
    """One figure of a group as text."""
    if not values:
        return ""  # "A figure of a group without values is the empty text."
    if what == "mean":
        return decimal(half_up(sum(values, Fraction()) / len(values), MEAN_DIGITS), MEAN_DIGITS)
    value = {"sum": sum(values, Fraction()), "min": min(values), "max": max(values)}[what]
    scaled = value * 10**decimals
    assert scaled.denominator == 1
    return decimal(scaled.numerator, decimals)


def half_up(value: Fraction, digits: int) -> int:
    """The value in units of 10**-digits, halves away from zero."""
    scaled = abs(value) * 10**digits
    rounded = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return -rounded if value < 0 else rounded


def decimal(scaled: int, digits: int) -> str:
    """A number of 10**-digits with all its digits."""
    # "Sums and extremes have exactly `decimals` digits behind the point." "Zero has no sign."
    sign = "-" if scaled < 0 else ""
    whole, fraction = divmod(abs(scaled), 10**digits)
    return f"{sign}{whole}.{fraction:0{digits}}" if digits else f"{sign}{whole}"


def csv_line(fields: list[bytes]) -> bytes:
    """A line of the result that reads back as these fields."""
    # "In a file of one column an empty field is written as `""`, because a blank line is no row."
    if fields == [b""]:
        return b'""\n'
    return b",".join(map(csv_field, fields)) + b"\n"


def csv_field(text: bytes) -> bytes:
    # "A field is quoted if it has a comma, a quotation mark, a CR or an LF; a quotation mark in it is doubled."
    if re.search(rb'[",\r\n]', text) is None:
        return text
    return b'"' + text.replace(b'"', b'""') + b'"'
