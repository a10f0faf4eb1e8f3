"""The figures of cells as columns of a table."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.flow.observations import named
from app.metrics.outcome import STATES, Told


def figure_columns(told: Told, cells: npt.NDArray[np.int64]) -> dict[str, pa.Array]:
    """``value``, ``p75``, ``p90``, ``n`` and ``state`` of these cells, int64[r]; null where there is no figure."""
    figures = told.cells.figures
    quantiles = {"value": figures.value, "p75": figures.p75, "p90": figures.p90}
    return {
        **{
            name: pa.nulls(len(cells), pa.float64()) if of is None else pa.array(of[cells], from_pandas=True)
            for name, of in quantiles.items()
        },
        "n": pa.array(figures.n[cells]),
        "state": named([one.value for one in STATES], told.state[cells]),
    }
