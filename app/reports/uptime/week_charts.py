"""The charts of the uptime report: the week before its instant."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from app.files.artifact import Artifact
from app.jobs.kind import JobContext
from app.reports.uptime_summary import called
from app.series.details import names_of
from app.series.entities import STORE, read_entities
from app.series.schedules import read_schedule
from app.storage.postgres import database_errors
from app.timeline import HOUR, Micros
from app.timeline.availability import WeekOfEntities
from app.timeline.horizon import Horizon
from app.timeline.zones import Zone, name_at, offsets_at


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

    def as_json(self) -> dict[str, Any]:
        """All that was added, for merge()."""
        return {"entities": self.entities.as_json(), "counts": self.counts.tolist(), "left_out": self.left_out}

    def merge(self, told: Mapping[str, Any]) -> None:
        """Add what another week on the same horizon was told, as its as_json() gives it."""
        self.entities.merge(told["entities"])
        self.counts += np.array(told["counts"], np.int64)
        self.left_out += told["left_out"]


def draw(
    context: JobContext, week: WeekOfStores, *, target: float | None, as_known_at: datetime | None
) -> list[Artifact]:
    """The charts of the week, those that have something to show.

    Args:
        context: of the job.
        week: what they show.
        target: availability that each store should have, percent.
        as_known_at: names of stores as they were known then; None: as they are known.
    """
    # Imported here: it takes half a second, as long as a usual report, which does not need it.
    from app.charts.availability import Week, availability_charts  # noqa: PLC0415
    from app.charts.files import write_charts  # noqa: PLC0415
    from app.charts.hours import Clocks  # noqa: PLC0415

    stores = week.entities
    keys = [one.key for one in stores.worst]
    with database_errors(), context.engine.connect() as connection:
        names = names_of(connection, STORE, keys, as_known_at=as_known_at)
        zones = _zones(connection, keys, context.settings.default_timezone, as_known_at)
    hours = np.arange(stores.first // HOUR, -(-stores.last // HOUR)) * HOUR
    ahead = [offsets_at(hours, zone) for zone in zones]
    charts = availability_charts(
        Week(
            first=stores.first,
            last=stores.last,
            counts=week.counts,
            left_out=week.left_out,
            days=stores.days,
            of_day=stores.of_day,
            worst=called(keys, names),
            worst_share=np.array([one.availability for one in stores.worst]),
            tied=stores.tied,
            states=np.array([one.states for one in stores.worst], np.int8),
            target=target,
            clocks=Clocks(np.array(ahead), [name_at(zone, stores.last) for zone in zones]) if ahead else None,
        )
    )
    return write_charts(charts, context.folder)


def _zones(connection: Connection, keys: Sequence[str], default: str, as_known_at: datetime | None) -> list[Zone]:
    """The zone of each store; of one that has gone since it was counted, the default one."""
    stores = read_entities(connection, STORE, keys=keys)
    schedule = read_schedule(connection, stores, default_zone=default, as_known_at=as_known_at)
    zone_of = dict(zip(stores.keys, (schedule.zones[number] for number in schedule.zone_of), strict=True))
    return [zone_of.get(key, default) for key in keys]
