"""One pass, or a part of one, of a stream over one scope: pages into the raw layer, and a place that goes on."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from app.mapping.expressions import evaluated, text_of
from app.sources.contract import Client
from app.sources.cursors.place import Item, Place, Step, is_settled
from app.sources.cursors.registry import last_change, next_step
from app.sources.raw import RawPages
from app.sources.reading import Reader
from app.sources.stream import Stream


@dataclass(slots=True)
class Bounds:
    """What one sync may take; then the next one goes on.

    Attributes:
        client: whose requests count.
        requests, records: at most so many.
        until: by the monotonic clock, seconds.
        taken: records so far.
    """

    client: Client
    requests: int
    records: int
    until: float
    taken: int = 0

    @property
    def are_reached(self) -> bool:
        """Whether it is time for the next sync."""
        return self.client.requests >= self.requests or self.taken >= self.records or monotonic() >= self.until


@dataclass(slots=True)
class ScopePass:
    """Reads until the pass is complete or the bounds are reached; its place is always one that may be kept.

    Attributes:
        place: how far it is; what it says is read is in the raw layer.
        is_complete: nothing is left to be read.
        dataset_id: of what is read now.
        anew: the dataset with which the pass began to read everything from nothing, because nobody can say what has
            gone of what was read before; None: it does not.
        missing, revised: see Step; of the last step that has said so.
    """

    stream: Stream
    reader: Reader
    raw: RawPages
    bounds: Bounds
    place: Place
    dataset_id: str = ""
    is_complete: bool = False
    anew: str | None = None
    missing: str | None = None
    revised: str | None = None
    _done: dict[str, Any] = field(default_factory=dict)

    def run(self) -> None:
        """Go on with the pass.

        Raises:
            Missing, MustWait, TokenRefused, SourceUnavailable, SourceIncomplete: ``place`` is where it got to.
        """
        while not self.is_complete and not self.bounds.are_reached:
            under_way = dict(self.place.under_way or {})
            # Those items of the page to come whose children were read before the bounds were reached.
            self._done = under_way.pop("done", {})
            self.anew = under_way.pop("anew", None)
            place = Place(self.place.position, under_way or None, self.place.watermark)
            step = next_step(self.stream, place, self.reader, self.reader.at or datetime.now(UTC))
            if not self._keep(step):
                return
            self.anew = self.dataset_id if step.is_history_lost else self.anew
            self.place, self.is_complete = self._noted(step.place), step.is_complete
            self.missing, self.revised = step.missing or self.missing, step.revised or self.revised

    def _noted(self, place: Place) -> Place:
        """A place with what the rest of its pass has to know."""
        if place.under_way is None or self.anew is None:
            return place
        return Place(place.position, {**place.under_way, "anew": self.anew}, place.watermark)

    def _keep(self, step: Step) -> bool:
        """Write what a step has read; False: not all of it could be read, and ``place`` says what was."""
        taken: list[str] = []
        try:
            for item in step.taken:
                key = self._key(item)
                change = last_change(self.stream, item)
                if self._done.get(key) == change:
                    continue
                if self.stream.children and self.bounds.are_reached:
                    break
                self._read_children(item)
                taken.append(key)
                self.bounds.taken += 1
                if step.page is not None and is_settled(change, step.page.at):
                    self._done[key] = change
            else:
                self._close(step, taken)
                return True
        except BaseException:
            self._part(step, taken)
            raise
        self._part(step, taken)
        return False

    def _part(self, step: Step, taken: list[str]) -> None:
        """Keep a part of a page: the same request is made again, and goes on behind these items."""
        if not taken:
            self.raw.drop()
            return
        self._close(step, taken)
        if self._done:
            under_way = {**(self.place.under_way or {}), "done": self._done}
            self.place = Place(self.place.position, under_way, self.place.watermark)

    def _close(self, step: Step, taken: list[str]) -> None:
        if taken and step.page is not None:
            self.raw.close(self.reader.envelope(step.page, taken=taken, is_gone=step.are_gone))

    def _read_children(self, item: Item) -> None:
        if self.stream.children:
            self.raw.add(*self.reader.children(item))

    def _key(self, item: Item) -> str:
        return text_of(evaluated(self.stream.key, item))
