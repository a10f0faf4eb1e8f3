"""Made-up stores are as different from each other as real ones."""

import csv
from collections import defaultdict
from itertools import pairwise

import pytest

from app.demo_data.stores import hours_lines, store_ids, zone_lines
from app.timeline.zones import known_zones

COUNT = 2000
IDS = store_ids(1, COUNT)

Week = dict[str, list[tuple[str, str]]]


@pytest.fixture(scope="module")
def weeks() -> dict[str, Week]:
    """The windows of each store that has hours, by day."""
    found: dict[str, Week] = defaultdict(lambda: defaultdict(list))
    for store, day, opens, closes in csv.reader("".join(hours_lines(1, IDS)).splitlines()):
        found[store][day].append((opens, closes))
    return found


def test_ids_are_different_numbers_of_nineteen_digits_in_no_order() -> None:
    ids = store_ids(5, 200_000).tolist()
    assert len(set(ids)) == 200_000
    assert {len(str(one)) for one in ids} == {19}
    assert max(ids) < 2**63
    assert ids != sorted(ids)
    assert not set(ids) & set(store_ids(6, 200_000).tolist())


def test_more_stores_are_the_same_and_others() -> None:
    assert store_ids(1, 10).tolist() == IDS[:10].tolist()


def test_some_stores_never_close_and_most_have_hours(weeks: dict[str, Week]) -> None:
    assert set(weeks) < {str(one) for one in IDS.tolist()}
    assert 0.8 < len(weeks) / COUNT < 0.9


@pytest.mark.parametrize("style", ["several windows", "overnight", "closed days", "around the clock", "until midnight"])
def test_there_are_stores_with(style: str, weeks: dict[str, Week]) -> None:
    has_style = {
        "several windows": lambda week: any(len(windows) > 1 for windows in week.values()),
        "overnight": lambda week: any(closes < opens for windows in week.values() for opens, closes in windows),
        "closed days": lambda week: len(week) < 7,
        "around the clock": lambda week: list(week.values()) == [[("00:00:00", "23:59:59")]] * 7,
        "until midnight": lambda week: any(closes == "23:59:59" for windows in week.values() for _, closes in windows),
    }
    assert sum(map(has_style[style], weeks.values())) > COUNT / 50


def test_windows_of_a_day_do_not_overlap(weeks: dict[str, Week]) -> None:
    for week in weeks.values():
        for windows in week.values():
            for (_, closes), (opens, _) in pairwise(windows):
                assert closes < opens


def test_zones_exist_lie_on_six_continents_and_some_stores_have_none() -> None:
    rows = list(csv.reader("".join(zone_lines(1, IDS)).splitlines()))
    zones = {zone for _, zone in rows}
    assert zones <= known_zones()
    assert {zone.split("/")[0] for zone in zones} == {"America", "Europe", "Africa", "Asia", "Australia", "Pacific"}
    assert len({store for store, _ in rows}) == len(rows)
    assert 0.9 * COUNT < len(rows) < COUNT
