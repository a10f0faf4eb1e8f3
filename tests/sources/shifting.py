"""A list that changes while it is read: the slow twin of an API for the cursors, with a clock of whole seconds."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from app.errors import SourceIncomplete
from app.sources.contract import Absence, Missing, Params
from app.sources.cursors.place import ListPage, Place, seconds
from app.sources.cursors.registry import next_step
from app.sources.stream import Stream

START = datetime(2026, 3, 2, 9, tzinfo=UTC)

#: Items of a page.
PER_PAGE = 5


class ShiftingList:
    """Items by key, each with ``rev``: how often it has changed. Before each request up to three things happen."""

    def __init__(self, random: Random, *, stays: bool, most_events: int = 3) -> None:
        self.random = random
        self.now = START
        self.items: dict[int, dict[str, Any]] = {}
        self.requests = 0
        self.is_quiet = False
        self._stays = stays
        self._most = most_events
        for _ in range(random.randrange(30)):
            self.now += timedelta(seconds=random.choice([0, 0, 0, 0, 1]))
            self._create()

    def pass_time(self) -> None:
        """Something happens, or nothing, in the same second or later."""
        if not self.is_quiet:
            for _ in range(self.random.randrange(self._most + 1)):
                self.now += timedelta(seconds=self.random.choice([0, 0, 1, 40, 90, 4000]))
                self._happen()

    def _happen(self) -> None:
        what = self.random.random()
        if what < 0.3 or not self.items:
            self._create()
        elif what < 0.35 and not self._stays:
            del self.items[self.random.choice(list(self.items))]
        else:
            item = self.random.choice(list(self.items.values()))
            item |= {"rev": item["rev"] + 1, "updated_at": seconds(self.now)}
            item["status"] = self.random.choice(["completed", "completed", "queued"])

    def _create(self) -> None:
        key, at = max(self.items, default=0) + 1, seconds(self.now)
        self.items[key] = {"id": key, "rev": 0, "created_at": at, "updated_at": at, "status": "queued"}

    # What the cursors ask.

    def __call__(
        self,
        params: Params,
        *,
        etag: Mapping[str, Any] | None = None,
        announced: bool = False,
    ) -> ListPage:
        self.pass_time()
        self.requests += 1
        found = self.listed(params)
        page = int(params.get("page", 1))
        shown = [dict(item) for item in found[(page - 1) * PER_PAGE : page * PER_PAGE]]
        if announced and not shown:
            raise SourceIncomplete("What was announced has left the list.")
        body = {"total_count": len(found)}
        following = {**params, "page": page + 1} if page * PER_PAGE < len(found) else None
        mark = hashlib.sha256(json.dumps([params, shown, following], default=str).encode()).hexdigest()
        if etag is not None and etag["etag"] == mark:
            return ListPage((), self.now, is_unchanged=True)
        return ListPage(shown, self.now, following, etag=mark, body=body)

    def kept_etag(self, page: ListPage) -> Mapping[str, Any] | None:
        return {"etag": page.etag}

    def listed(self, params: Params) -> Sequence[Mapping[str, Any]]:
        """All items that the parameters ask for, in their order."""
        found = list(self.items.values())
        if "since" in params:
            found = [item for item in found if item["updated_at"] >= params["since"]]
        if "created" in params:
            first, last = str(params["created"]).split("..")
            found = [item for item in found if first <= item["created_at"] <= last]
        by = "updated_at" if params.get("sort") == "updated" else "created_at"
        return sorted(found, key=lambda item: (item[by], item["id"]), reverse=params.get("direction") != "asc")


class Reading:
    """What somebody knows who reads such a list by its stream."""

    def __init__(self, stream: Stream, model: Any, random: Random) -> None:
        self.stream = stream
        self.model = model
        self.random = random
        self.place = Place()
        self.known: dict[Any, Any] = {}

    def sync(self, *, is_cut: bool) -> None:
        """Go on until the pass is complete; if cut, stop anywhere and perhaps forget the last steps, as a kill does."""
        kept = (self.place, dict(self.known))
        for step in self._steps():
            if step is None:  # as a sync does: the pass begins anew next time
                self.place = Place(self.place.position, None, self.place.watermark)
                return
            if is_cut and self.random.random() < 0.1:
                break
            if self.random.random() < 0.5:
                kept = (self.place, dict(self.known))
            if step.is_complete:
                return
        if self.random.random() < 0.5:
            self.place, self.known = kept

    def _steps(self) -> Iterator[Any]:
        while True:
            try:
                step = next_step(self.stream, self.place, self.model, self.model.now)
            except SourceIncomplete:
                yield None
                return
            self.place = _as_stored(step.place)
            for item in step.taken:
                if step.are_gone:
                    self.known.pop(item[self.stream.key], None)
                else:
                    self.known[item[self.stream.key]] = item.get("rev")
            yield step


def lived_through(
    stream: Stream,
    random: Random,
    model: Any,
    *,
    between: Callable[[], None] = lambda: None,
    syncs: int = 6,
) -> Reading:
    """Syncs while the list changes, then two quiet ones a while later."""
    reading = Reading(stream, model, random)
    for _ in range(syncs):
        reading.sync(is_cut=random.random() < 0.5)
        between()
    model.is_quiet = True
    for _ in range(2):
        model.now += timedelta(minutes=2)
        reading.sync(is_cut=False)
    return reading


def _as_stored(place: Place) -> Place:
    """As Postgres gives it back: JSON."""
    under_way = None if place.under_way is None else json.loads(json.dumps(place.under_way))
    return Place(json.loads(json.dumps(place.position)), under_way, place.watermark)


class Branch:
    """The commits of a branch that is pushed to and force-pushed while it is read; unknown heads are forgotten."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = START
        self.is_quiet = False
        self.parents: dict[str, list[str]] = {}
        self.head: str | None = None
        for _ in range(random.randrange(12)):
            self._commit()

    def _commit(self) -> None:
        sha = f"c{len(self.parents)}"
        side = self.random.choice(list(self.parents)) if self.parents and self.random.random() < 0.2 else None
        self.parents[sha] = [one for one in (self.head, side) if one is not None]
        self.head = sha

    def reached(self, sha: str | None) -> list[str]:
        """All that a commit reaches, newest first."""
        found, todo = set(), [sha] if sha is not None else []
        while todo:
            if (one := todo.pop()) not in found:
                found.add(one)
                todo += self.parents[one]
        return sorted(found, key=lambda one: -int(one[1:]))

    def pass_time(self) -> None:
        if self.is_quiet:
            return
        for _ in range(self.random.randrange(3)):
            self.now += timedelta(seconds=self.random.choice([0, 1, 100]))
            what = self.random.random()
            if what < 0.15 and self.head is not None:
                self.head = self.random.choice(self.reached(self.head))
                self._commit()
            elif what < 0.2:
                self.head = None  # an orphan, without anything in common
                self._commit()
            elif what < 0.25 and self.head is not None:
                self.head = self.random.choice(self.reached(self.head))
            else:
                self._commit()

    def __call__(
        self,
        params: Params,
        *,
        path: str | None = None,
        etag: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> ListPage:
        self.pass_time()
        page, body = int(params.get("page", 1)), {}
        if path is None:
            found = self.reached(str(params["sha"]) if "sha" in params else self.head)
        else:
            base, head = path.rpartition("/")[2].split("...")
            ours, theirs = self.reached(head), self.reached(base)
            if not set(ours) & set(theirs):
                raise Missing(f"No common ancestor between {base} and {head}", Absence.GONE)
            found = [sha for sha in reversed(ours) if sha not in theirs]
            behind = set(theirs) - set(ours)
            status = ("diverged" if found else "behind") if behind else ("ahead" if found else "identical")
            body = {"total_commits": len(found), "status": status}
        shown = [{"sha": sha} for sha in found[(page - 1) * PER_PAGE : page * PER_PAGE]]
        following = {**params, "page": page + 1} if page * PER_PAGE < len(found) else None
        if etag is not None and etag["etag"] == [one["sha"] for one in shown]:
            return ListPage((), self.now, is_unchanged=True)
        return ListPage(shown, self.now, following, etag=[one["sha"] for one in shown], body=body)  # type: ignore[arg-type]

    def kept_etag(self, page: ListPage) -> Mapping[str, Any] | None:
        return {"etag": page.etag}
