"""How schedules stand, as metrics of the whole installation."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import Connection, Double, cast, extract, func, select

from app.schedules.tables import schedule


def schedule_metrics(connection: Connection) -> Iterator[Metric]:
    """Schedules by state, and for how long the longest due one has been due."""
    delay = func.max(cast(extract("epoch", func.now() - schedule.c.next_at), Double)).filter(schedule.c.enabled)
    query = select(
        func.count().filter(schedule.c.enabled).label("active"),
        func.count().filter(~schedule.c.enabled).label("paused"),
        func.greatest(func.coalesce(delay, 0), 0).label("delay"),
    )
    row = connection.execute(query).one()
    states = GaugeMetricFamily("openhours_schedules", "Schedules by state: active, paused.", labels=["state"])
    states.add_metric(["active"], row.active)
    states.add_metric(["paused"], row.paused)
    yield states
    yield GaugeMetricFamily(
        "openhours_schedule_delay_seconds",
        "Time since the oldest due schedule became due; 0 if none is due.",
        row.delay,
    )
