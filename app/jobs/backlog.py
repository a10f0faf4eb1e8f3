"""What waits and runs, as metrics of the whole installation."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import Connection

from app.jobs import records


def backlog_metrics(connection: Connection) -> Iterator[Metric]:
    """Jobs queued and running, and the age of the oldest queued one."""
    backlog = records.backlog(connection)
    yield GaugeMetricFamily("openhours_reports_queued", "Jobs queued for a worker.", backlog.queued)
    yield GaugeMetricFamily(
        "openhours_oldest_queued_age_seconds", "Age of the job that has been queued longest.", backlog.oldest_seconds
    )
    yield GaugeMetricFamily("openhours_reports_running", "Jobs that a worker has claimed.", backlog.running)
