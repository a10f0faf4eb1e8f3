"""hourly.parquet of the uptime report."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from app.files.artifact import Artifact
from app.jobs.kind import JobContext
from app.timeline import HOUR, Micros
from app.timeline.horizon import Horizon
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN


class HourlyFile:
    """hourly.parquet: a row per store and UTC hour of the week, with the part of it that lies in the week."""

    SCHEMA: Final = pa.schema(
        [
            ("store_id", pa.dictionary(pa.int32(), pa.string())),
            ("hour_utc", pa.timestamp("us", "UTC")),
            ("status", pa.dictionary(pa.int8(), pa.string())),
            ("open_seconds", pa.float64()),
            ("polls", pa.int32()),
            ("active_polls", pa.int32()),
        ]
    )
    STATUS: Final = {INACTIVE: "inactive", ACTIVE: "active", UNKNOWN: "unknown"}

    def __init__(self, context: JobContext, horizon: Horizon) -> None:
        self._path = context.folder / "hourly.parquet"
        self._horizon = horizon
        self._writer = parquet.ParquetWriter(self._path, self.SCHEMA, compression="zstd")
        self._rows = 0

    def write(
        self,
        keys: Sequence[str],
        open_time: Micros,
        status: npt.NDArray[np.int8],
        *poll_counts: npt.NDArray[np.int32],
    ) -> None:
        """Add some stores; arguments as of compute(), with the polls of each hour, all and active ones."""
        hours, onset = np.unique(self._horizon.hour, return_index=True)
        open_seconds = np.add.reduceat(open_time, onset, axis=1) / 1_000_000
        stores, count = open_seconds.shape
        hour_utc = self._horizon.first + hours * HOUR
        columns = [
            pa.DictionaryArray.from_arrays(np.repeat(np.arange(stores, dtype=np.int32), count), pa.array(keys)),
            pa.array(np.tile(hour_utc, stores)).cast(pa.timestamp("us", "UTC")),
            pa.DictionaryArray.from_arrays(
                status[:, hours].reshape(-1), pa.array([self.STATUS[code] for code in range(len(self.STATUS))])
            ),
            pa.array(open_seconds.reshape(-1)),
            *(pa.array(counts[:, hours].reshape(-1)) for counts in poll_counts),
        ]
        self._writer.write_batch(pa.record_batch(columns, schema=self.SCHEMA))
        self._rows += stores * count

    def close(self) -> Artifact:
        """Finish the file."""
        self._writer.close()
        return Artifact(self._path, "application/vnd.apache.parquet", rows=self._rows)
