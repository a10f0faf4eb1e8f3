"""The charts of the uptime report: the week before its instant."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from app.files.artifact import Artifact
from app.jobs.kind import JobContext
from app.timeline import Micros
from app.timeline.availability import WeekOfEntities
from app.timeline.horizon import Horizon


class WeekOfStores:
    """What the charts show of the week; memory does not grow with the number of stores."""

    def __init__(self, horizon: Horizon) -> None:
        from app.charts.bins import bin_counts  # noqa: PLC0415 - only who draws imports charts

        self.entities = WeekOfEntities(horizon)
        self._bin_counts = bin_counts
        self.counts = bin_counts(np.zeros(0))
        self.left_out = 0

    def add(
        self, keys: Sequence[str], open_time: Micros, status: npt.NDArray[np.int8], carried: npt.NDArray[np.bool_]
    ) -> None:
        """Add some stores, as of WeekOfEntities.add()."""
        availability = self.entities.add(keys, open_time, status, carried)
        unseen = np.isnan(availability)
        self.counts += self._bin_counts(availability[~unseen])
        self.left_out += int(np.count_nonzero(unseen))


def draw(context: JobContext, week: WeekOfStores) -> list[Artifact]:
    """The charts of the week, those that have something to show."""
    # Imported here: it takes half a second, as long as a usual report, which does not need it.
    from app.charts.availability import Week, availability_charts  # noqa: PLC0415
    from app.charts.files import write_charts  # noqa: PLC0415

    stores = week.entities
    charts = availability_charts(
        Week(
            first=stores.first,
            last=stores.last,
            counts=week.counts,
            left_out=week.left_out,
            days=stores.days,
            of_day=stores.of_day,
            worst=[one.key for one in stores.worst],
            worst_share=np.array([one.availability for one in stores.worst]),
            tied=stores.tied,
            states=np.array([one.states for one in stores.worst], np.int8),
        )
    )
    return write_charts(charts, context.folder)
