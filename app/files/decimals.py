"""Columns of decimals from whole numbers, exactly."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def decimals(units: npt.NDArray[np.int64], places: int, *, empty: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """Numbers with ``places`` decimals.

    Args:
        units: in units of the last decimal, int64[n].
        places: number of decimals.
        empty: where there is none, bool[n].
    """
    wide = np.stack([units, units >> 63], axis=1).astype("<i8")  # two's complement of 128 bits, the low half first
    none = None if empty is None else pa.py_buffer(np.packbits(~empty, bitorder="little").tobytes())
    return pa.Array.from_buffers(pa.decimal128(18, places), len(units), [none, pa.py_buffer(wide.tobytes())])


def ratio(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64], *, digits: int) -> npt.NDArray[np.int64]:
    """``part / whole`` in units of the last of ``digits`` decimals, rounded half up; 0 where the whole is 0.

    Long division, two digits at a time: the result is exact where a product would not fit.

    Args:
        part, whole: int64[n], neither negative, below 2^56.
        digits: even.
    """
    divisor = np.maximum(whole, 1)
    found, rest = np.divmod(part, divisor)
    for _ in range(digits // 2):
        digit, rest = np.divmod(rest * 100, divisor)
        found = found * 100 + digit
    return np.where(whole > 0, found + (2 * rest >= divisor), 0)
