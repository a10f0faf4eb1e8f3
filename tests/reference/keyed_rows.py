"""Rows with a key once more, one at a time: what files say, what is taken out, what stands then."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, int]
Row = Mapping[str, Any]


@dataclass
class KeyedRows:
    """What stands, by key: every column with its value, None where nobody has said any."""

    columns: tuple[str, ...]
    standing: dict[Key, dict[str, Any]] = field(default_factory=dict)

    def load(self, file: Iterable[tuple[Key, Row]]) -> int:
        last = dict(file)
        for key, row in last.items():
            if row.get("dropped"):
                self.standing.pop(key, None)
                continue
            known = self.standing.setdefault(key, dict.fromkeys(self.columns))
            known.update({name: value for name, value in row.items() if name != "dropped"})
        return len(last)

    def unload(self, file: Iterable[tuple[Key, Row]]) -> int:
        """Only what is exactly as the file says, in whole rows."""
        going = []
        for key, row in dict(file).items():
            whole = dict.fromkeys(self.columns) | {name: value for name, value in row.items() if name != "dropped"}
            if not row.get("dropped") and self.standing.get(key) == whole:
                going.append(key)
        for key in going:
            del self.standing[key]
        return len(going)
