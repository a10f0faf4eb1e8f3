"""How old the newest poll is, as a metric: a monitor that went silent shows here first."""

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import Connection

from app.series import polls


def freshness_metrics(connection: Connection) -> Iterator[Metric]:
    """The age of the newest poll; nothing before the first one."""
    newest = polls.latest(connection)
    if newest is not None:
        age = (datetime.now(UTC) - newest).total_seconds()
        yield GaugeMetricFamily("openhours_newest_poll_age_seconds", "Age of the newest poll of any store.", age)
