"""Measures: the texts of a column as whole numbers of its last decimal, and what is wrong with the others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.ingest.rejects import RejectedRow, shown

#: Digits of a number, scaled: so many always fit into int64.
DIGITS: Final = 18

#: What a number is that has more digits than are allowed.
_PRECISE: Final = r"\A[+-]?[0-9]+(?:\.[0-9]+)?\z"

_ZERO: Final = ord("0")


@dataclass(frozen=True, slots=True)
class Measures:
    """How the numbers of a report are written.

    Attributes:
        decimals: digits that may follow the point.
        skips_empty: whether an empty text is no value.
    """

    decimals: int
    skips_empty: bool

    def scaled(self, texts: pa.StringArray) -> tuple[pa.Int64Array, npt.NDArray[np.int64]]:
        """The values times ten to the power of ``decimals``, null where there is none, and the places of wrong texts.

        The value in the place of a wrong text is null.
        """
        if (values := self._plain(texts)) is not None:
            return values, np.empty(0, np.int64)
        is_number = pc.match_substring_regex(texts, self._pattern)
        numbers = pc.if_else(is_number, texts, pa.scalar(None, pa.string()))
        decimal = pc.cast(numbers, pa.decimal128(38, self.decimals))
        low = np.frombuffer(decimal.buffers()[1], np.int64)[::2]  # of 128 bits in the order of this machine
        values = pa.array(low[decimal.offset : decimal.offset + len(decimal)], mask=~_bools(is_number))
        is_wrong = pc.invert(is_number)
        if self.skips_empty:
            is_wrong = pc.and_(is_wrong, pc.not_equal(texts, ""))
        return values, np.flatnonzero(_bools(is_wrong))

    def mistake(self, line: int, column: str, text: str) -> RejectedRow:
        """What is wrong with a text that is no number."""
        if not text:
            return RejectedRow(line, column, shown(text), "empty", "is empty; it must be a number")
        if pc.match_substring_regex(pa.scalar(text), _PRECISE).as_py():
            before, _, behind = text.lstrip("+-").partition(".")
            if len(behind) <= self.decimals or len(before) > DIGITS - self.decimals:
                said = "has too many digits"
            else:
                said = f"has more digits behind its point than decimals={self.decimals} allows"
            return RejectedRow(line, column, shown(text), "too_precise", f"{said}; {self._allowed}")
        return RejectedRow(line, column, shown(text), "bad_number", f"is not a number; {self._allowed}")

    @property
    def _pattern(self) -> str:
        behind = rf"(?:\.[0-9]{{1,{self.decimals}}})?" if self.decimals else ""
        return rf"\A[+-]?[0-9]{{1,{DIGITS - self.decimals}}}{behind}\z"

    @property
    def _allowed(self) -> str:
        before = f"a number has 1 to {DIGITS - self.decimals} digits, perhaps a sign before them"
        return before + (f", and at most {self.decimals} behind a point" if self.decimals else "")

    def _plain(self, texts: pa.StringArray) -> pa.Int64Array | None:
        """The values if all texts are a few digits and nothing else, which is quick to see; else None."""
        if not len(texts):
            return pa.array([], pa.int64())
        ends = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
        lengths = np.diff(ends)
        if not lengths.min() or lengths.max() > DIGITS - self.decimals:
            return None
        digits = np.frombuffer(texts.buffers()[2], np.uint8)[ends[0] : ends[-1]] - np.uint8(_ZERO)
        if digits.max() > 9:
            return None
        values = pc.cast(texts, pa.int64())
        return pc.multiply(values, 10**self.decimals) if self.decimals else values


def mistakes_of(
    measures: Measures,
    columns: Mapping[str, pa.StringArray],
    lines: npt.NDArray[np.int64],
    wrong: Mapping[str, set[int]],
) -> Iterator[list[RejectedRow]]:
    """The mistakes of each wrong row, in order; ``wrong`` has the places of wrong texts by column."""
    for place in sorted({place for places in wrong.values() for place in places}):
        yield [
            measures.mistake(int(lines[place]), column, columns[column][place].as_py())
            for column, places in wrong.items()
            if place in places
        ]


def _bools(array: pa.BooleanArray) -> npt.NDArray[np.bool_]:
    bools: npt.NDArray[np.bool_] = array.to_numpy(zero_copy_only=False)
    return bools
