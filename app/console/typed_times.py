"""Times that people have typed."""

from datetime import UTC, datetime


def in_utc(text: str) -> str:
    """A time as the API takes it; one without a zone is of UTC. What is no time is left to be refused."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return text
    if instant.tzinfo is not None:
        return text
    return instant.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
