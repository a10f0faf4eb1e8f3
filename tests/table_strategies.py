"""Small nasty tables and roll-ups of them, made by a generator of random numbers.

A seed gives the same case always, and Hypothesis, which can stand in for the generator, makes a failing one smaller.
"""

import gzip
from dataclasses import dataclass, replace
from random import Random

from hypothesis import strategies as st

from tests.reference.rollup import Request, header_of

NAMES = (
    *(
        "k",
        "n",
        "Song",
        "Date",
        "Number of Plays",
        "NULL",
        "a,b",
        'q"q',
        "two\nlines",
        "é",
        "e\u0301",
        "'; --",
        "sum_k",
    ),
    *("007", "SELECT", "line", "k2", "店"),
)

#: Keys that programs mistake for something else, or order in another way than by their bytes.
KEYS = (
    *("NULL", "NA", "nan", "007", "7", "", " ", "  ", " x", "x ", "x", "x\t", "true", "1e3", "1.0", "1", "-0", "0"),
    *('"', '""', 'a"b', "a'b", "a\\b", "\\N", "a,b", ",", "a\nb", "a\r\nb", "a\rb", "\n", "\r", "=1+1", "@x", "-x"),
    *("B", "a", "b", "É", "é", "e\u0301", "ﬁ", "ß", "ss", "店", "\uff5e", "\U0001f600", "\ufeff", "\u00a0", "\u2028"),
    *("a\x1fb", "a\x01", "\x7f", "\x85", "\u200b", "x!", "x-", "2020-01-01", "2020-1-1", "x" * 200, "{}", "%s", "#"),
    *("/* */", ";", "'=1", "None", "\ud7ff", "\ue000", "\U0010ffff"),
)

#: Numbers without a fraction, which are right whatever the decimals; the longest depends on these.
WHOLE = ("0", "1", "5", "+5", "-0", "-7", "007", "-1", "414", "+0", "2147483648", "-2147483649", "4294967296")

#: What is no number, however many decimals there may be.
NO_NUMBERS = (
    *("1e3", " 5 ", "5 ", " 5", "1,000", "0x1", "", "+", "-", ".", ".5", "5.", "1.2.3", "1_000", "NaN", "inf", "0b1"),
    *("\u0663", "\uff15", "5\n", "\n5", "--1", "+-1", "patata", "NULL", "true", "1/2", "½", "5%", "$5", "\u22125"),
    *("5\r", '5"', "1" * 19, "9" * 40, "0" * 19 + "1", "9223372036854775808", "\u00a05", "5f", "1e-1", "1E3", "1d"),
    *("5\u0660", "Infinity"),
)

#: Names of the columns of a result, where others are given than those it has otherwise.
OTHER_NAMES = [*NAMES, *(f"name {number}" for number in range(30))]

LINE_ENDS = ("\n", "\r\n", "\r")

#: A roll-up works on so many bytes at once, and begins to read again after so many.
SIZES = (16, 64, 300, 1 << 20)


@dataclass(frozen=True)
class TableCase:
    """Files with the same header, and what is asked of them."""

    files: tuple[bytes, ...]
    request: Request
    max_part_bytes: int
    skips_rows: bool
    start_bytes: int
    block_bytes: int


class Maker:
    """Makes one case."""

    def __init__(self, random: Random) -> None:
        self.random = random
        names = random.sample(NAMES, random.choice((1, 2, 2, 3, 3, 4, 6)))
        keys = names[: random.choice((0, 1, 1, 1, 1, 2, 2, 3))]
        numbers = names[len(keys) :]
        self.decimals = random.choice((0, 0, 0, 1, 2, 6, 9))
        request = Request(
            by=tuple(random.sample(keys, len(keys))),
            sum=self.some(numbers),
            min=self.some(numbers),
            max=self.some(numbers),
            mean=self.some(numbers),
            count=random.random() < 0.5 or not keys,
            decimals=self.decimals,
            empty=random.choice(("reject", "reject", "skip")),
        )
        header = header_of(request)
        if len(set(header)) < len(header) or random.random() < 0.1:
            request = replace(request, names=tuple(random.sample(OTHER_NAMES, len(header))))
        self.request = request
        self.columns = names
        self.further = [f"further {number}" for number in range(random.choice((0, 0, 0, 1, 2)))]
        self.pool = random.sample(KEYS, random.choice((1, 2, 5, 20)))
        self.is_wild = random.random() < 0.1  # keys that are nearly all different
        self.wrong = random.choice((0, 0, 0, 0.02, 0.2))
        self.untidy = random.choice((0, 0, 0.05, 0.3))
        self.is_large = random.random() < 0.2

    def some(self, names: list[str]) -> tuple[str, ...]:
        return tuple(name for name in names if self.random.random() < 0.5)

    def case(self) -> TableCase:
        rows = self.random.choice((0, 1, 3, 8, 8, 20, 20, 60, 200))
        files = tuple(self.file(rows) for _ in range(self.random.choice((1, 1, 1, 2, 3))))
        return TableCase(
            files=files,
            request=self.request,
            max_part_bytes=self.random.choice((*range(1, 600, 3), *[1 << 20] * 300)),
            skips_rows=self.random.random() < 0.7,
            start_bytes=self.random.choice(SIZES),
            block_bytes=self.random.choice(SIZES),
        )

    def file(self, rows: int) -> bytes:
        ends = self.random.choice((*((end,) for end in LINE_ENDS), LINE_ENDS))
        # "Their order, and further columns, do not matter."
        columns = self.random.sample([*self.columns, *self.further], len(self.columns) + len(self.further))
        text = self.line(columns) + "".join(self.random.choice(ends) + self.row(columns) for _ in range(rows))
        if self.random.random() < 0.8:
            text += self.random.choice(ends)
        content = text.encode()
        if self.random.random() < 0.15:
            content = b"\xef\xbb\xbf" + content
        if self.random.random() < 0.15:
            cut = self.random.randrange(len(content) + 1)
            return gzip.compress(content[:cut], mtime=0) + gzip.compress(content[cut:], mtime=0)
        return content

    def row(self, columns: list[str]) -> str:
        if self.random.random() < self.untidy:
            return self.untidy_line(columns)
        measures = self.request.measures
        return self.line([self.number() if name in measures else self.key() for name in columns])

    def untidy_line(self, columns: list[str]) -> str:
        """A blank line, or a row that has another width or text behind a closing quotation mark."""
        right = self.line([self.key() for _ in columns])
        return self.random.choice(
            ("", right + ",", right + ",1", self.key_without_breaks(), '"x"y,' + right, " ", '""')
        )

    def key_without_breaks(self) -> str:
        return "".join(each for each in self.key() if each not in '\r\n",')

    def key(self) -> str:
        if self.is_wild:
            return f"{self.random.choice(KEYS)}{self.random.randrange(1000)}"
        return self.random.choice(self.pool)

    def number(self) -> str:
        if self.random.random() < self.wrong:
            return self.random.choice((*NO_NUMBERS, "1." + "0" * (self.decimals + 1)))
        if self.request.empty == "skip" and self.random.random() < 0.3:
            return ""
        if self.is_large:
            return self.random.choice(("", "", "-")) + "9" * (18 - self.decimals)
        whole = self.random.choice(WHOLE)
        if self.decimals == 0 or self.random.random() < 0.5 or len(whole) > 8:
            return whole
        digits = self.random.randrange(1, self.decimals + 1)
        return f"{whole}.{self.random.randrange(10**digits):0{digits}}"

    def line(self, fields: list[str]) -> str:
        return ",".join(map(self.field, fields))

    def field(self, text: str) -> str:
        """A field as a CSV may have it: quotation marks also where none are needed."""
        if any(each in text for each in ",\r\n") or text.startswith('"') or self.random.random() < 0.1:
            return '"' + text.replace('"', '""') + '"'
        return text


def case_of(seed: int) -> TableCase:
    return Maker(Random(seed)).case()


def table_case() -> st.SearchStrategy[TableCase]:
    """Cases that Hypothesis makes smaller."""
    return st.randoms(use_true_random=False).map(lambda random: Maker(random).case())
