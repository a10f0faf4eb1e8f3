"""Outages, each of which is two polls, and stretches of a status, each of which begins with one."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from app.ingest.inspection.fitting import named_as_store, place
from app.ingest.inspection.guesses import Guess, guess
from app.ingest.inspection.instants import instant_text
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import ALSO, BEGINS, ENDS, inner, plain, when
from app.ingest.inspection.questions import Questions, null_words, questions_of
from app.ingest.inspection.which_store import unnamed_store
from app.ingest.inspection.words import HTTP_CODES, ONGOING

#: Names of beginnings that say so only beside these ends: Zabbix has Time and Recovery time, StatusCake created_at.
_BESIDE: Final = {"recoverytime": ("time",), "endedat": ("createdat",), "resolvedat": ("createdat",)}

#: The same in files of incidents alone, since issues are created and resolved, too.
_BESIDE_IN_INCIDENTS: Final = {"resolvedon": ("createdon",), "resolved": ("created", "opened")}
_INCIDENTS: Final = re.compile(r"incident|outage|urgency|severity|alert", re.IGNORECASE)

#: Columns of what an incident is called, and those that only files of incidents have.
_TITLES: Final = frozenset(("name", "title", "label", "summary", "key"))
_OF_INCIDENTS: Final = frozenset(("impact", "incidentupdates", "postmortembody", "shortlink", "severity"))

#: Columns of what is wrong, which need not be that a store is down.
_PROBLEMS: Final = frozenset(("problem", "problemname", "trigger", "triggername", "alert", "alertname", "alarm"))

#: Words of columns and files of outages, without which a beginning and an end may be those of a shift or a booking.
_OF_OUTAGES: Final = re.compile(
    "down|outage|incident|resolved|recover|restored|error|fail|cause|reason|status|ausfall|panne", re.IGNORECASE
)

#: Columns of the type of what is listed, and words of those that are no outages.
_TYPES: Final = frozenset(("type", "kind", "category", "outagetype", "incidenttype", "class", "art", "typ"))
_NO_OUTAGE: Final = re.compile(r"plan|maint|wartung|degrad|slow|partial|test|mantenimiento", re.IGNORECASE)


#: Columns of how bad an incident is: those that are not bad leave a store up.
_DEGREES: Final = frozenset(("urgency", "severity", "priority", "impact"))


def outages(layout: Layout, guesses: Sequence[Guess], stem: str) -> tuple[dict[str, Any], Questions] | None:
    """The mapping of a file of outages, each of which is two polls, and its questions; None: it has none.

    Rows of up and of down with a beginning and an end are stretches of a status: each begins with a poll.
    """
    instants = {when(one.name): one for one in guesses if one.what == "instant"}
    instants |= {plain(one.name): one for one in guesses if one.what == "instant"}
    ends = next((instants[name] for name in ENDS if name in instants), None)
    beside = _BESIDE | (_BESIDE_IN_INCIDENTS if any(map(_INCIDENTS.search, (stem, *layout.names))) else {})
    names = BEGINS if ends is None else (*BEGINS, *beside.get(when(ends.name), ()))
    begins = next((instants[name] for name in names if name in instants), None)
    if begins is None or ends is None:
        return None
    begins, ends = _alike(layout, begins, ends)
    key = _key(guesses)
    questions = [*questions_of(layout), *begins.questions]
    is_named = key is not None and inner(key.name) not in _TITLES
    if not is_named and not any(map(_OF_OUTAGES.search, (stem, *layout.names))):
        questions.append((f"{begins.name} and {ends.name}: is each row an outage? Then name its store.", ""))
    said = _status_of(guesses)
    meant = set() if said is None else set(said.rule.get("words", {}).values()) or {*said.examples}
    has_both = {"active", "inactive"} <= meant
    if key is None:
        used = {begins.name, ends.name} | ({said.name} if said is not None else set())
        begun = {"from": place(layout, begins.name), **begins.rule}
        questions.append(unnamed_store(layout, guesses, used, stem, begun, are_outages=not has_both))
    columns: dict[str, Any] = {"store_id": {"value": stem} if key is None else {"from": place(layout, key.name)}}
    null = _with_ongoing(layout, ends, null_words(layout))
    document = {"kind": "polls", **layout.document, **null, "holds": "until_changed", "columns": columns}
    status = {} if said is None else {"from": place(layout, said.name), **said.rule}
    if said is not None and has_both:
        columns |= {"status": status, "timestamp_utc": {"from": place(layout, begins.name), **begins.rule}}
        return document, [*questions, *said.questions, _lasting(layout, key, begins, ends)]
    if said is not None and "active" in meant:
        questions.append((f"{said.name}: the first rows say {said.examples[0]!r}. Are they outages?", ""))
    document["rows"] = [
        {
            "columns": {"status": one_status, "timestamp_utc": {"from": place(layout, one.name), **one.rule}},
            "where": {place(layout, one.name): {"not": [""]}},
        }
        for one, one_status in (
            (begins, status if "unknown" in meant else {"value": "inactive"}),
            (ends, {"value": "active"}),
        )
    ]
    return document, [*questions, *ends.questions, *_mixed(layout, guesses), *_backwards(layout, begins, ends)]


def _with_ongoing(layout: Layout, ends: Guess, null: dict[str, Any]) -> dict[str, Any]:
    """The member for texts that mean nothing, with the words for an outage that has not ended."""
    found = {text for text in layout.column(layout.names.index(ends.name)) if text.strip().lower() in ONGOING}
    return {"null": sorted({*null.get("null", ()), *found})} if found else null


def _backwards(layout: Layout, begins: Guess, ends: Guess) -> Questions:
    """The question of an outage that ends before it begins, after which its store would stay down."""
    columns = (layout.column(layout.names.index(one.name)) for one in (begins, ends))
    for texts in zip(*columns, strict=True):
        at = [instant_text(text, one.rule) for text, one in zip(texts, (begins, ends), strict=True)]
        if at[0] is not None and at[1] is not None and at[1] < at[0]:
            asked = f"{ends.name}: {texts[1]!r} is before {texts[0]!r}, with which its outage begins: which is right?"
            return [(asked, "")]
    return []


def _key(guesses: Sequence[Guess]) -> Guess | None:
    """The column that names the stores; what an incident is called is none."""
    named = {inner(one.name) for one in guesses}
    may = [one for one in guesses if inner(one.name) not in _TITLES or named.isdisjoint(_OF_INCIDENTS)]
    names = ("storeid", *ALSO["store_id"])
    found = (one for call in (plain, inner) for name in names for one in may if call(one.name) == name)
    return named_as_store(next(found, None), [one for one in may if one.what in {"text", "number", "status"}])


def _alike(layout: Layout, begins: Guess, ends: Guess) -> tuple[Guess, Guess]:
    """Both with one rule, as rows of a mapping need it, if their texts can be read by one."""
    if begins.rule == ends.rule:
        return begins, ends
    texts = [text for one in (begins, ends) for text in layout.column(layout.names.index(one.name)) if text.strip()]
    found = guess(begins.name, texts)
    questions = found.questions or begins.questions
    return (
        (replace(begins, rule=found.rule, questions=questions), replace(ends, rule=found.rule))
        if found.what == "instant"
        else (begins, ends)
    )


def _status_of(guesses: Sequence[Guess]) -> Guess | None:
    """The column that says what was so from a beginning to an end, in words."""
    told = [guess for guess in guesses if guess.what == "status" and guess.rule.get("words") != HTTP_CODES]
    named = (one for name in ("status", *ALSO["status"]) for one in told if inner(one.name) == name)
    both = (one for one in told if {"active", "inactive"} <= {*one.rule.get("words", {}).values()})
    return next(named, None) or next(both, None)


def _lasting(layout: Layout, key: Guess | None, begins: Guess, ends: Guess) -> tuple[str, str]:
    """The question of stretches of a status whose ends are not read; nothing is assumed where time is between them."""
    of, began, ended = (
        [""] * len(layout.rows) if one is None else layout.column(layout.names.index(one.name))
        for one in (key, begins, ends)
    )
    starts = set(zip(of, began, strict=True))
    loose = [store for store, end in zip(of, ended, strict=True) if end and (store, end) not in starts]
    if len(loose) > len(set(loose)):
        told = f"{ends.name}: time lies between the end of a row and the beginning of the next one, and would count as "
        return f"{told}the status before it. Add rows with a status that is unknown for that time.", ""
    return f"{ends.name}: does each status last until the next one of its store, and the last one on?", "yes"


def _mixed(layout: Layout, guesses: Sequence[Guess]) -> Questions:
    """The question of a file of several problems, of which some may not be outages."""
    for at, one in enumerate(guesses):
        texts = [text for text in dict.fromkeys(layout.column(at)) if text]
        are_several = inner(one.name) in _PROBLEMS | _DEGREES and len(texts) > 1
        are_other = inner(one.name) in _TYPES and any(map(_NO_OUTAGE.search, texts))
        if are_several or are_other:
            named = ", ".join(map(repr, texts[:3]))
            return [(f"{one.name}: is a store down while it has any of {named}? Leave the others out with where.", "")]
    return []
