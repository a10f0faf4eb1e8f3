"""Rows that a file repeats: dropped before they are staged, because only the last of them counts."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.ingest.kind import Rows, Values

#: Keys of whole rows are put together from the numbers of their columns as long as they stay below this.
_MOST_KEYS: Final = 1 << 62

_Numbers = npt.NDArray[np.int64]


def without_repeats(rows: Rows) -> Rows:
    """The rows of a block without those that a later one of it repeats in every column."""
    keys = _keys(rows)
    in_order = np.sort(keys)
    repeated = in_order[1:][in_order[1:] == in_order[:-1]]
    if not len(repeated):
        return rows
    at = np.flatnonzero(np.isin(keys, np.unique(repeated)))  # mostly few, so that the rest of the work is little
    stays = np.ones(len(rows), bool)
    stays[at] = False
    stays[at[len(at) - 1 - np.unique(keys[at][::-1], return_index=True)[1]]] = True
    columns = {name: values.where(stays) for name, values in rows.columns.items()}
    return replace(rows, columns=columns, lines=None if rows.lines is None else rows.lines[stays])


def _keys(rows: Rows) -> _Numbers:
    """One number a row, equal where all columns are."""
    keys, most = np.zeros(len(rows), np.int64), 1
    for values in rows.columns.values():
        numbers, count = _numbers(values)
        if most * count >= _MOST_KEYS:
            keys, most = _encoded(keys)
        if most * count >= _MOST_KEYS:
            numbers, count = _encoded(numbers)
        keys, most = keys * count + numbers, most * count
    return keys


def _numbers(values: Values) -> tuple[_Numbers, int]:
    """One number a row, equal where the values are and below the second result."""
    if len(values.distinct) < len(values):
        return (values.codes % len(values.distinct)).astype(np.int64), len(values.distinct)
    array = values.array()
    if array.dtype.kind != "i" or not len(array):
        return _encoded(array)
    least = int(array.min())  # integers as they are: to encode them takes longer than all the rest
    return array.astype(np.int64) - least, int(array.max()) - least + 1


def _encoded(array: npt.NDArray[Any]) -> tuple[_Numbers, int]:
    """The values by number."""
    encoded = pa.array(array).dictionary_encode("encode")
    return encoded.indices.to_numpy().astype(np.int64), len(encoded.dictionary)
