"""Days that an API tells all at once: what grows late is read again, what is lost is never taken for 0."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.sources.cursors.place import ListPage, Place, Step
from app.sources.cursors.registry import next_step
from app.sources.registry import SOURCE_KINDS
from tests.pypistats import Pypistats
from tests.pypistats.server import noon
from tests.strategies import examples

STREAM = SOURCE_KINDS["pypistats"].streams()["downloads"]
FIRST = date(2026, 6, 1)


class Reading:
    """Passes over one package of a site, and the days as they are known after them."""

    def __init__(self, site: Pypistats) -> None:
        self.site, self.place = site, Place()
        self.known: dict[date, int] = {}
        self.taken: list[date] = []

    def __call__(self, _: Mapping[str, Any], **__: Any) -> ListPage:
        status, _headers, body = self.site.answer("/api/packages/pip/overall")
        return ListPage(body["data"] if status == 200 else [], self.site.now)

    def kept_etag(self, _: ListPage) -> None:
        return None

    def run(self) -> Step:
        step = next_step(STREAM, self.place, self, self.site.now)
        assert step.is_complete
        self.place = step.place
        counts: dict[date, int] = {}
        for item in step.taken:
            day = date.fromisoformat(item["date"])
            counts[day] = counts.get(day, 0) + item["downloads"] * (item["category"] == "without_mirrors")
        self.known |= counts  # a day is replaced as a whole
        self.taken = sorted(counts)
        return step


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def site(days: int, *, installs: int = 10) -> Pypistats:
    """A site on which ``days`` days are over, each with so many installs, and one by a mirror."""
    told = {day(number): installs for number in range(days)}
    return Pypistats(noon(day(days)), installs={"pip": told}, mirrored={"pip": dict.fromkeys(told, 1)})


def days_later(site: Pypistats, count: int, *, installs: int = 10) -> None:
    for _ in range(count):
        over = site.now.date()
        site.installs["pip"][over], site.mirrored["pip"][over] = installs, 1
        site.now += timedelta(days=1)


def test_the_first_pass_takes_all_days_that_are_settled_and_the_next_one_three_days_and_what_is_new() -> None:
    reading = Reading(site(30))
    reading.run()
    assert reading.taken == [day(number) for number in range(29)], "the last day was over for 12 hours only"
    assert reading.place.watermark == datetime.combine(day(29), time(), UTC)
    days_later(reading.site, 2)
    reading.run()
    assert reading.taken == [day(number) for number in (26, 27, 28, 29, 30)]
    reading.run()
    assert reading.taken == [day(number) for number in (28, 29, 30)]


def test_a_day_that_only_mirrors_have_asked_for_is_0_and_a_day_without_a_row_is_unknown_until_it_comes() -> None:
    reading = Reading(site(30))
    reading.site.installs["pip"][day(20)] = 0
    reading.site.lost = {day(10), day(11), day(15)}
    step = reading.run()
    assert reading.known[day(20)] == 0
    assert {day(10), day(11), day(15)}.isdisjoint(reading.known)
    assert step.missing == (
        "3 days are missing, although later ones are there: 2026-06-11 to 2026-06-12, 2026-06-16. "
        "They count as unknown, not as 0."
    )
    days_later(reading.site, 60)
    reading.site.lost = {day(11)}
    step = reading.run()
    assert (reading.known[day(10)], reading.known[day(15)]) == (10, 10)
    assert step.missing == (
        "1 day is missing, although later ones are there: 2026-06-12. They count as unknown, not as 0."
    )


def test_a_site_that_is_stale_moves_no_watermark() -> None:
    reading = Reading(site(30))
    reading.run()
    before = reading.place.watermark
    days_later(reading.site, 9)
    reading.site.lag_days = 10
    step = reading.run()
    assert reading.place.watermark == before
    assert (reading.place.position["through"], step.missing) == (day(28).isoformat(), None)
    reading.site.lag_days = 0
    reading.run()
    assert reading.known[day(36)] == 10


def test_a_week_that_has_grown_after_it_was_read_is_read_again_and_told() -> None:
    reading = Reading(site(42))
    reading.run()
    days_later(reading.site, 8)
    for number in range(14, 21):  # a whole week, three weeks ago: 70 become 78, 11 % more
        reading.site.installs["pip"][day(number)] += 2 if number == 20 else 1
    step = reading.run()
    assert step.revised == (
        "days have changed since they were read, and are read again: "
        "7 of the week of 2026-06-15 from 70 to 78 (+11.4%)."
    )
    assert [reading.known[day(number)] for number in range(14, 21)] == [11, 11, 11, 11, 11, 11, 12]
    assert reading.run().revised is None


def test_an_answer_without_days_changes_nothing() -> None:
    reading = Reading(site(30))
    reading.run()
    place, known = reading.place, dict(reading.known)
    reading.site.lost = {day(number) for number in range(-200, 40)}
    assert reading.run().taken == []
    assert (reading.place.position["through"], reading.known) == (place.position["through"], known)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=examples(100))
def test_after_any_history_each_day_that_the_site_still_tells_of_is_known_as_it_tells_it(seed: int) -> None:
    random = Random(seed)
    reading = Reading(site(random.randrange(1, 60), installs=random.randrange(20)))
    for _ in range(random.randrange(25)):
        days_later(reading.site, random.randrange(4), installs=random.choice([0, 0, 7, 1000]))
        told = [*reading.site.days()][-12:]
        for late in random.sample(told, min(2, len(told))):
            if late in reading.site.installs["pip"]:
                reading.site.installs["pip"][late] += random.randrange(1, 5)
        reading.site.lost ^= {random.choice(told)} if told and random.random() < 0.3 else set()
        reading.site.lag_days = random.choice([0, 0, 0, 3])
        if random.random() < 0.7:
            reading.run()
    reading.site.lag_days = 0
    days_later(reading.site, 8)  # the last week that has grown is whole
    reading.run()
    unsettled = (reading.site.now - timedelta(hours=24)).date()
    expected = {one: reading.site.installs["pip"][one] for one in reading.site.days() if FIRST <= one < unsettled}
    assert {one: reading.known.get(one) for one in expected} == expected
    lost = {one for one in reading.site.lost if one >= FIRST and one < unsettled and one not in reading.known}
    assert lost <= {date.fromisoformat(one) for one in reading.place.position["missing"]}
