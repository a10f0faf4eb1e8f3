"""What is gathered of a week, against sums over single pieces."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.timeline import DAY, HOUR, to_micros
from app.timeline.availability import CLOSED, DOWN, NOT_KNOWN, UP, WORST, WeekOfEntities
from app.timeline.horizon import Horizon
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN

STATE_OF = {ACTIVE: UP, INACTIVE: DOWN, UNKNOWN: NOT_KNOWN}


def case(as_of: datetime, stores: int) -> tuple[Horizon, np.ndarray, np.ndarray]:
    """Open times and statuses at random; many pieces are closed; the first three are always up, never, unseen."""
    dice = np.random.default_rng(stores)
    horizon = Horizon.before(as_of, lookback=timedelta(hours=4))
    lengths = np.diff(horizon.edges)
    open_time = dice.integers(0, lengths + 1, (stores, len(lengths))) * dice.integers(0, 2, (stores, len(lengths)))
    status = dice.integers(0, 3, (stores, horizon.hours)).astype(np.int8)
    for store, code in enumerate((ACTIVE, INACTIVE, UNKNOWN)[:stores]):
        status[store] = code
    return horizon, open_time, status


@pytest.mark.parametrize("as_of", [datetime(2023, 1, 25, 18, 13, 22, 7, tzinfo=UTC), datetime(2023, 1, 25, tzinfo=UTC)])
@pytest.mark.parametrize("stores", [0, 2, 130])
def test_parts_add_up_to_what_single_pieces_say(as_of: datetime, stores: int) -> None:
    horizon, open_time, status = case(as_of, stores)
    carried = (np.random.default_rng(stores + 1).random(status.shape) < 0.5) & (status != UNKNOWN)
    keys = [f"{number % 7}-{number}" for number in range(stores)]
    week = WeekOfEntities(horizon)
    shares: list[float] = []
    for start in range(0, stores, 17):
        part = slice(start, start + 17)
        shares += week.add(keys[part], open_time[part], status[part], carried[part]).tolist()

    end = to_micros(as_of)
    first_hour, last_hour = (end - 7 * DAY) // HOUR, -(-end // HOUR)
    totals = np.zeros((stores, 3), int)
    of_day: dict[int, list[int]] = {}
    states = np.full((stores, last_hour - first_hour), CLOSED)
    for store in range(stores):
        for piece, amount in enumerate(open_time[store].tolist()):
            start = int(horizon.edges[piece])
            state = STATE_OF[int(status[store, (start - horizon.first) // HOUR])]
            totals[store, state] += amount
            of_day.setdefault(start // DAY * DAY, [0, 0, 0])[state] += amount
            if amount:
                is_carried = bool(carried[store, (start - horizon.first) // HOUR])
                states[store, start // HOUR - first_hour] = state + 4 * is_carried

    assert shares == pytest.approx(
        [up / (up + down) if up + down else np.nan for up, down, _ in totals.tolist()], rel=0, abs=0, nan_ok=True
    )
    assert len(week.days) == (8 if end % DAY else 7)
    for day, sums in zip(week.days.tolist(), week.of_day.tolist(), strict=True):
        assert sums == of_day.get(day, [0, 0, 0])
    ranked = sorted(
        (totals[store, UP] / (totals[store, UP] + totals[store, DOWN]), -totals[store, DOWN], keys[store], store)
        for store in range(stores)
        if totals[store, UP] + totals[store, DOWN]
    )[:WORST]
    assert [(one.availability, -one.down, one.key) for one in week.worst] == [place[:3] for place in ranked]
    for one, (*_, store) in zip(week.worst, ranked, strict=True):
        assert one.states.tolist() == states[store].tolist()


def test_of_entities_that_were_never_up_those_that_were_down_longest_are_worst() -> None:
    horizon = Horizon.before(datetime(2023, 1, 25, tzinfo=UTC), lookback=timedelta(hours=4))
    week = WeekOfEntities(horizon)
    pieces = len(horizon.edges) - 1
    # The first two were down for 2 seconds of each piece of the week, the next two for 4, the last two for 120.
    seconds = np.arange(120) // 2 * 2 + 2
    open_time = np.tile(seconds[:, None] * 1_000_000, pieces)
    status = np.full((120, horizon.hours), INACTIVE, np.int8)
    keys = [f"{number:03}" for number in range(120)]
    for part in (slice(0, 20), slice(20, None)):
        week.add(keys[part], open_time[part], status[part])
    assert [one.key for one in week.worst] == [f"{pair + other:03}" for pair in range(118, 68, -2) for other in (0, 1)]
    assert [one.down for one in week.worst[:3]] == [one * 1_000_000 * pieces for one in (120, 120, 118)]


@pytest.mark.parametrize("block", [1, 7, 50, 400])
def test_those_that_are_as_bad_as_the_last_of_the_worst_are_counted_however_they_come(block: int) -> None:
    dice = np.random.default_rng(block)
    horizon = Horizon.before(datetime(2023, 1, 25, tzinfo=UTC), lookback=timedelta(hours=4))
    week = WeekOfEntities(horizon)
    stores, pieces = 400, len(horizon.edges) - 1
    # Few levels, so that many are alike; the worst come late.
    ups = np.minimum(dice.integers(0, 6, stores) + np.linspace(3, 0, stores).astype(int), 5)
    open_time = np.full((stores, pieces), 60_000_000)
    status = np.where(np.arange(horizon.hours) % 5 < ups[:, None], ACTIVE, INACTIVE).astype(np.int8)
    for start in range(0, stores, block):
        part = slice(start, start + block)
        week.add([f"{number:03}" for number in range(stores)][part], open_time[part], status[part])
        seen = sorted(ups[: start + block].tolist())
        assert week.tied == seen[WORST:].count(seen[:WORST][-1])
        assert len(week.worst) == len(seen[:WORST])
