"""Pages to records: each item of a list with its children, or the elements of a list within it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from app.ingest.pages.envelope import Envelope
from app.ingest.pages.plan import PagePlan
from app.mapping.expressions import evaluated, text_of
from app.mapping.records import Place, Records
from app.mapping.unmappable import Unmappable

#: Rows that are given at a time, and characters: they are texts by then, and a file may be one of them.
_BATCH: Final = 10_000
_BATCH_CHARACTERS: Final = 8 << 20

#: Of repositories, ``id``, ``name`` and ``default_branch`` by number.
Repositories = Mapping[int, Mapping[str, Any]]

_Pages = Mapping[tuple[str, str], Sequence[Envelope]]


def record_blocks(
    envelopes: Iterable[Envelope], plan: PagePlan, repositories: Repositories, places: Sequence[Place]
) -> Iterator[Records]:
    """What expressions find in the rows of pages, as texts; rows are numbered from 1.

    One page of a list with its children is held at a time.

    Args:
        envelopes: in the order in which they were read.
        plan: of their stream.
        repositories: as they are called today; one that is not there is called as it was then.
        places: the expressions.
    """
    texts: dict[Place, list[str]] = {place: [] for place in places}
    first, number, characters = 1, 0, 0
    for number, row in enumerate(rows(envelopes, plan, repositories), 1):
        for place, found in texts.items():
            found.append(_text(place, row))
            characters += len(found[-1])
        if number - first + 1 == _BATCH or characters >= _BATCH_CHARACTERS:
            yield _block(texts, first, number)
            texts, first, characters = {place: [] for place in places}, number + 1, 0
    if number >= first:
        yield _block(texts, first, number)


def rows(envelopes: Iterable[Envelope], plan: PagePlan, repositories: Repositories) -> Iterator[Mapping[str, Any]]:
    """The rows of pages, as their expressions see them."""
    for record in _records(envelopes, plan, repositories):
        if plan.keep is None or _finds(plan.keep, record):
            for row in _elements(plan, record):
                if plan.keep_rows is None or _finds(plan.keep_rows, row):
                    yield row


def _records(envelopes: Iterable[Envelope], plan: PagePlan, repositories: Repositories) -> Iterator[dict[str, Any]]:
    children: dict[tuple[str, str], list[Envelope]] = defaultdict(list)
    for one in envelopes:
        if one.child is not None:
            children[one.child, one.of or ""].append(one)
            continue
        taken = set(one.taken)
        about = {"_repo": _repository(one, repositories), "_owner": one.owner, "_gone": one.is_gone, "_at": one.at}
        for item in evaluated(one.items, one.body) or ():
            key = text_of(evaluated(plan.key, item))
            if key in taken:
                yield {**item, **_children(plan, key, children), **about}
        children.clear()


def _children(plan: PagePlan, key: str, pages: _Pages) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in plan.children:
        mine = pages.get((child.name, key), ())
        if child.single:
            found[child.name] = mine[-1].body if mine else None
        else:
            found[child.name] = [item for page in mine for item in evaluated(page.items, page.body) or ()]
    return found


def _elements(plan: PagePlan, record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if plan.each is None:
        yield record
        return
    names = {child.name for child in plan.children}
    about = {name: record[name] for name in ("_repo", "_owner", "_gone", "_at")}
    about["_item"] = {name: value for name, value in record.items() if name not in names}
    for element in evaluated(plan.each, record) or ():
        yield {**(element if isinstance(element, dict) else {"value": element}), **about}


def _repository(one: Envelope, repositories: Repositories) -> Mapping[str, Any] | None:
    return None if one.repo is None else repositories.get(int(one.repo["id"]), one.repo)


def _finds(expression: str, row: Any) -> bool:
    """Whether an expression finds something true, as JMESPath has it: empty lists, objects and texts are not."""
    found = evaluated(expression, row)
    return found is not None and found is not False and found not in ("", [], {})


def _text(place: Place, row: Any) -> str:
    try:
        return text_of(evaluated(str(place), row))
    except Unmappable:
        return ""  # as in a file of JSON: columns that need a text tell so


def _block(texts: Mapping[Place, list[str]], first: int, last: int) -> Records:
    return Records({place: pa.array(found, pa.string()) for place, found in texts.items()}, np.arange(first, last + 1))
