"""Entities as arrays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

#: Ids with more than so many places for each are looked for instead of laid out: a table would have no bound.
_SPARSE: Final = 16


#: Gives the numbers of ids.
Numbering = Callable[[npt.NDArray[np.integer]], npt.NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Entities:
    """Entities of one kind, numbered 0 … n - 1 in the order of their id.

    Attributes:
        ids: int64[n], ascending.
        keys: their keys, text.
    """

    ids: npt.NDArray[np.int64]
    keys: Sequence[str]

    def __len__(self) -> int:
        return len(self.ids)

    def part(self, start: int, stop: int) -> "Entities":
        """Entities ``start`` … ``stop - 1``, numbered from 0 again."""
        return Entities(self.ids[start:stop], self.keys[start:stop])

    def numbers(self, ids: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """The numbers of these ids, -1 for an id that is not among them."""
        return self.numbering()(ids)

    def numbering(self) -> Numbering:
        """What numbers() does, for many blocks of ids: it is prepared once."""
        if not len(self.ids):
            return lambda ids: np.full(len(ids), -1)
        lowest = self.ids[0]
        if self.ids[-1] - lowest > _SPARSE * len(self.ids):
            return self._found
        table = np.full(self.ids[-1] - lowest + 2, -1)
        table[self.ids - lowest] = np.arange(len(self.ids))
        if len(table) == len(self.ids) + 1:  # one after the other, as those of stores alone are
            return self._placed
        return lambda ids: table[np.clip(ids - lowest, -1, len(table) - 1)]

    def _placed(self, ids: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        lowest, highest = self.ids[0], self.ids[-1]
        numbers: npt.NDArray[np.int64] = ids - lowest
        if len(ids) and (ids.min() < lowest or ids.max() > highest):  # mostly not, which is soon seen
            numbers[(ids < lowest) | (ids > highest)] = -1
        return numbers

    def _found(self, ids: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[at] == ids, at, -1)
