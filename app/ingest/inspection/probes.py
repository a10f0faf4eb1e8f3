"""Several probes of one monitor in one file: rows of which one says up and another one down at the same time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import REMARKS, inner, tells_store
from app.ingest.inspection.questions import Questions
from app.mapping.document import template_places

#: Columns that say from where a monitor was looked at, or how.
_PROBES: Final = frozenset(
    (
        *("location", "locationname", "region", "regionname", "probe", "probeid", "probename", "probecity"),
        *("datacenter", "datacentre", "agent", "agentname", "checkpoint", "checkedfrom", "vantagepoint", "worker"),
        *("poller", "country", "city", "source", "standort", "protocol", "method", "checktype", "monitortype"),
        *("service", "servicename", "check", "checkname", "item", "sensor", "type", "group", "component", "port"),
    )
)

#: Ways to look at a store, in small letters: a column of types with one of them has types of checks, not of events.
_WAYS: Final = frozenset(
    ("http", "https", "ping", "icmp", "tcp", "udp", "dns", "ssl", "tls", "smtp", "imap", "ssh", "keyword", "port")
)

#: So many changes of the status that another probe explains are no chance.
_FEWEST_CHANGES: Final = 3


@dataclass(frozen=True, slots=True)
class _Poll:
    """A row: its store, instant and status as they are written, and its number."""

    store: str
    instant: str
    status: str
    row: int


def several_probes(layout: Layout, guesses: Sequence[Guess], columns: Mapping[str, Any]) -> Questions:
    """The question of a column that tells rows of one store and instant apart, or that alternates with the status."""
    read = [texts_by(layout, columns.get(name, {})) for name in ("store_id", "timestamp_utc", "status")]
    store, instants, statuses = read
    if store is None or instants is None or statuses is None:
        return []
    polls = [
        _Poll(*texts, row) for row, texts in enumerate(zip(store, instants, statuses, strict=True)) if all(texts[1:])
    ]
    free = [one for one in guesses if one.what not in {"instant", "nothing"} and not _is_used(layout, one, columns)]
    for one in sorted(free, key=lambda one: inner(one.name) not in _PROBES):
        texts = layout.column(layout.names.index(one.name))
        asked = _at_once(one, texts, polls) or _in_turn(one, texts, polls)
        if asked is not None:
            return [(f"{one.name}: {asked} {_answers(one, columns)}", "")]
    return []


def _at_once(one: Guess, texts: Sequence[str], polls: Sequence[_Poll]) -> str | None:
    """What is told of rows of one store and instant that this column alone tells apart."""
    is_known = _is_of_probes(one, texts) or tells_store(one.name)
    together: dict[tuple[str, str], list[_Poll]] = {}
    for poll in polls:
        together.setdefault((poll.store, poll.instant), []).append(poll)
    several = [found for found in together.values() if len({texts[poll.row] for poll in found}) > 1]
    # Of a column that nobody knows it must be likely: words that come again, of rows that contradict each other.
    may_tell = one.what in {"text", "zone", "address"} and inner(one.name) not in REMARKS
    comes_again = 2 * len(set(texts)) <= len(texts)
    if not is_known and not (may_tell and comes_again):
        return None
    found = next((found for found in several if is_known or len({poll.status for poll in found}) > 1), None)
    if found is None:
        return None
    shown = " and ".join(repr(text) for text in list(dict.fromkeys(texts[poll.row] for poll in found))[:2])
    return f"rows of one store at {found[0].instant} have {shown}. As they are only the last one of an instant counts."


def _in_turn(one: Guess, texts: Sequence[str], polls: Sequence[_Poll]) -> str | None:
    """What is told of probes that look in turn and see different things, so that up and down alternate.

    A change of the status is explained by the probe if that probe said the same the last time. In an outage that each
    probe sees no change is; hence most of them must be.
    """
    if not _is_of_probes(one, texts):
        return None
    by_store: dict[str, list[_Poll]] = {}
    for poll in polls:
        by_store.setdefault(poll.store, []).append(poll)
    changes = explained = 0
    for found in by_store.values():
        last: dict[str, str] = {}
        for before, poll in pairwise(found):
            last[texts[before.row]] = before.status
            if before.status != poll.status:
                changes += 1
                explained += texts[before.row] != texts[poll.row] and last.get(texts[poll.row]) == poll.status
    if explained < _FEWEST_CHANGES or 2 * explained <= changes:
        return None
    shown = " and ".join(repr(text) for text in list(dict.fromkeys(filter(None, texts)))[:2])
    return f"{shown} look at one store in turn and see different things. As they are up and down alternate."


def _is_of_probes(one: Guess, texts: Sequence[str]) -> bool:
    """Whether the name of a column says that it tells probes apart; types may be those of anything else."""
    name = inner(one.name)
    return name in _PROBES and (name != "type" or not _WAYS.isdisjoint(text.strip().lower() for text in texts))


def _answers(one: Guess, columns: Mapping[str, Any]) -> str:
    rule = columns["store_id"]
    name = rule.get("template") or (f"{{{rule['from']}}}" if "from" in rule else rule["value"])
    template = f'"template": "{name}/{{{one.name}}}"'
    return f"For a store of each, give store_id {template} alone; or keep the rows of one with where."


def _is_used(layout: Layout, one: Guess, columns: Mapping[str, Any]) -> bool:
    number = layout.names.index(one.name) + 1
    return any(
        rule.get("from") in {one.name, number} or f"{{{one.name}}}" in rule.get("template", "")
        for rule in columns.values()
    )


def texts_by(layout: Layout, rule: Mapping[str, Any]) -> list[str] | None:
    """What a rule reads in each row, as far as that tells rows apart; None if it reads no column that is there."""
    if "value" in rule:
        return [rule["value"]] * len(layout.rows)
    named = template_places(rule["template"]) if "template" in rule else [str(rule.get("from", ""))]
    if not named or not {*named} <= {*layout.names}:
        return None
    parts = [layout.column(layout.names.index(name)) for name in named]
    return [" ".join(text.strip() for text in texts) if all(texts) else "" for texts in zip(*parts, strict=True)]
