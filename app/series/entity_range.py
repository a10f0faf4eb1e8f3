"""What Postgres knows of a range of entities, as bytes: for a process that has the bucket alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final, Self, get_origin, get_type_hints

import numpy as np
import pyarrow as pa

from app.files.packed import packed, unpacked
from app.series.details import Labels
from app.series.sealed.reading import SealedFile
from app.timeline import Micros
from app.timeline.dated import Dated
from app.timeline.entities import Entities
from app.timeline.schedule import Schedule
from app.timeline.working_hours import WeeklyHours
from app.timeline.zones import Zone, ZoneHistory

_FILE_TYPES: Final = {"key": pa.string(), "footer": pa.binary(), "group_sha256": pa.binary()}


@dataclass(frozen=True, slots=True)
class EntityRange:
    """A range of entities.

    Attributes:
        entities, labels: those, and what they are called.
        schedule: when they are open, by their numbers.
        own: how long a poll of each holds by its own detail, see own_gaps().
        files: that have their polls, and may have others'.
    """

    entities: Entities
    labels: Labels
    schedule: Schedule
    own: Micros
    files: Sequence[SealedFile]

    def as_bytes(self) -> bytes:
        """All of it."""
        schedule, dated = self.schedule, self.schedule.dated
        columns = {
            "ids": pa.array(self.entities.ids),
            "keys": pa.array(self.entities.keys, pa.string()),
            "names": pa.array(self.labels.names, pa.string()),
            "groups": pa.array(self.labels.groups, pa.string()),
            "own": pa.array(self.own),
            "zone_of": pa.array(schedule.zone_of),
            "zones": pa.array(map(_zone_told, schedule.zones), pa.string()),
            "default": pa.array(np.array(schedule.default, np.int64).reshape(-1)),
            **_columns("hours", schedule.hours),
            **({} if dated is None else _columns("dated", dated)),
        }
        for name in SealedFile.__dataclass_fields__:
            values = [getattr(file, name) for file in self.files]
            columns[f"file.{name}"] = pa.array(values, _FILE_TYPES.get(name, pa.int64()))
        return packed(columns)

    @classmethod
    def of_bytes(cls, block: bytes) -> Self:
        """What as_bytes() has made bytes of."""
        found = unpacked(block)
        default = found["default"].to_numpy().reshape(-1, 3).tolist()
        schedule = Schedule(
            _made(WeeklyHours, "hours", found),
            found["zone_of"].to_numpy(),
            [_zone(told) for told in found["zones"].to_pylist()],
            [(weekday, opens, closes) for weekday, opens, closes in default],
            _made(Dated, "dated", found) if "dated.calendar" in found else None,
        )
        files = zip(*(found[f"file.{name}"].to_pylist() for name in SealedFile.__dataclass_fields__), strict=True)
        return cls(
            Entities(found["ids"].to_numpy(), found["keys"].to_pylist()),
            Labels(found["names"].to_pylist(), found["groups"].to_pylist()),
            schedule,
            found["own"].to_numpy(),
            [SealedFile(*file) for file in files],
        )


def _zone_told(zone: Zone) -> str:
    return json.dumps(zone if isinstance(zone, str) else [zone.names, zone.days])


def _zone(told: str) -> Zone:
    found = json.loads(told)
    return found if isinstance(found, str) else ZoneHistory(*map(tuple, found))


def _columns(prefix: str, of: Any) -> dict[str, pa.Array]:
    """The arrays of a dataclass, and of those in it, by their names."""
    found: dict[str, pa.Array] = {}
    for field in fields(of):
        name, value = f"{prefix}.{field.name}", getattr(of, field.name)
        if is_dataclass(value):
            found |= _columns(name, value)
        else:
            is_number = isinstance(value, np.ndarray) and value.dtype != np.object_
            found[name] = pa.array(value, None if is_number else pa.string())
    return found


def _made(kind: Any, prefix: str, found: Mapping[str, pa.Array]) -> Any:
    """The dataclass whose _columns() these are."""
    types = get_type_hints(kind)
    given = {}
    for field in fields(kind):
        name, of = f"{prefix}.{field.name}", types[field.name]
        if is_dataclass(of):
            given[field.name] = _made(of, name, found)
        elif get_origin(of) is np.ndarray:
            given[field.name] = found[name].to_numpy(zero_copy_only=False)
        else:
            given[field.name] = found[name].to_pylist()
    return kind(**given)
