"""A mapping for guessed columns: which column of a kind each may be, by its name and by what it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from app.ingest.column_types import TRUTH
from app.ingest.inspection.guesses import NO_TIME, Guess, is_nothing
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import ALSO, WORDS_OF_PULLS, WORDS_OF_TRUTH, plain, word, word_of_time
from app.ingest.kind import DatasetKind
from app.mapping.document import read_mapping, with_values, written

#: What a column of a kind holds, where that tells; a text may be anything.
_HOLDS: Final[Mapping[str, tuple[str, ...]]] = {
    "timestamp": ("instant", "nothing"),
    "weekday": ("weekday", "number", "opening hours", "status"),
    "time of day": ("time of day", "number", "status"),
    "time of day, 24:00 included": ("time of day", "number", "status"),
    "IANA time zone": ("zone",),
    "number": ("number", "status"),
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
        if column.instead_of is not None:
            continue
        found = _fitting(
            *(column.name, column.type.name, guesses, taken),
            is_nameless=is_nameless,
            is_of_pulls=kind.name == "pull_requests",
        )
        if found is not None:
            if is_nameless and found.what == "instant" and column.name != "timestamp_utc":
                questions.append((f"The file has no header: is column {found.name} {column.name}?", "yes"))
            taken.add(found.name)
            rule = _rule(column.type.name, found)
            columns[column.name] = {"from": _place(layout, found.name), **rule}
            questions += found.questions if rule == found.rule else ()
    if kind.name == "pull_requests":
        questions += _undated_ends(layout, guesses, columns)
    columns = _with_hours(columns)
    needed = [one.name for one in kind.columns if one.required and one.instead_of is None]
    missing = [name for name in needed if name not in columns and not ("day" in columns and "hours" in columns["day"])]
    if columns.keys() == {"store_id"} and not missing:  # details of stores, of which the file has none
        missing = [one.name for one in kind.columns if one.name not in {"team", "entity", "entity_kind", "store_id"}][
            :1
        ]
    if columns and "store_id" in missing:
        missing.remove("store_id")
        columns["store_id"] = {"value": stem}
        questions.append(assumed("store_id", stem))
    if len(columns) > 1 and "repo" in missing:
        missing.remove("repo")
        columns["repo"] = {"value": stem}
        questions.append(assumed("repo", stem))
    document = {"kind": kind.name, **layout.document, **null_words(layout), "columns": columns}
    return Proposal(kind.name, document if columns else None, tuple(dict.fromkeys(questions)), tuple(missing))


def _fitting(
    name: str, holds: str, guesses: Sequence[Guess], taken: set[str], *, is_nameless: bool, is_of_pulls: bool
) -> Guess | None:
    """The column of the file with the likeliest name that may hold this, or the only one that holds it."""
    left = [guess for guess in guesses if guess.name not in taken]
    # Whatever a column of that very name holds: its check tells what is wrong in it.
    is_told = name == "status" and any(guess.what == "status" for guess in left)
    for guess in left:
        if plain(guess.name) == plain(name) and (
            guess.what == "status" or not is_told
        ):  # whatever it holds: its check tells what is wrong in it
            return guess
    free = [guess for guess in left if guess.what in _HOLDS.get(holds, (guess.what,))]
    if name == "repo":  # an address of which nothing is kept may be another one in each row
        free = [guess for guess in free if guess.what != "address" or guess.rule or _is_of_repositories(guess)]
    for other in ALSO.get(name, ()):
        for guess in free:
            if plain(guess.name) == plain(other) and (name != "status" or guess.what == "status"):
                return guess
    if is_of_pulls and (found := _by_word(name, holds, free)) is not None:
        return found
    return _by_content(name, free, is_nameless=is_nameless)


def _by_word(name: str, holds: str, free: Sequence[Guess]) -> Guess | None:
    """Of pull requests, the column with the likeliest word in its name."""
    words = [(word_of_time(guess.name) if holds == "timestamp" else word(guess.name), guess) for guess in free]
    return next((guess for one in WORDS_OF_PULLS.get(name, ()) for found, guess in words if found == one), None)


def _by_content(name: str, free: Sequence[Guess], *, is_nameless: bool) -> Guess | None:
    """The only column that holds what this one does."""
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
    if holds == TRUTH.name and any(text not in TRUTH.allowed for text in found.examples):
        known = {text: WORDS_OF_TRUTH[text.lower()] for text in found.examples if text.lower() in WORDS_OF_TRUTH}
        return {"words": known} if known else {}
    if found.what in {"number", "status"} and holds.startswith("time of day"):
        return {"time": "fraction" if any("." in text for text in found.examples) else "24h"}
    if holds == "timestamp" and found.what not in {"instant", "nothing"}:
        return {"date": "iso", "zone": "UTC"}  # its reasons are the most precise
    return dict(found.rule) if suits else {}


def _with_hours(columns: dict[str, Any]) -> dict[str, Any]:
    """Opening hours bring their start and end along."""
    if "hours" not in columns.get("day", {}):
        return columns
    return {name: rule for name, rule in columns.items() if name not in {"start_time_local", "end_time_local"}}


def _outages(layout: Layout, guesses: Sequence[Guess], stem: str) -> Proposal | None:
    instants = {plain(guess.name): guess for guess in guesses if guess.what == "instant"}
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
        (guess for name in ("store_id", *ALSO["store_id"]) for guess in guesses if plain(guess.name) == plain(name)),
        None,
    )
    questions = [*questions_of(layout), *begins.questions, *ends.questions]
    if key is None:
        questions.append(assumed("store_id", stem))
    columns = {"store_id": {"value": stem} if key is None else {"from": _place(layout, key.name)}}
    document = {"kind": "polls", **layout.document, **null_words(layout), "holds": "until_changed"}
    document |= {"columns": columns, "rows": rows}
    return Proposal("polls", document, tuple(questions), ())


def _undated_ends(layout: Layout, guesses: Sequence[Guess], columns: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The questions of a file that says which pull requests were closed or merged, but not when."""
    states = next((at for at, guess in enumerate(guesses) if plain(guess.name) in {"state", "status"}), None)
    if states is None:
        return []
    asked = []
    for state, name, otherwise in (
        ("closed", "closed_at", "open"),
        ("merged", "merged_at", "closed without a merge" if "closed_at" in columns else "open"),
    ):
        count = sum(text.lower() == state for text in layout.column(states))
        if count and name not in columns:
            of = f"{guesses[states].name}: no column says when those were {state} that are"
            asked.append((f"{of}, {count} of the first rows. What are they?", otherwise))
    return asked


#: What a question calls each column of which a file may have one text in all rows, and how it is answered.
_ONE_OF_ALL: Final[Mapping[str, tuple[str, str]]] = {
    "repo": ("repository", "owner/name"),
    "store_id": ("store", "TEXT"),
    "project": ("project", "NAME"),
}


def assumed(column: str, stem: str) -> tuple[str, str]:
    """The question of a file that does not name the repository, store or project of its rows."""
    what, answer = _ONE_OF_ALL[column]
    return f"No column names the {what}; which one is it? Answer with --set {column}={answer}.", stem


def with_given(one: Proposal, given: Mapping[str, str], stem: str) -> Proposal:
    """The proposal with columns that have one text in every row, and without the questions that they answer."""
    if one.document is None or not given:
        return one
    settled = [assumed(name, stem) for name in given if name in _ONE_OF_ALL]
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


def _is_of_repositories(guess: Guess) -> bool:
    """Whether addresses may be those of repositories: they do not end with a number."""
    return not any(text.rstrip("/").rpartition("/")[2].isdigit() for text in guess.examples)
