"""What goes over HTTP, before it is bytes: a request, an answer, and lists in pages."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

#: What urls inside bodies begin with, whatever the address of the fake: nobody should follow those.
API = "https://api.github.com"


def instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(text: str) -> datetime:
    """An instant as the API takes it: a date alone is its midnight in UTC."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


@dataclass(frozen=True, slots=True)
class Request:
    """A request: `address` is what links begin with, `login` whose token it bears."""

    method: str
    path: str
    params: dict[str, str]
    address: str
    login: str | None = None
    token: str | None = None
    most_per_page: int = 100

    @property
    def per_page(self) -> int:
        return min(max(self.number("per_page", 30), 1), self.most_per_page)

    def number(self, name: str, default: int) -> int:
        text = self.params.get(name, "")
        return int(text) if text.isdecimal() else default


@dataclass(slots=True)
class Answer:
    """An answer; `body` is JSON, or bytes that are sent as they are."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def refusal(status: int, message: str, **headers: str) -> Answer:
    body = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    return Answer(body, status, {name.replace("_", "-"): text for name, text in headers.items()})


def _link(request: Request, rel: str, **params: object) -> str:
    query = urlencode({**request.params, **{name: str(value) for name, value in params.items()}})
    return f'<{request.address}{request.path}?{query}>; rel="{rel}"'


def page_of(
    request: Request,
    items: Sequence[Any],
    shape: Callable[[Any], Any],
    *,
    under: str | None = None,
    cap: int | None = None,
    with_last: bool = True,
) -> Answer:
    """One page by number, with links.

    Args:
        request: its `page` and `per_page` (30 unless told, within the limit of the fake) count.
        items: the whole list as it is now.
        shape: makes JSON of an item.
        under: the name of the list in an object that also has `total_count`; None: the list itself.
        cap: what lies beyond so many items is not shown, though counted.
        with_last: whether the links tell the last page.
    """
    size = request.per_page
    number = max(request.number("page", 1), 1)
    shown = items if cap is None else items[:cap]
    last = max(-(-len(shown) // size), 1)
    links = []
    if number > 1:
        links.append(_link(request, "prev", page=number - 1))
    if number < last:
        links.append(_link(request, "next", page=number + 1))
        links += [_link(request, "last", page=last)] if with_last else []
    if number > 1:
        links.append(_link(request, "first", page=1))
    body: Any = [shape(one) for one in shown[(number - 1) * size : number * size]]
    if under is not None:
        body = {"total_count": len(items), under: body}
    return Answer(body, headers={"link": ", ".join(links)} if links else {})


def page_after(
    request: Request, items: Sequence[Any], shape: Callable[[Any], Any], *, key: Callable[[Any], str]
) -> Answer:
    """One page by cursor: `after` is the key of the item that the page begins behind, in the list as it is now.

    `items` are in the order of their keys, ascending or descending.
    """
    size = request.per_page
    rest = list(items)
    if after := request.params.get("after"):
        mark = base64.urlsafe_b64decode(after).decode()
        descending = len(items) > 1 and key(items[0]) > key(items[-1])
        rest = [one for one in items if (key(one) < mark if descending else key(one) > mark)]
    body = [shape(one) for one in rest[:size]]
    headers = {}
    if len(rest) > size:
        mark = base64.urlsafe_b64encode(key(rest[size - 1]).encode()).decode()
        headers["link"] = _link(request, "next", after=mark)
    return Answer(body, headers=headers)
