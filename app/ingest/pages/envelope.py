"""What is kept of one answer of an API: two lines of JSON, of which the second is the body, as it came.

A *page* of a list stands behind the pages of its children, and closes them: what has no page of a list behind it
belongs to nothing, and was being read when somebody died. An object of the raw layer holds such lines, packed by gzip.
Most hold one page of a list with its children; many children go on in the next object.
"""

import gzip
import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import from_json


@dataclass(frozen=True, slots=True)
class Envelope:
    """One answer.

    Attributes:
        stream: whose.
        scope: a repository's number as text, or empty.
        request: ``path`` and ``params``.
        status, headers, body: of the answer; headers that matter only.
        at: when, by the clock of the API, ISO 8601.
        items: JMESPath that finds the list in the body.
        child: name of the child; None: the list itself.
        of: key of the item that the child belongs to.
        taken: of a list, the keys of those items that become records now.
        is_gone: they are those that are not there any more.
        repo: ``id``, ``name``, ``default_branch`` of the repository, as it was then; None without one.
        owner: whom a list without a repository was asked of.
    """

    stream: str
    scope: str
    request: Mapping[str, Any]
    status: int
    headers: Mapping[str, str]
    body: Any
    at: str
    items: str = "@"
    child: str | None = None
    of: str | None = None
    taken: Sequence[str] = ()
    is_gone: bool = False
    repo: Mapping[str, Any] | None = None
    owner: str | None = None


_FIELDS: Final = tuple(name for name in Envelope.__dataclass_fields__ if name != "body")


def packed(envelopes: Iterable[Envelope]) -> bytes:
    """An object of the raw layer: the same for the same envelopes."""
    parts = (part for one in envelopes for part in ({name: getattr(one, name) for name in _FIELDS}, one.body))
    lines = "".join(f"{json.dumps(part, separators=(',', ':'))}\n" for part in parts)
    return gzip.compress(lines.encode(), compresslevel=3, mtime=0)


def unpacked(lines: bytes, *, without: Container[str | None] = ()) -> Iterator[Envelope]:
    """The envelopes of an object's lines, except those of these children: their bodies are not even parsed."""
    each = iter(lines.split(b"\n"))
    for line in each:
        if line:
            about, body = json.loads(line), next(each)
            if about["child"] not in without:
                yield Envelope(**about, body=from_json(body))
