"""Asks a client for the pages of a stream of one scope, and for those of the children of an item."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from app.errors import SourceIncomplete
from app.ingest.pages.envelope import Envelope
from app.mapping.expressions import evaluated, text_of
from app.sources.contract import Absence, Answer, Client, Missing, Params
from app.sources.cursors.place import Item, ListPage, is_settled, seconds
from app.sources.cursors.registry import last_change
from app.sources.stream import PLACE, Child, Stream

#: Pauses before a page that was announced, and came empty, is asked for again, seconds.
EMPTY_PAUSES: Final = (1.0, 5.0)

#: Headers that are kept with a page.
_HEADERS: Final = ("date", "etag", "link", "x-ratelimit-remaining", "x-ratelimit-reset", "x-github-request-id")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a stream is read of: a repository, all that an owner has, or a project.

    Attributes:
        repo: ``id``, ``name``, ``default_branch``.
        owner: whom, or which project, it is asked of.
    """

    repo: Mapping[str, Any] | None = None
    owner: str | None = None

    @property
    def key(self) -> str:
        """As the table of cursors has it."""
        return (self.owner or "") if self.repo is None else str(self.repo["id"])


class Reader:
    """Asks for pages; see Ask.

    Attributes:
        at: when it was last answered, by the clock of the API; None: not yet.
    """

    def __init__(
        self, client: Client, stream: Stream, scope: Scope, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.at: datetime | None = None
        self._client = client
        self._stream = stream
        self._scope = scope
        self._sleep = sleep
        self._last: dict[str, int] = {}

    def __call__(
        self,
        params: Params,
        *,
        path: str | None = None,
        items: str | None = None,
        etag: Mapping[str, Any] | None = None,
        announced: bool = False,
    ) -> ListPage:
        request = self._stream.request
        known = etag["etag"] if etag is not None and etag["token"] == self._client.token_hash else None
        try:
            return self._page(
                self._filled(path or request.path), params, items or request.items, etag=known, announced=announced
            )
        except Missing as missing:
            if path is not None or request.absent != "empty" or missing.absence is not Absence.GONE:
                raise
            return ListPage((), self.at or datetime.now(UTC))

    def kept_etag(self, page: ListPage) -> Mapping[str, Any] | None:
        """An ETag holds for the token that it was given to."""
        return None if page.etag is None else {"etag": page.etag, "token": self._client.token_hash}

    def children(self, item: Item) -> tuple[list[Envelope], int]:
        """All pages of the children of an item, and their bytes; a child that the API does not know has none."""
        key, pages, size_bytes = text_of(evaluated(self._stream.key, item)), [], 0
        is_new = not is_settled(last_change(self._stream, item), self.at or datetime.now(UTC))
        for child in self._stream.children:
            if child.when is None or evaluated(child.when, item):
                for each in [None] if child.for_ is None else evaluated(child.for_, item) or ():
                    path = self._filled(child.path, item, each)
                    for page in self._pages_of(child, path, is_new=is_new):
                        pages.append(self.envelope(page, child=child.name, of=key))
                        size_bytes += page.answer.size_bytes if page.answer else 0
        return pages, size_bytes

    def envelope(self, page: ListPage, **others: Any) -> Envelope:
        """What is kept of a page."""
        answer = page.answer
        assert answer is not None  # noqa: S101 - only pages that were answered are kept
        return Envelope(
            stream=self._stream.stream,
            scope=self._scope.key,
            request={"path": answer.path, "params": dict(answer.params)},
            status=answer.status,
            headers={name: answer.headers[name] for name in _HEADERS if name in answer.headers},
            body=answer.body,
            at=seconds(answer.at),
            items=page.found_by,
            repo=self._scope.repo,
            owner=self._scope.owner,
            **others,
        )

    def _pages_of(self, child: Child, path: str, *, is_new: bool) -> Iterator[ListPage]:
        params: Params | None = child.params
        while params is not None:
            page = self._child_page(child, path, params, is_new=is_new)
            if page is None:
                return
            yield page
            params = None if child.single else page.next

    def _child_page(self, child: Child, path: str, params: Params, *, is_new: bool) -> ListPage | None:
        """A page of a child; None: the API does not know it.

        Of an item that has just changed, some copy of the API may know nothing yet: it is asked again.
        """
        announced = params is not child.params
        for pause in (*(EMPTY_PAUSES if is_new or announced else ()), None):
            try:
                if child.single:
                    return self._single(path, params)
                return self._page(path, params, child.items, announced=announced)
            except Missing as missing:
                if missing.absence in {Absence.FORBIDDEN, Absence.BLOCKED}:
                    raise
                if pause is not None:
                    self._sleep(pause)
        if announced:
            raise SourceIncomplete(
                f"{path} has announced a page that the API does not know. The next sync reads it again."
            )
        return None

    def _page(
        self, path: str, params: Params, items: str, *, etag: str | None = None, announced: bool = False
    ) -> ListPage:
        """A page of a list that is what was announced, however often it has to be asked for."""
        for pause in (*EMPTY_PAUSES, None):
            answer = self._asked(path, params, etag=etag)
            if answer.status == 304:
                return ListPage((), answer.at, is_unchanged=True, answer=answer)
            found = evaluated(items, answer.body)
            is_list = isinstance(found, list) or answer.status == 204
            found = found if isinstance(found, list) else []
            if is_list and not (announced and not found) and not self._ends_early(path, params, answer):
                break
            if pause is None:
                how = "without the next one" if found else "empty" if is_list else "without a list"
                raise SourceIncomplete(
                    f"{path} must have more: its page {params.get('page', 1)} came {how}, {len(EMPTY_PAUSES) + 1} "
                    "times. The next sync reads it again."
                )
            self._sleep(pause)
        return ListPage(
            found,
            answer.at,
            next=answer.next,
            etag=answer.etag,
            body=answer.body,
            answer=answer,
            found_by=items,
        )

    def _single(self, path: str, params: Params) -> ListPage:
        """A body that is one object, as a page without items."""
        answer = self._asked(path, params)
        return ListPage((), answer.at, etag=answer.etag, body=answer.body, answer=answer)

    def _asked(self, path: str, params: Params, *, etag: str | None = None) -> Answer:
        answer = self._client.get(path, params, etag=etag)
        self.at = answer.at
        return answer

    def _ends_early(self, path: str, params: Params, answer: Answer) -> bool:
        """Whether this is said to be the last page, although an earlier one has announced more."""
        number = int(params.get("page", 1))
        if number == 1:
            self._last.pop(path, None)
        if answer.last is not None:
            self._last[path] = answer.last
        return answer.next is None and number < self._last.get(path, 0)

    def _filled(self, path: str, item: Item = None, each: Any = None) -> str:
        owner = self._scope.owner or ""
        known = {"repo_id": self._scope.key, "owner": owner, "project": owner, "each": text_of(each)}

        def found(place: Any) -> str:
            name = place[1]
            return quote(known[name] if name in known else text_of(evaluated(name, item)), safe="/")

        return PLACE.sub(found, path)
