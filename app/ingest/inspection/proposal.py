"""A mapping for guessed columns: which column of a kind each may be, by its name and by what it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.ingest.inspection.counts import rest_of_installs
from app.ingest.inspection.fitting import WINDOW, fitting, place, rule_for
from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.of_polls import completed_polls, outages
from app.ingest.inspection.questions import (
    ONE_OF_ALL,
    Questions,
    assumed,
    null_words,
    numbered_days,
    questions_of,
    tells_of_stores,
    undated_ends,
    unnamed_store,
)
from app.ingest.inspection.weeks import rows_of_weeks
from app.ingest.kind import DatasetKind
from app.mapping.document import read_mapping, with_values, written


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
    if kind.name == "polls" and (found := outages(layout, guesses, stem)) is not None:
        document, questions = found
        return Proposal(kind.name, document, tuple(questions), ())
    rows, asked, taken = (kind.name == "hours" and rows_of_weeks(layout, guesses)) or ([], [], set[str]())
    columns, questions = _columns(kind, layout, guesses, taken, given=WINDOW if rows else ())
    questions = [*questions_of(layout), *asked, *questions]
    if kind.name == "pull_requests":
        questions += undated_ends(layout, guesses, columns)
    if kind.name == "polls":
        questions = completed_polls(layout, guesses, columns, taken, questions)
    missing = _missing(kind, columns, given=WINDOW if rows or "hours" in columns.get("day", {}) else ())
    for name in [one for one in missing if one in ONE_OF_ALL and one != "project"]:
        if len(columns) + len(rows) > (name == "repo") and (
            name != "calendar" or ("date" in columns and not tells_of_stores(guesses))
        ):
            missing.remove(name)
            columns[name] = {"value": stem}
            is_store = name == "store_id"
            questions.append(unnamed_store(layout, guesses, taken, stem) if is_store else assumed(name, stem))
    document = {"kind": kind.name, **layout.document, **null_words(layout), "columns": columns}
    document |= {"rows": rows} if rows else {}
    if kind.name == "installs":
        rest, told = rest_of_installs(columns, missing, layout, stem)
        document |= rest
        questions += told
    return Proposal(kind.name, document if columns else None, tuple(dict.fromkeys(questions)), tuple(missing))


def _columns(
    kind: DatasetKind, layout: Layout, guesses: Sequence[Guess], taken: set[str], *, given: Sequence[str]
) -> tuple[dict[str, Any], Questions]:
    """The rules of those columns of a kind that the file seems to have, without those that are given already."""
    columns: dict[str, Any] = {}
    questions: Questions = []
    is_nameless = layout.document.get("header") is False
    for column in kind.columns:
        if column.instead_of in columns or column.name in given:
            continue
        found = fitting(
            *(column.name, column.type.name, guesses, taken),
            is_nameless=is_nameless,
            is_of_pulls=kind.name == "pull_requests",
        )
        if found is None:
            continue
        if is_nameless and found.what == "instant" and column.name != "timestamp_utc":
            questions.append((f"The file has no header: is column {found.name} {column.name}?", "yes"))
        taken.add(found.name)
        rule = rule_for(column.type.name, found)
        trimmed = {"trim": True} if found.is_spaced else {}
        columns[column.name] = {"from": place(layout, found.name), **trimmed, **rule}
        questions += found.questions if rule == found.rule else ()
        questions += numbered_days(column.type.name, found)
    return _with_hours(columns), questions


def _missing(kind: DatasetKind, columns: Mapping[str, Any], *, given: Sequence[str]) -> list[str]:
    """The columns that the kind needs and the file seems not to have, without those in whose place another one is."""
    needed = [one.name for one in kind.columns if one.required and one.instead_of is None]
    instead = {one.instead_of for one in kind.columns if one.name in columns}
    missing = [name for name in needed if name not in columns and name not in instead and name not in given]
    if columns.keys() == {"store_id"} and not missing and not given:  # details of stores, of which the file has none
        of_stores = {"team", "entity", "entity_kind", "store_id"}
        return [one.name for one in kind.columns if one.name not in of_stores][:1]
    return missing


def _with_hours(columns: dict[str, Any]) -> dict[str, Any]:
    """Opening hours bring their start and end along."""
    if "hours" not in columns.get("day", {}):
        return columns
    return {name: rule for name, rule in columns.items() if name not in {"start_time_local", "end_time_local"}}


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
