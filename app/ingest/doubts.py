"""What is probably not meant in a file that passes every check: damaged ids, zones that know no summer time."""

import re
from typing import Final

import numpy as np

from app.ingest.column_types import KEY, ZONE
from app.ingest.csv.memory import Memory
from app.ingest.kind import DatasetKind, Rows, Values
from app.ingest.zones import cities_of
from app.wording.warnings import Cases, DataWarning, warning

#: How a spreadsheet writes a long id (1.05E+18, or with 15 digits and zeros), and a data frame any number beside a gap
#: (257000000000000.0); either may have a decimal comma. And what a spreadsheet shows in the place of an error or of a
#: number that is too wide: #REF!, ####.
_DAMAGED: Final = re.compile(
    r"[0-9]([.,][0-9]+)?[eE]\+?[0-9]{2,}|[0-9]+\.0+|[0-9]{7,},0+|[1-9][0-9]{13}[1-9]0{4,}|#[A-Z]+(/0)?[!?]|#N/A|#{3,}"
)

#: Zones that are an offset by name; UTC and its other names say what they are.
_FIXED: Final = re.compile(r"EST|MST|HST|Etc/GMT[+-][1-9][0-9]?")

#: Size of the keys that are remembered as seen, bytes: some 150,000. Of more, some are looked at again.
REMEMBERED_BYTES: Final = 32 << 20


class Doubts:
    """Looks at the accepted rows of a file, block by block."""

    def __init__(self, kind: DatasetKind) -> None:
        self._keys = [column.name for column in kind.columns if column.type is KEY]
        self._zones = [column.name for column in kind.columns if column.type is ZONE]
        self._memory = Memory(REMEMBERED_BYTES)
        self._seen: dict[str, None] = {}
        self._damaged, self._fixed = Cases(), Cases()

    def look_at(self, rows: Rows) -> None:
        """Count what is odd in a block of rows."""
        for name in self._keys:
            if name in rows.columns:
                self._look_at_keys(rows.columns[name])
        for name in self._zones:
            if name in rows.columns:
                self._look_at_zones(rows.columns[name])

    def found(self) -> tuple[DataWarning, ...]:
        """What is to be told of the file."""
        told = (("damaged_keys", self._damaged), ("fixed_offset_zones", self._fixed))
        return tuple(warning(code, cases.count, cases.examples) for code, cases in told if cases.count)

    def _look_at_keys(self, keys: Values) -> None:
        new = set(keys.distinct.tolist()) - self._seen.keys()
        self._memory.keep(self._seen, dict.fromkeys(new))
        damaged = sorted(key for key in new if key is not None and _DAMAGED.fullmatch(key))
        self._damaged.add(len(damaged), damaged)

    def _look_at_zones(self, zones: Values) -> None:
        rows = np.bincount(zones.codes, minlength=len(zones.distinct)).tolist()
        for zone, count in zip(zones.distinct.tolist(), rows, strict=True):
            if count and zone is not None and _FIXED.fullmatch(zone):
                self._fixed.add(count, [_with_cities(zone)])


def _with_cities(zone: str) -> str:
    cities = ", ".join(cities_of(zone)[:3])
    return f"{zone}, rather than {cities}" if cities else zone
