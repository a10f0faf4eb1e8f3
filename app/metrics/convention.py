"""What the settings say of metrics: what facts are asked for, and which metrics have what they need."""

from datetime import datetime

from app.metrics.facts.fact import Asked
from app.metrics.metric import Metric
from app.settings import Settings


def asked_of(settings: Settings, as_of: datetime) -> Asked:
    """What facts are asked for by these settings."""
    return Asked(
        as_of,
        bots=settings.bots,
        incident_labels=settings.labels_of_incidents,
        incident_hours=settings.incident_hours,
    )


def has_convention(metric: Metric, settings: Settings) -> bool:
    """Whether what a metric needs is agreed on."""
    return metric.needs is None or bool(settings.labels_of_incidents)
