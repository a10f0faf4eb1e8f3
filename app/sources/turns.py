"""Which lists a sync asks for, so that a sync in which nothing has happened takes few requests.

The list of repositories tells of each when somebody last pushed, when it last changed, and how many issues and pull
requests are open. Where one of these *signs* differs from what it was when a list was last read whole, that list is
read at once. What no sign tells of, such as a comment on an issue, goes in turn: each sync reads as many of those lists
as its allowance has requests for, first those that were not read for longest. Of a small source that is everything.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from app.sources.contract import Repository
from app.sources.cursor_rows import Kept
from app.sources.cursors.place import Place, instant_of, is_settled, seconds
from app.sources.stream import Snapshot, Stream

#: Requests of a sync in which nothing has happened, at least, and for each repository.
QUIET_REQUESTS: Final = 60
QUIET_REQUESTS_PER_REPOSITORY: Final = 1.2

#: After so long a list is read in turn although no sign of a push has come: signs are hints, lists are the truth.
_PUSHED_AGAIN: Final = timedelta(days=7)

#: Runs that have not ended will: their lists age faster.
_OPEN_AGES: Final = 8

#: Requests for a list that was missing: itself, and then its repository.
_MISSING_COST: Final = 2

Key = tuple[str, str]


class Due(Enum):
    """Whether a list is read by a sync."""

    NOT = auto()
    UNMOVED = auto()
    NOW = auto()
    EACH_SYNC = auto()
    IN_TURN = auto()


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list: of a stream, by the key of its scope, and the number of its repository if it has one."""

    stream: Stream
    scope: str
    number: int | None

    @property
    def key(self) -> Key:
        """As the table of cursors has it."""
        return self.stream.stream, self.scope


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a sync reads, and which lists are known to have no news; ``waiting`` are those whose turn comes later."""

    read: frozenset[Key]
    unmoved: frozenset[Key]
    waiting: int


@dataclass(frozen=True, slots=True)
class Turns:
    """What is known when a sync begins to read.

    Attributes:
        began, now: of the sync; see Run.
        told: the repositories that the lists have just told of, by number.
        places: of all lists.
        skipped: those that were found missing lately.
        missing: those that were found missing at all.
        failed: those that the last sync could not read, or not whole.
    """

    began: datetime
    now: datetime
    told: Mapping[int, Repository]
    places: Mapping[Key, Kept]
    skipped: Collection[Key]
    missing: Collection[Key]
    failed: Collection[Key]

    def choose(self, lists: Iterable[ListOf], *, requests: int, repositories: int) -> Chosen:
        """The lists that this sync reads, after so many requests that found so many repositories."""
        by_due: dict[Due, list[ListOf]] = {due: [] for due in Due}
        for one in lists:
            by_due[self.due(one)].append(one)
        each_sync, in_turn = by_due[Due.EACH_SYNC], by_due[Due.IN_TURN]
        most = max(QUIET_REQUESTS, QUIET_REQUESTS_PER_REPOSITORY * repositories)
        left = most - requests - len(each_sync)
        taken: list[ListOf] = []
        for one in sorted(in_turn, key=lambda one: (-self._age(one), one.key)):
            # One is always taken: a list that costs more than a sync may take would never be read.
            if taken and self._cost(one) > left:
                break
            taken.append(one)
            left -= self._cost(one)
        return Chosen(
            frozenset(one.key for one in (*by_due[Due.NOW], *each_sync, *taken)),
            frozenset(one.key for one in by_due[Due.UNMOVED]),
            len(in_turn) - len(taken),
        )

    def due(self, one: ListOf) -> Due:  # noqa: PLR0911 - a table of reasons, the first of which counts
        """When a list is read, and why."""
        if one.key in self.skipped:
            return Due.NOT
        if one.key in self.missing:
            return Due.IN_TURN
        before = self.places.get(one.key)
        if before is None or before.place.watermark is None or before.place.under_way is not None:
            return Due.NOW
        if before.updated_at >= self.began or self.now - before.updated_at < timedelta(
            minutes=one.stream.every_minutes
        ):
            return Due.NOT
        if one.key in self.failed:
            return Due.NOW
        cursor, at = one.stream.cursor, instant_of(before.place.position.get("at"))
        if isinstance(cursor, Snapshot) and at is not None and self.now - at < timedelta(hours=cursor.every_hours):
            return Due.NOT
        sign = sign_of(one.stream, self.told.get(-1 if one.number is None else one.number))
        if sign is not None and before.place.position.get("sign") != sign:
            return Due.NOW
        if not (one.stream.in_turn or one.stream.pushed):
            return Due.EACH_SYNC
        if one.stream.pushed and sign is not None and self.now - before.updated_at < _PUSHED_AGAIN:
            return Due.UNMOVED
        return Due.IN_TURN

    def _age(self, one: ListOf) -> float:
        """How long ago it was read, seconds."""
        before = self.places.get(one.key)
        if before is None:
            return float("inf")
        is_open = bool(before.place.position.get("open"))
        return (self.now - before.updated_at).total_seconds() * (_OPEN_AGES if is_open else 1)

    def _cost(self, one: ListOf) -> int:
        """Requests that it takes if nothing has changed."""
        if one.key in self.missing:
            return _MISSING_COST
        cursor, before = one.stream.cursor, self.places.get(one.key)
        if before is None or not isinstance(cursor, Snapshot) or cursor.etag:
            return 1
        return 1 + len(one.stream.children) * int(before.place.position.get("items", 0))


def sign_of(stream: Stream, told: Repository | None) -> str | None:
    """What would be otherwise if something had happened; None: nobody knows, or the stream goes by no sign."""
    if told is None or told.pushed_at is None:
        return None
    if stream.pushed:
        return f"{seconds(told.pushed_at)} {told.default_branch}"
    if not stream.in_turn or told.updated_at is None:
        return None
    return f"{seconds(told.pushed_at)} {seconds(told.updated_at)} {told.open_items}"


def with_sign(place: Place, stream: Stream, told: Repository | None) -> Place:
    """The place of a pass that is complete, with the sign that it stands for.

    Another thing may happen in the second of the last one, and copies of the API lag behind: until that is over there
    is none, so that the next sync reads the list again.
    """
    sign = sign_of(stream, told)
    position = {name: value for name, value in place.position.items() if name != "sign"}
    if sign is not None and told is not None and place.watermark is not None:
        moments = (told.pushed_at,) if stream.pushed else (told.pushed_at, told.updated_at)
        if all(moment is None or is_settled(seconds(moment), place.watermark) for moment in moments):
            position["sign"] = sign
    return Place(position, None, place.watermark)
