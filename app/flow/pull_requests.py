"""Pull requests as arrays."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.timeline import MISSING, Micros


@dataclass(frozen=True, slots=True)
class Details:
    """What only some sources tell of pull requests.

    Attributes:
        is_draft: bool[n], the source says that it is a draft.
        draft_seconds: float64[n], how long it was a draft in all, NaN where the source does not say.
        is_bot: bool[n], the source says that a bot wrote it.
        lines: int64[n], lines added and deleted, -1 where the source does not say.
        changes_requested_at: int64[n] microseconds, the last review that asked for changes; MISSING without one.
    """

    is_draft: npt.NDArray[np.bool_]
    draft_seconds: npt.NDArray[np.float64]
    is_bot: npt.NDArray[np.bool_]
    lines: npt.NDArray[np.int64]
    changes_requested_at: Micros

    @classmethod
    def unknown(cls, rows: int) -> "Details":
        """Nothing is told of so many pull requests."""
        return cls(
            np.zeros(rows, bool),
            np.full(rows, np.nan),
            np.zeros(rows, bool),
            np.full(rows, -1),
            np.full(rows, MISSING),
        )

    def of_rows(self, rows: npt.NDArray[np.integer]) -> "Details":
        """The same of some pull requests."""
        return Details(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class PullRequests:
    """Pull requests, one row each.

    Attributes:
        repo_id: int64[n], entities of kind repository.
        number: int64[n].
        team_id: int64[n], entities of kind team; 0 without one.
        author: text[n], empty without one.
        instants: int64[n] microseconds by each name of INSTANTS; MISSING where there is none.
        details: what only some sources tell.
    """

    repo_id: npt.NDArray[np.int64]
    number: npt.NDArray[np.int64]
    team_id: npt.NDArray[np.int64]
    author: npt.NDArray[np.object_]
    instants: Mapping[str, Micros]
    details: Details = field(default_factory=lambda: Details.unknown(0))

    def __len__(self) -> int:
        return len(self.number)

    def of_rows(self, rows: npt.NDArray[np.integer]) -> "PullRequests":
        """The same of some pull requests."""
        return PullRequests(
            self.repo_id[rows],
            self.number[rows],
            self.team_id[rows],
            self.author[rows],
            {name: values[rows] for name, values in self.instants.items()},
            self.details.of_rows(rows),
        )


def as_they_stood(pulls: PullRequests, as_of: int) -> PullRequests:
    """Pull requests of which only ``ready_at`` may be later than ``as_of``, microseconds: those were drafts then.

    An empty ``ready_at`` of what the source calls a draft says the same.
    """
    ready = pulls.instants["ready_at"]
    is_draft = (ready > as_of) | (pulls.details.is_draft & (ready == MISSING))
    instants = {**pulls.instants, "ready_at": np.where(ready > as_of, MISSING, ready)}
    return replace(pulls, instants=instants, details=replace(pulls.details, is_draft=is_draft))


def by_bots(pulls: PullRequests, logins: Collection[str] = ()) -> npt.NDArray[np.bool_]:
    """Which pull requests were written by bots: as the source says, by the form of the login, or by a list of logins.

    GitHub's API writes the login of an app as ``name[bot]``, its command line as ``app/name``, and no login of a person
    has a bracket or a slash.
    """
    names, number = authors(pulls)
    named = [one.endswith("[bot]") or one.startswith("app/") or one in logins for one in names]
    found: npt.NDArray[np.bool_] = pulls.details.is_bot | np.array(named, bool)[number]
    return found


def authors(pulls: PullRequests) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Names of all authors, sorted, "" for an unknown one among them, and the number of each row's among them."""
    encoded = pa.array(pulls.author, pa.string()).dictionary_encode()
    names: list[str] = encoded.dictionary.to_pylist()
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), np.int64)
    place[order] = np.arange(len(names))
    return [names[one] for one in order], place[encoded.indices.to_numpy()]
