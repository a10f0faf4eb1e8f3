"""Entities of the slow twin of schedules as the engine takes them."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np

from app.ingest import values
from app.timeline.dated import EVER, FOREVER, Dated, DateRows, Spans, What
from app.timeline.schedule import Schedule
from app.timeline.working_hours import WeeklyHours
from app.timeline.zones import Zone, ZoneHistory
from tests.engine import array
from tests.reference.schedule import Dated as Said
from tests.reference.schedule import Entity, Hours, ZoneFrom

EPOCH = date(1970, 1, 1)


def day(of: date | None, without: int) -> int:
    return without if of is None else (of - EPOCH).days


def zone(history: Sequence[ZoneFrom]) -> Zone:
    names = tuple(one.zone for one in history)
    return names[0] if len(names) == 1 else ZoneHistory(names, tuple(day(one.valid_from, EVER) for one in history[1:]))


def schedule_of(entities: Sequence[Entity]) -> Schedule:
    """The schedule of these entities, which all have the default of the first."""
    named = [(number, use) for number, entity in enumerate(entities) for use in enumerate(entity.calendars)]
    versions = [(number, version) for number, entity in enumerate(entities) for version in entity.versions]
    spans = [(number, version) for number, version in versions if version.valid_from or version.valid_to]
    # A version without windows is one that says so.
    empty = [(number, one) for number, one in versions if (number, one) not in spans and not any(one.week)]
    spans += empty
    plain = [(number, one) for number, one in versions if (number, one) not in spans]
    exist = [(number, one) for number, one in enumerate(entities) if one.active_from or one.active_to]
    dated = Dated(
        versions=_spans((number, version.valid_from, version.valid_to) for number, version in spans),
        windows=_windows([(at, weekday, hours) for at, (_, v) in enumerate(spans) for weekday, hours in _week(v.week)]),
        exceptions=_rows((number, said) for number, entity in enumerate(entities) for said in entity.exceptions),
        uses=_spans((number, use.valid_from, use.valid_to) for number, (_, use) in named),
        calendar=array(range(len(named))),
        place=array(place for _, (place, _) in named),
        days=_rows((number, said) for number, (_, (_, use)) in enumerate(named) for said in use.days),
        calendars=[use.calendar for _, (_, use) in named],
        existence=_spans((number, one.active_from, one.active_to) for number, one in exist),
    )
    return Schedule(
        _windows([(number, weekday, hours) for number, one in plain for weekday, hours in _week(one.week)]),
        array(range(len(entities))),
        [*(zone(entity.zones) for entity in entities), "UTC"],
        [(weekday, *_times(pair)) for weekday, hours in _week(entities[0].default) for pair in hours],
        dated,
    )


def _week(week: Sequence[Hours]) -> list[tuple[int, Hours]]:
    return list(enumerate(week))


def _times(pair: tuple[str, str]) -> tuple[int, int]:
    return values.opening_time(pair[0]), values.closing_time(pair[1])


def _spans(rows: Iterable[tuple[int, date | None, date | None]]) -> Spans:
    every = list(rows)
    return Spans(
        array(row[0] for row in every), array(day(r[1], EVER) for r in every), array(day(r[2], FOREVER) for r in every)
    )


def _windows(rows: list[tuple[int, int, Hours]]) -> WeeklyHours:
    every = [(number, weekday, *_times(pair)) for number, weekday, hours in rows for pair in hours]
    return (
        WeeklyHours(*(array(column) for column in zip(*every, strict=True))) if every else WeeklyHours(*[array([])] * 4)
    )


def _rows(rows: Iterable[tuple[int, Said]]) -> DateRows:
    every: list[tuple[Any, ...]] = []
    for owner, said in rows:
        what, times = What[said.what.upper()], [_times(pair) for pair in said.hours] or [(0, 0)]
        every += [(owner, day(said.on, 0), int(what), *pair, said.name) for pair in times]
    columns = [array(row[at] for row in every) for at in range(5)]
    return DateRows(*columns, np.array([row[5] for row in every], object))
