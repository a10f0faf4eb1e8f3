"""Windows of opening hours that contradict each other."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from app.ingest.kind import Rows
from app.timeline import DAY

#: Windows that are compared; a workbook may have millions.
_COMPARED: Final = 10_000

_TIMES: Final = ("start_time_local", "end_time_local")


@dataclass(slots=True)
class Windows:
    """The first windows of a file of hours, with the lines of their records."""

    _found: dict[tuple[Any, ...], list[tuple[int, int, int]]] = field(default_factory=dict)
    _count: int = 0

    def add(self, rows: Rows) -> None:
        """Keep the windows of a block, by all that is said beside their times: store, weekday and validity."""
        if rows.lines is None or self._count >= _COMPARED:
            return
        self._count += len(rows)
        others = [values.array().tolist() for name, values in rows.columns.items() if name not in _TIMES]
        times = [rows.columns[name].array().tolist() for name in _TIMES]
        for of, start, end, line in zip(zip(*others, strict=True), *times, rows.lines.tolist(), strict=True):
            self._found.setdefault(of, []).append((start, end if end > start else end + DAY, line))

    def contradict(self) -> bool:
        """Whether records of one store have other hours of a day that overlap, as those of two stores would.

        Of JSON in one line nobody knows which windows are of one record.
        """
        is_one_line = len({line for windows in self._found.values() for _, _, line in windows}) == 1
        for windows in self._found.values():
            windows.sort()
            for (start, end, line), (later, ends, other) in pairwise(windows):
                if later < end and (is_one_line or line != other) and (start, end) != (later, ends):
                    return True
        return False
