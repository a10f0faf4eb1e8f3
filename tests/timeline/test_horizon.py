"""The instants that a report looks at."""

from datetime import UTC, datetime, timedelta

from app.timeline.horizon import Horizon


def test_the_horizon_cuts_at_hours_and_windows() -> None:
    as_of = datetime(2023, 1, 25, 18, 13, 22, 479220, tzinfo=UTC)
    horizon = Horizon.before(as_of, lookback=timedelta(hours=96))
    assert horizon.hours == 7 * 24 + 96 + 1
    pieces = [len(horizon.edges[horizon.pieces(window)]) for window in ("hour", "day", "week")]
    # A window of n hours that begins within an hour touches n + 1; the shorter windows inside it add a cut each.
    assert pieces == [2, 24 + 1 + 1, 168 + 1 + 2]
