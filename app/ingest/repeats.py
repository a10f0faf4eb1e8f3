"""Rows that a file repeats: dropped before they are staged, because only the last of them counts."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.ingest.kind import Rows, Values

#: Keys of whole rows are put together from the codes of their columns as long as they stay below this.
_MOST_KEYS: Final = 1 << 62


def without_repeats(rows: Rows) -> Rows:
    """The rows of a block without those that a later one of it repeats in every column."""
    count = len(rows)
    keys: npt.NDArray[np.int64] = np.zeros(count, np.int64)
    most = 1
    for values in rows.columns.values():
        codes, distinct = _codes(values)
        if distinct >= count:  # no two rows are alike
            return rows
        if most * distinct >= _MOST_KEYS:
            keys = np.unique(keys, return_inverse=True)[1].astype(np.int64)
            most = count
        keys = keys * distinct + codes
        most *= distinct
    last = count - 1 - np.unique(keys[::-1], return_index=True)[1]
    if len(last) == count:
        return rows
    stays = np.zeros(count, bool)
    stays[last] = True
    return replace(rows, columns={name: values.where(stays) for name, values in rows.columns.items()})


def _codes(values: Values) -> tuple[npt.NDArray[Any], int]:
    """One code a row, equal where the values are, and the number of codes."""
    if len(values.distinct) < len(values):
        return values.codes % len(values.distinct), len(values.distinct)
    encoded = pa.array(values.array()).dictionary_encode("encode")
    return encoded.indices.to_numpy(), len(encoded.dictionary)
