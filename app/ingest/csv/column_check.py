"""Texts of one column to values: each distinct text is parsed once."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.ingest.csv.memory import Memory
from app.ingest.kind import Column, Values
from app.ingest.policy import Limits
from app.ingest.values import Wrong
from app.timeline import from_micros


class ColumnCheck:
    """The check of one column of one file.

    Args:
        column: what it holds.
        limits: of a field.
        latest: values beyond this are in the future, microseconds; None: no limit.
        memory: cache of parsed texts; the columns of a file share one.
    """

    def __init__(self, column: Column, *, limits: Limits, latest: int | None, memory: Memory) -> None:
        self._column = column
        self._may_be_empty = column.may_be_empty or not column.required
        self._limits = limits
        self._latest = latest
        self._memory = memory
        self._known: dict[str, Any] = {}

    def values(self, texts: pa.StringArray, *, hurried: bool = False) -> tuple[Values, dict[int, Wrong]]:
        """Values of the texts, and the invalid codes; in a hurry, only the first invalid one."""
        if (fast := self._all(texts)) is not None:
            return fast, {}
        encoded = texts.dictionary_encode()
        distinct, wrong = self._distinct(encoded.dictionary.to_pylist(), hurried=hurried)
        return Values(encoded.indices.to_numpy(), _array(distinct)), wrong

    def _distinct(self, texts: list[str], *, hurried: bool) -> tuple[list[Any], dict[int, Wrong]]:
        values = list(map(self._known.get, texts))
        wrong: dict[int, Wrong] = {}
        parsed: dict[str, Any] = {}
        filler: Any = None  # keeps the array numeric
        for code in [code for code, value in enumerate(values) if value is None]:
            try:
                values[code] = parsed[texts[code]] = filler = self._parsed(texts[code])
            except Wrong as error:
                values[code] = filler
                wrong[code] = Wrong(error.code, str(error))  # a new object, without the stack frames of the raised one
                if hurried:
                    break
        self._memory.keep(self._known, parsed)
        return values, wrong

    def _all(self, texts: pa.StringArray) -> Values | None:
        """The values of a whole block by the fast parser of the column's type, if there is one and it can decide."""
        if (parse_all := self._column.type.parse_all) is None:
            return None
        given = np.asarray(pc.not_equal(texts, "")) if self._may_be_empty else np.ones(len(texts), bool)
        values = parse_all(texts if given.all() else texts.filter(pa.array(given)))
        if values is None or (len(values) and self._latest is not None and values.max() > self._latest):
            return None
        if given.all():
            return Values(np.arange(len(values)), values)
        codes = np.full(len(texts), len(values))
        codes[given] = np.arange(len(values))
        return Values(codes, np.array([*values.tolist(), None], dtype=object))

    def _parsed(self, text: str) -> Any:
        if not text and self._may_be_empty:
            return None
        limit = self._limits.max_field_bytes
        if len(text) > limit // 4 and len(text.encode()) > limit:
            raise Wrong("field_too_long", f"is longer than {limit:,} bytes")
        value = self._column.type.parse(text)
        if self._latest is not None and value > self._latest:
            raise Wrong("in_future", f"is in the future: later than {from_micros(self._latest):%Y-%m-%d %H:%M:%S} UTC")
        return value


def _array(values: list[Any]) -> npt.NDArray[Any]:
    array = np.array(values)
    return array if array.dtype.kind in "bi" else np.array(values, dtype=object)
