"""The roll-up once more, slowly and plainly: a dictionary of lists of fractions, nothing shared with app/.

What counts as a row of a file is said by csv_check.py. The sentences of the rules stand beside what does them; what
they leave open is marked with "Open:".
"""

import re
from dataclasses import dataclass, field
from fractions import Fraction

from tests.reference import csv_check

#: Rule 4: "at most 18 digits, as scaled int64"
DIGITS = 18

#: Rule 4: "the mean is exact integer division, half up to 6 digits"
MEAN_DIGITS = 6

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
    names: dict[str, str] = field(default_factory=dict)

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
        # Rule 6: "at most `max_part_bytes` each, header and every byte counted"
        # Rule 6: "A row that cannot fit is `row_exceeds_part`"
        if any(len(self.header) + len(line) > max_part_bytes for line in [b"", *self.lines]):
            return None
        parts = [self.header]  # Rule 6: "no groups: one part with the header"
        for line in self.lines:
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
            if not wrong:
                result.accepted += 1
                # Rule 3: "Keys are raw text: `NULL`, `NA`, `007`, empty, outer spaces count as they stand"
                keys = tuple(fields[name] for name in request.by)
                groups.setdefault(keys, []).append(values)
    result.header = csv_line([name.encode() for name in header_of(request)])
    # Rule 5: "UTF-8 byte order of the keys"
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
            return None  # Open: the field has no value, its row counts all the same
        raise NotTaken("empty")  # Rule 2: "`empty` (`reject` | `skip`)"
    # Rule 4: "Measures match `[+-]?\d+(\.\d{1,decimals})?`": digits are those of ASCII, and nothing stands behind them
    found = re.fullmatch(r"[+-]?([0-9]+)(?:\.([0-9]+))?", text)
    if found is None:
        raise NotTaken("bad_number")  # Rule 4: "`1e3`, ` 5 `, `1,000`, `0x1` are `bad_number`"
    whole, fraction = found[1], found[2] or ""
    if len(fraction) > decimals:
        raise NotTaken("too_precise")  # Rule 4: "more digits `too_precise`"; Open: also where they are zeros
    if len(whole) + decimals > DIGITS:  # Rule 4: "at most 18 digits, as scaled int64"; Open: leading zeros count
        raise NotTaken("bad_number")  # Open: which code
    return Fraction(text)


def header_of(request: Request) -> list[str]:
    """The names of the columns: the keys, then the count, then the measures in the order of the parameters."""
    # Rule 2: "Default names `sum_x`"; Open: the order of what is computed, and the name of the count
    computed = ["count"] if request.count else []
    for what in ("sum", "min", "max", "mean"):
        computed += [f"{what}_{column}" for column in getattr(request, what)]
    # Rule 2: "names for output columns (`Total Number of Plays for Date`)"
    return [request.names.get(name, name) for name in [*request.by, *computed]]


def outcome(rows: list[dict[str, Fraction | None]], request: Request) -> list[str]:
    """What stands behind the keys of a group."""
    texts = [str(len(rows))] if request.count else []
    for what in ("sum", "min", "max", "mean"):
        for column in getattr(request, what):
            values = [value for row in rows if (value := row[column]) is not None]
            texts.append(computed(what, values, request.decimals))
    return texts


def computed(what: str, values: list[Fraction], decimals: int) -> str:
    """One figure of a group as text."""
    if not values:
        return ""  # Open: a group whose fields are all empty has no sum either
    if what == "mean":
        return decimal(half_up(sum(values, Fraction()) / len(values), MEAN_DIGITS), MEAN_DIGITS)
    value = {"sum": sum(values, Fraction()), "min": min(values), "max": max(values)}[what]
    scaled = value * 10**decimals
    assert scaled.denominator == 1
    return decimal(scaled.numerator, decimals)


def half_up(value: Fraction, digits: int) -> int:
    """The value in units of 10**-digits, halves away from zero."""
    scaled = abs(value) * 10**digits  # Open: what half up means below zero
    rounded = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return -rounded if value < 0 else rounded


def decimal(scaled: int, digits: int) -> str:
    """A number of 10**-digits with all its digits."""
    # Open: zeros at the end stay, so that a column looks the same in every row
    sign = "-" if scaled < 0 else ""
    whole, fraction = divmod(abs(scaled), 10**digits)
    return f"{sign}{whole}.{fraction:0{digits}}" if digits else f"{sign}{whole}"


def csv_line(fields: list[bytes]) -> bytes:
    """A line of the result that reads back as these fields."""
    # Open: what is quoted: a field that needs it, and a lone empty one, whose line would be blank
    if fields == [b""]:
        return b'""\n'
    return b",".join(map(csv_field, fields)) + b"\n"


def csv_field(text: bytes) -> bytes:
    if re.search(rb'[",\r\n]', text) is None:
        return text
    return b'"' + text.replace(b'"', b'""') + b'"'
