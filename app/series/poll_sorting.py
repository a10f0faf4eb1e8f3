"""Polls in the order of their table, however many: an external merge sort (Knuth, TAOCP 3, 5.4).

Polls are sorted in memory, a run at a time; all runs but the last lie in a temporary file until they are merged.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Final

import numpy as np
import numpy.typing as npt

from app.timeline import DAY, Micros
from app.timeline.hourly import Status

#: A poll in memory and in the file, 16 bytes; ``status`` as in timeline.hourly.
POLL: Final = np.dtype([("at", "<i8"), ("entity_id", "<i4"), ("status", "i1")], align=True)

#: Something as large that numpy moves in one step: three times as fast as field by field.
_MOVED: Final = np.dtype("c16")

#: Polls that are sorted in memory at a time; each takes 16 bytes, and some 40 more while they are sorted.
RUN_POLLS: Final = 1 << 20

#: Polls that are read of each run at a time while runs are merged.
READ_POLLS: Final = 1 << 16

#: The bits of a key that an instant of a week has, and how many it must lose for that: those of 128 microseconds.
_INSTANT_BITS: Final = 33
_LOST_BITS: Final = 7

_MONDAY = 4 * DAY  # 1970-01-05

#: An array of POLL.
Polls = npt.NDArray[np.void]
_Numbers = npt.NDArray[np.int64]


def week_of(instant: Micros) -> Micros:
    """Monday 00:00 UTC of the week of each instant, microseconds since the epoch."""
    return (instant - _MONDAY) // (7 * DAY) * (7 * DAY) + _MONDAY


@dataclass(frozen=True, slots=True)
class _Run:
    """Sorted polls of one week: in memory, or in the file from a byte on."""

    count: int
    polls: Polls | None = None
    at_byte: int = 0


class PollSorter:
    """Takes polls in the order of a file, and gives those of each week, sorted; has a file until it is closed."""

    def __init__(self) -> None:
        self._spans: dict[int, tuple[int, int]] = {}
        self._added: list[Polls] = []
        self._count = 0
        self._runs: dict[int, list[_Run]] = {}
        self._file: IO[bytes] | None = None

    def add(self, at: Micros, entity_id: _Numbers, status: Status) -> None:
        """The next polls of the file.

        Raises:
            OSError: there is no room for the file of runs.
        """
        polls = np.empty(len(at), POLL)
        polls["at"], polls["entity_id"], polls["status"] = at, entity_id, status
        self._added.append(polls)
        self._count += len(polls)
        if self._count >= RUN_POLLS:
            self._end_run(in_file=True)

    def weeks(self) -> dict[int, tuple[int, int]]:
        """For each week (Monday, microseconds since the epoch), in order, the first and the last instant of its polls.

        No more polls are added from then on.
        """
        self._end_run(in_file=False)
        return dict(sorted(self._spans.items()))

    def of_week(self, monday: int) -> Iterator[Polls]:
        """The polls of a week, sorted by entity and instant, in blocks.

        Of several polls of an entity and an instant there is one for each status that they say, in the order in which
        these came last: so the last one counts, and the others contradict it. They are all in one block.
        """
        runs = self._runs.get(monday, [])
        if len(runs) == 1 and (polls := runs[0].polls) is not None:
            yield polls
        else:
            yield from self._merged(runs, monday)

    def entity_ids(self) -> _Numbers:
        """The entities of all polls, each once, in order."""
        named = np.empty(0, np.int64)
        for monday in self.weeks():
            for polls in self.of_week(monday):
                named = np.union1d(named, polls["entity_id"])
        return named

    def replaced(self, ids: Mapping[int, int]) -> "PollSorter":
        """The same polls with other ids for some entities."""
        those, others = np.array(sorted(ids)), np.array([ids[one] for one in sorted(ids)])
        sorter = PollSorter()
        for monday in self.weeks():
            for polls in self.of_week(monday):
                entity_id = polls["entity_id"].astype(np.int64)
                place = np.minimum(np.searchsorted(those, entity_id), len(those) - 1)
                entity_id = np.where(those[place] == entity_id, others[place], entity_id)
                sorter.add(polls["at"], entity_id, polls["status"])
        return sorter

    def close(self) -> None:
        """Let go of the runs."""
        self._runs = {}
        if self._file is not None:
            self._file.close()

    def _end_run(self, *, in_file: bool) -> None:
        """Sort what was added since the last run."""
        if not self._added:
            return
        polls = np.concatenate(self._added)
        self._added, self._count = [], 0
        weeks = week_of(polls["at"])
        for monday in np.unique(weeks).tolist():
            here = _taken(polls, np.flatnonzero(weeks == monday))
            first, last = int(here["at"].min()), int(here["at"].max())
            earliest, latest = self._spans.get(monday, (first, last))
            self._spans[monday] = (min(first, earliest), max(last, latest))
            self._runs.setdefault(monday, []).append(self._kept(_settled(here, monday), in_file=in_file))

    def _kept(self, polls: Polls, *, in_file: bool) -> _Run:
        if not in_file:
            return _Run(len(polls), polls)
        if self._file is None:
            self._file = TemporaryFile()  # noqa: SIM115 - see close()
        at_byte = self._file.seek(0, 2)
        self._file.write(polls.tobytes())
        return _Run(len(polls), at_byte=at_byte)

    def _read(self, run: _Run, first: int, count: int) -> Polls:
        if run.polls is not None:
            return run.polls[first : first + count]
        assert self._file is not None  # noqa: S101 - such a run is in it
        self._file.seek(run.at_byte + first * POLL.itemsize)
        return np.frombuffer(self._file.read(min(count, run.count - first) * POLL.itemsize), POLL)

    def _merged(self, runs: Sequence[_Run], monday: int) -> Iterator[Polls]:
        """Merge runs: what lies before the end of all that is read of them can be settled."""
        held: list[Polls] = [np.empty(0, POLL) for _ in runs]
        taken = [0] * len(runs)  # polls that were read of each
        wanted = READ_POLLS
        while True:
            for number, run in enumerate(runs):
                if len(held[number]) < wanted and taken[number] < run.count:
                    more = self._read(run, taken[number], wanted)
                    taken[number] += len(more)
                    held[number] = np.concatenate([held[number], more])
            keys = [_keys(polls, monday) for polls in held]
            ends = [key[-1] for key, run, read in zip(keys, runs, taken, strict=True) if read < run.count]
            cuts = [int(np.searchsorted(key, min(ends))) if ends else len(key) for key in keys]
            if any(cuts):
                yield _settled(np.concatenate([polls[:cut] for polls, cut in zip(held, cuts, strict=True)]), monday)
                held = [polls[cut:] for polls, cut in zip(held, cuts, strict=True)]
            elif not ends:
                return
            wanted = READ_POLLS if any(cuts) else 2 * wanted  # so many polls have the same key


def _keys(polls: Polls, monday: int) -> npt.NDArray[np.uint64]:
    """A number that grows with entity and instant, though not with each microsecond: both do not fit into 64 bits."""
    since = (polls["at"] - monday).astype(np.uint64) >> np.uint64(_LOST_BITS)
    return (polls["entity_id"].astype(np.uint64) << np.uint64(_INSTANT_BITS)) | since


def _settled(polls: Polls, monday: int) -> Polls:
    """Polls of a week in order, without those that a later one repeats."""
    keys = _keys(polls, monday)
    order = np.argsort(keys)
    keys = keys[order]
    same = keys[1:] == keys[:-1]
    if not same.any():
        return _taken(polls, order)
    near = np.flatnonzero(np.append(same, False) | np.append(False, same))  # mostly few
    among = order[near]
    among = among[np.lexsort((among, polls["at"][among], keys[near]))]
    order[near] = among
    stays = np.ones(len(polls), bool)
    stays[near] = _are_last(polls[among])
    return _taken(polls, order[stays])


def _taken(polls: Polls, places: npt.NDArray[np.intp]) -> Polls:
    taken: Polls = polls.view(_MOVED)[places].view(POLL)
    return taken


def _are_last(polls: Polls) -> npt.NDArray[np.bool_]:
    """Of polls in order: whether no later one has the same entity, instant and status."""
    begins = np.append(True, ~_same_as_next(polls))
    say = np.cumsum(begins) * 4 + polls["status"]
    last = np.zeros(len(polls), bool)
    last[len(polls) - 1 - np.unique(say[::-1], return_index=True)[1]] = True
    return last


def _same_as_next(polls: Polls) -> npt.NDArray[np.bool_]:
    """Of polls in order, all but the last: whether the next one has the same entity and instant."""
    same: npt.NDArray[np.bool_] = polls["at"][1:] == polls["at"][:-1]
    same &= polls["entity_id"][1:] == polls["entity_id"][:-1]
    return same


def counting(polls: Polls) -> npt.NDArray[np.bool_]:
    """Of polls as ``of_week`` gives them: whether each is the one that counts for its entity and instant."""
    return np.append(~_same_as_next(polls), True)[: len(polls)]
