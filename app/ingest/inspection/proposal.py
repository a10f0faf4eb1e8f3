"""A mapping for guessed columns: which column of a kind each may be, by its name and by what it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from app.ingest.column_types import DATE, TRUTH
from app.ingest.inspection.counts import rest_of_installs
from app.ingest.inspection.guesses import NO_TIME, Guess, is_nothing
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import ALSO, HOLDS, ONE_OF_ALL, assumed
from app.ingest.kind import DatasetKind
from app.mapping.document import read_mapping, with_values, written

#: Other words for true and false.
_TRUTHS: Final = {
    **dict.fromkeys(("true", "True", "TRUE", "1"), "true"),
    **dict.fromkeys(("false", "False", "FALSE", "0"), "false"),
}

#: Columns of outages, which are two polls each.
_BEGINS, _ENDS = ("start", "begin", "begindate", "down", "from"), ("end", "enddate", "up", "until", "to")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping of a kind, as a document.

    Attributes:
        kind: of its rows.
        document: the mapping; None if no column fits.
        questions: pairs of a question and what the document assumes; empty if it must be answered first.
        missing: columns that the kind needs and that nothing fits.
        shipped: the name of the shipped mapping that it is; None if it is guessed.
    """

    kind: str
    document: Mapping[str, Any] | None
    questions: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    shipped: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the mapping can be used as it is."""
        return self.document is not None and not self.missing and all(assumed for _, assumed in self.questions)


def proposal(kind: DatasetKind, layout: Layout, guesses: Sequence[Guess], *, stem: str) -> Proposal:
    """The mapping of a file of this kind; ``stem`` of the file's name stands for a store that it does not name."""
    if kind.name == "polls" and (outages := _outages(layout, guesses, stem)) is not None:
        return outages
    columns: dict[str, Any] = {}
    questions = questions_of(layout)
    taken: set[str] = set()
    is_nameless = layout.document.get("header") is False
    for column in kind.columns:
        if column.instead_of in columns:
            continue
        found = _fitting(column.name, column.type.name, guesses, taken, is_nameless=is_nameless)
        if found is not None:
            if is_nameless and found.what == "instant" and column.name != "timestamp_utc":
                questions.append((f"The file has no header: is column {found.name} {column.name}?", "yes"))
            taken.add(found.name)
            rule = _rule(column.type.name, found)
            columns[column.name] = {"from": _place(layout, found.name), **rule}
            questions += found.questions if rule == found.rule else ()
    if kind.name == "pull_requests" and "closed_at" not in columns:
        questions += _undated_ends(layout, guesses)
    columns = _with_hours(columns)
    missing = _missing(kind, columns)
    if columns and "store_id" in missing:
        missing.remove("store_id")
        columns["store_id"] = {"value": stem}
        questions.append(assumed("store_id", stem))
    if len(columns) > 1 and "repo" in missing:
        missing.remove("repo")
        columns["repo"] = {"value": stem}
        questions.append(assumed("repo", stem))
    rest: dict[str, Any] = {}
    if kind.name == "installs":
        rest, told = rest_of_installs(columns, missing, layout, stem)
        questions += told
    document = {"kind": kind.name, **layout.document, **null_words(layout), "columns": columns, **rest}
    return Proposal(kind.name, document if columns else None, tuple(dict.fromkeys(questions)), tuple(missing))


def _missing(kind: DatasetKind, columns: Mapping[str, Any]) -> list[str]:
    """Columns that the kind needs, without those in whose place another one is."""
    needed = [one.name for one in kind.columns if one.required and one.instead_of is None]
    instead = {one.instead_of for one in kind.columns if one.name in columns}
    missing = [
        name
        for name in needed
        if name not in columns and name not in instead and not ("day" in columns and "hours" in columns["day"])
    ]
    if columns.keys() == {"store_id"} and not missing:  # details of stores, of which the file has none
        missing = [one.name for one in kind.columns if one.name not in {"team", "entity", "entity_kind", "store_id"}][
            :1
        ]
    return missing


def _fitting(name: str, holds: str, guesses: Sequence[Guess], taken: set[str], *, is_nameless: bool) -> Guess | None:
    """The column of the file with the likeliest name that may hold this, or the only one that holds it."""
    left = [guess for guess in guesses if guess.name not in taken]
    # Whatever a column of that very name holds: its check tells what is wrong in it.
    is_told = name == "status" and any(guess.what == "status" for guess in left)
    for guess in left:
        if _plain(guess.name) == _plain(name) and (
            guess.what == "status" or not is_told
        ):  # whatever it holds: its check tells what is wrong in it
            return guess
    free = [guess for guess in left if guess.what in HOLDS.get(holds, (guess.what,))]
    for other in ALSO.get(name, ()):
        for guess in free:
            if _plain(guess.name) == _plain(other) and (name != "status" or guess.what == "status"):
                return guess
    if name == "day":
        return next((guess for guess in free if guess.what in {"weekday", "opening hours"}), None)
    wanted = {"timestamp_utc": "instant", "created_at": "instant", "timezone_str": "zone", "status": "status"}.get(name)
    alike = [guess for guess in free if guess.what == wanted]
    if name in {"store_id", "repo"}:
        alike = [guess for guess in free if guess.what == "address"] or [
            guess for guess in free if guess.name == "1" and guess.what in {"text", "number"} and name == "store_id"
        ]
    if is_nameless and name in {"created_at", "merged_at", "number"}:
        wanted = "number" if name == "number" else "instant"
        return next((guess for guess in free if guess.what == wanted), None)
    return alike[0] if len(alike) == 1 else None


def _rule(holds: str, found: Guess) -> dict[str, Any]:
    """The members of a rule that suit what the column holds: the words of a status are none for a key."""
    suits = found.what == "instant" and holds == "timestamp"
    suits = suits or (found.what == "status" and holds.startswith("active")) or found.what == "address"
    suits = suits or (found.what in {"weekday", "time of day"} and holds.startswith(found.what))
    suits = suits or (found.what == "opening hours" and holds == "weekday")
    suits = suits or (found.what == "number" and holds in {"number", "weekday"})
    if found.what in {"number", "status"} and holds.startswith("time of day"):
        return {"time": "fraction" if any("." in text for text in found.examples) else "24h"}
    if holds == DATE.name and found.what == "instant":
        return {name: form for name, form in found.rule.items() if name == "date" and form != "iso"}
    if holds == TRUTH.name and not {*found.examples} <= {*TRUTH.allowed}:
        return {"words": _TRUTHS} if {text.lower() for text in found.examples} <= {*map(str.lower, _TRUTHS)} else {}
    if holds == "timestamp" and found.what not in {"instant", "nothing"}:
        return {"date": "iso", "zone": "UTC"}  # its reasons are the most precise
    return dict(found.rule) if suits else {}


def _with_hours(columns: dict[str, Any]) -> dict[str, Any]:
    """Opening hours bring their start and end along."""
    if "hours" not in columns.get("day", {}):
        return columns
    return {name: rule for name, rule in columns.items() if name not in {"start_time_local", "end_time_local"}}


def _outages(layout: Layout, guesses: Sequence[Guess], stem: str) -> Proposal | None:
    instants = {_plain(guess.name): guess for guess in guesses if guess.what == "instant"}
    begins = next((instants[name] for name in _BEGINS if name in instants), None)
    ends = next((instants[name] for name in _ENDS if name in instants), None)
    if begins is None or ends is None:
        return None
    rows = [
        {
            "columns": {"status": {"value": status}, "timestamp_utc": {"from": _place(layout, one.name), **one.rule}},
            "where": {_place(layout, one.name): {"not": [""]}},
        }
        for one, status in ((begins, "inactive"), (ends, "active"))
    ]
    key = next(
        (guess for name in ("store_id", *ALSO["store_id"]) for guess in guesses if _plain(guess.name) == _plain(name)),
        None,
    )
    questions = [*questions_of(layout), *begins.questions, *ends.questions]
    if key is None:
        questions.append(assumed("store_id", stem))
    columns = {"store_id": {"value": stem} if key is None else {"from": _place(layout, key.name)}}
    document = {"kind": "polls", **layout.document, **null_words(layout), "holds": "until_changed"}
    document |= {"columns": columns, "rows": rows}
    return Proposal("polls", document, tuple(questions), ())


def _undated_ends(layout: Layout, guesses: Sequence[Guess]) -> list[tuple[str, str]]:
    """The question of a file that says which pull requests were closed, but not when."""
    for at, guess in enumerate(guesses):
        if _plain(guess.name) in {"state", "status"}:
            closed = sum(text.lower() == "closed" for text in layout.column(at))
            if closed:
                told = f"{guess.name}: no column says when those were closed that are, {closed} of the first rows."
                return [(f"{told} What are they?", "open")]
    return []


def with_given(one: Proposal, given: Mapping[str, str], stem: str) -> Proposal:
    """The proposal with columns that have one text in every row, and without the questions that they answer."""
    if one.document is None or not given:
        return one
    settled = [assumed(name, stem) for name in given if name in ONE_OF_ALL]
    return replace(
        one,
        document=written(with_values(read_mapping(dict(one.document)), given)),
        questions=tuple(question for question in one.questions if question not in settled),
        missing=tuple(name for name in one.missing if name not in given),
    )


def questions_of(layout: Layout) -> list[tuple[str, str]]:
    """What is to be asked of a file whatever it holds."""
    none = sorted({text for row in layout.rows for text in row if NO_TIME.fullmatch(text)})
    return [
        *((text, "as it is") for text in layout.questions),
        *((f"Does {text!r} stand for no value?", "yes") for text in none),
    ]


def null_words(layout: Layout) -> dict[str, Any]:
    """The member of a mapping for texts that mean nothing, as far as the file has them."""
    found = {text for row in layout.rows for text in row if is_nothing(text)}
    return {"null": sorted(found)} if found else {}


def _place(layout: Layout, name: str) -> Any:
    return int(name) if layout.document.get("header") is False else name


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
