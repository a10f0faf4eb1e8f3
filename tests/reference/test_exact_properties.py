"""What is true of every case of exact accounting, and of hourly accounting's additions, whatever the polls."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import exact, hourly, uptime
from tests.reference.exact import Account
from tests.reference.uptime import HOUR, MICROSECOND, Intervals
from tests.strategies import DEFAULT_ZONE, ExactCase, UptimeCase, exact_case, examples, uptime_case

NOTHING = timedelta()


def status_at(case: ExactCase, store_id: str, instant: datetime, gap: timedelta | None) -> str:
    """The rule turned round: the status of an instant is that of the latest poll up to it, unless that is too old."""
    polls = [poll for poll in case.polls_of(store_id) if case.horizon <= poll.at <= min(instant, case.end)]
    if not polls:
        return "unknown"
    at = max(poll.at for poll in polls)
    *_, status = (poll.status for poll in polls if poll.at == at)
    return status if gap is None or instant < at + gap else "unknown"


def is_open(intervals: Intervals, instant: datetime) -> bool:
    return any(opens <= instant < closes for opens, closes in intervals)


def time_by_status(case: ExactCase, store_id: str, gap: timedelta | None) -> dict[str, timedelta]:
    """Open time by status: between neighbours of all instants at which anything may change, nothing does."""
    polled = [poll.at for poll in case.polls_of(store_id)]
    expiring = [at + gap for at in polled if gap is not None]
    intervals = case.intervals_of(store_id)
    edges = [edge for interval in intervals for edge in interval]
    corners = sorted({at for at in (*polled, *expiring, *edges) if case.first < at < case.end} | {case.first, case.end})
    spent = dict.fromkeys(("active", "inactive", "unknown"), NOTHING)
    for begins, ends in pairwise(corners):
        if is_open(intervals, begins):
            spent[status_at(case, store_id, begins, gap)] += ends - begins
    return spent


@settings(max_examples=examples(100))
@given(case=exact_case())
def test_each_instant_has_the_status_of_the_latest_poll_that_is_not_too_old(case: ExactCase) -> None:
    for store_id in case.store_ids:
        account = case.account(store_id)
        spent = time_by_status(case, store_id, account.max_gap) if case.first < case.end else {}
        assert account.open == sum(spent.values(), NOTHING)
        assert account.unknown == spent.get("unknown", NOTHING)
        assert account.up + account.down == account.open - account.unknown
        if case.ignore_outages_under_minutes == 0:
            assert account.down == spent.get("inactive", NOTHING)


def total(parts: list[Account], name: str) -> timedelta:
    return sum((getattr(part, name) for part in parts), NOTHING)


@settings(max_examples=examples(100))
@given(case=exact_case())
def test_the_periods_add_up_to_their_range(case: ExactCase) -> None:
    for store_id in case.store_ids:
        whole = case.account(store_id)
        parts = [case.account(store_id, period) for period in case.periods]
        for name in ("open", "up", "down", "unknown"):
            assert total(parts, name) == getattr(whole, name)
        assert sum(part.polls for part in parts) == whole.polls
        assert {part.max_gap for part in parts} == {whole.max_gap}
        assert {outage.began_at for part in parts for outage in part.outages} == {o.began_at for o in whole.outages}


@settings(max_examples=examples(100))
@given(case=exact_case())
def test_outages_are_the_down_time_in_order_and_apart(case: ExactCase) -> None:
    for store_id in case.store_ids:
        account, intervals = case.account(store_id), case.intervals_of(store_id)
        assert sum((outage.open for outage in account.outages), NOTHING) == account.down
        for outage in account.outages:
            ended_at = case.end if outage.ended_at is None else outage.ended_at
            assert NOTHING < outage.open <= ended_at - outage.began_at
            assert outage.first_poll_at <= outage.began_at < ended_at <= case.end
            assert outage.first_poll_at <= outage.last_poll_at <= case.end
            assert is_open(intervals, outage.began_at)
            assert is_open(intervals, ended_at - MICROSECOND) or outage.ended_at is None
        for earlier, later in pairwise(account.outages):
            assert earlier.ended_at is not None
            assert earlier.ended_at < later.began_at
            assert earlier.last_poll_at < later.first_poll_at


@given(case=uptime_case(), max_fill_hours=st.none() | st.integers(0, 200))
def test_hourly_accounting_is_as_before_but_for_its_additions(case: UptimeCase, max_fill_hours: int | None) -> None:
    arguments = {"as_of": case.as_of, "lookback_hours": case.lookback_hours}
    for before in uptime.uptime_report(case.polls, case.windows, case.zones, **arguments):
        store_id = before.pop("store_id")
        windows = [window for window in case.windows if window.store_id == store_id]
        intervals = uptime.open_intervals(
            windows, case.zones.get(store_id, DEFAULT_ZONE), case.horizon, case.as_of + HOUR
        )
        polls = [
            exact.Poll(store_id, poll.at, "active" if poll.active else "inactive")
            for poll in case.polls
            if poll.store_id == store_id
        ]
        series = hourly.hourly_series(polls, intervals, **arguments, max_fill_hours=max_fill_hours)
        after = hourly.uptime_row(intervals, series, as_of=case.as_of)
        for name, _, _ in uptime.REPORT_WINDOWS:
            carried = after.pop(f"carried_last_{name}")
            lost = after[f"unknown_last_{name}"] - before[f"unknown_last_{name}"]
            assert 0 <= carried <= after[f"uptime_last_{name}"] + after[f"downtime_last_{name}"]
            assert lost >= 0
            if max_fill_hours == 0:
                assert carried == 0
        if max_fill_hours is None:
            assert after == before
