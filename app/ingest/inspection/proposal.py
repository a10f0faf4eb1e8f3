"""A mapping for guessed columns: which column of a kind each may be, by its name and by what it holds."""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from app.ingest.inspection.breaks import breaks
from app.ingest.inspection.closed import where_open, where_told
from app.ingest.inspection.counts import rest_of_installs
from app.ingest.inspection.every_day import days_left_out, hours_of_every_day
from app.ingest.inspection.fitting import WINDOW, fitting, place, rule_for
from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import REMARKS, plain
from app.ingest.inspection.of_polls import completed_polls
from app.ingest.inspection.of_pulls import ends_by_state, numbered
from app.ingest.inspection.outages import outages
from app.ingest.inspection.poll_checks import checked_polls, holds
from app.ingest.inspection.questions import (
    ONE_OF_ALL,
    Questions,
    assumed,
    null_words,
    numbered_days,
    numbered_times,
    questions_of,
    tells_of_stores,
)
from app.ingest.inspection.spans import equal_times, periods, rows_of_spans, sunday_first, with_hours_beside
from app.ingest.inspection.unread import WHOLE, parted_number, uncounted, unread, with_thousands
from app.ingest.inspection.weeks import Rows, rows_of_weeks
from app.ingest.inspection.when_checked import when_checked
from app.ingest.inspection.which_store import unnamed_store
from app.ingest.inspection.who import bots, own_reviews
from app.ingest.inspection.wide import stores_as_columns
from app.ingest.inspection.zones_beside import asked_of_zones
from app.ingest.kind import DatasetKind
from app.mapping.document import read_mapping, with_values, written

#: What the columns of a file hold that tells of times rather than of stores.
_OF_TIME: Final = frozenset(("weekday", "time of day", "opening hours"))


#: Columns that name a store where each record is one.
_NUMBERS_OF_STORES: Final = ("id", "fsqid", "fsqplaceid", "uid", "uuid", "code", "number")


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
    if kind.name == "polls":
        found = outages(layout, guesses, stem) or stores_as_columns(layout, guesses)
        if found is not None:
            questions = asked_of_zones(layout, guesses, found[0], (), found[1])
            return Proposal(kind.name, found[0], tuple(questions), ())
    rows, asked, taken, filled = _windows(layout, guesses) if kind.name == "hours" else ([], [], set[str](), {})
    columns, questions = _columns(kind, layout, guesses, taken, given=filled)
    columns |= {name: rule for name, rule in filled.items() if rule}
    questions = [*questions_of(layout), *asked, *questions]
    columns, questions = _completed(kind, layout, guesses, columns, taken, questions, is_filled=bool(filled))
    questions = asked_of_zones(layout, guesses, {"columns": columns}, taken, questions)
    if kind.name == "pull_requests":
        numbered(layout, guesses, columns)
        rows, asked = ends_by_state(layout, guesses, columns)
        questions += asked + bots(layout, guesses, columns, taken) + own_reviews(layout, guesses, columns)
    missing = _missing(kind, columns, given=WINDOW if "hours" in columns.get("day", {}) else filled)
    for name in [one for one in missing if one in ONE_OF_ALL and one != "project"]:
        if len(columns) + len(rows) > (name == "repo") and (
            name != "calendar" or ("date" in columns and not tells_of_stores(guesses))
        ):
            missing.remove(name)
            columns[name] = {"value": stem}
            when = columns.get("timestamp_utc") if kind.name == "polls" else None
            is_store = name == "store_id"
            questions.append(unnamed_store(layout, guesses, taken, stem, when) if is_store else assumed(name, stem))
    document = {"kind": kind.name, **layout.document, **null_words(layout), "columns": columns}
    document |= {"rows": rows} if rows else {}
    if kind.name == "polls" and {"status", "store_id"} <= columns.keys():
        changes, asked = holds(layout, guesses, columns)
        document |= changes
        questions += asked
    if kind.name == "hours":
        is_by_day = "day" in columns and "hours" not in columns["day"]  # or it may say that a store is open now
        where = where_open(layout, guesses, day=None, language="en") if is_by_day else {}
        where = (where if taken.isdisjoint(where) else {}) | where_told(layout, columns)
        document |= {"where": where} if where else {}
        questions += equal_times(layout, document) + sunday_first(layout, document) + breaks(guesses, taken)
        questions += hours_of_every_day(layout, guesses, columns)
    if kind.name == "installs":
        rest, told = rest_of_installs(columns, missing, layout, stem)
        document |= rest
        questions += told
    return Proposal(kind.name, document if columns else None, tuple(dict.fromkeys(questions)), tuple(missing))


def _completed(
    kind: DatasetKind,
    layout: Layout,
    guesses: Sequence[Guess],
    columns: dict[str, Any],
    taken: set[str],
    questions: Questions,
    *,
    is_filled: bool,
) -> tuple[dict[str, Any], Questions]:
    """Columns and questions with what is particular to a kind; ``is_filled``: windows are told by other columns."""
    match kind.name:
        case "polls":
            questions = when_checked(layout, guesses, columns, taken, questions)
            questions = completed_polls(layout, guesses, columns, taken, questions)
            questions = checked_polls(layout, guesses, columns, taken, questions)
        case "entities" if _is_of_times(guesses, columns, taken):
            columns = {name: rule for name, rule in columns.items() if name != "name"}
        case "hours":
            columns = columns if is_filled else with_hours_beside(guesses, columns, taken)
            is_exploded = "explode(" in layout.document.get("records", "")
            if "store_id" not in columns and (is_filled or is_exploded):
                columns = _numbered_store(guesses) | columns
        case _:
            pass
    return columns, questions


def _windows(layout: Layout, guesses: Sequence[Guess]) -> tuple[Rows, Questions, set[str], dict[str, Any]]:
    """What tells the windows of a file of hours in another way than by a column for each of WINDOW.

    Rows of a mapping, questions, names of the columns, and the columns of the kind that are filled, with their rules
    as far as they are not in the rows.
    """
    if (week := rows_of_weeks(layout, guesses)) is not None:
        rows, asked, names = week
        return rows, [*asked, *days_left_out(layout, guesses, names)], names, dict.fromkeys(WINDOW)
    if (found := periods(layout)) is not None:
        columns, questions, names = found
        return [], questions, names, columns
    if (spans := rows_of_spans(layout, guesses)) is not None:
        return *spans, dict.fromkeys(WINDOW[1:])
    return [], [], set(), {}


def _columns(
    kind: DatasetKind, layout: Layout, guesses: Sequence[Guess], taken: set[str], *, given: Collection[str]
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
        if found is None and column.type.name in WHOLE:
            found = parted_number(column, layout, guesses, taken, is_of_pulls=kind.name == "pull_requests")
        if found is None:
            continue
        if is_nameless and found.what == "instant" and column.name != "timestamp_utc":
            questions.append((f"The file has no header: is column {found.name} {column.name}?", "yes"))
        taken.add(found.name)
        texts = layout.column(guesses.index(found))
        rule = rule_for(column.type.name, found)
        if column.type.name in WHOLE and (parted := with_thousands(found.name, texts)) is not None:
            rule, asked = parted
            questions += asked
        trimmed = {"trim": True} if found.is_spaced else {}
        columns[column.name] = {"from": place(layout, found.name), **trimmed, **rule}
        questions += found.questions if rule == found.rule else ()
        questions += numbered_days(column.type.name, found, texts, layout.names)
        questions += numbered_times(column.type.name, found, texts)
    questions += unread(kind, guesses, {*columns, *given}, taken) + uncounted(kind, layout, guesses)
    return _with_hours(columns), questions


def _numbered_store(guesses: Sequence[Guess]) -> dict[str, Any]:
    """The key of records that are a store each, by the number that they have."""
    found = next((one.name for one in guesses if plain(one.name) in _NUMBERS_OF_STORES and one.what != "nothing"), None)
    return {} if found is None else {"store_id": {"from": found}}


def _is_of_times(guesses: Sequence[Guess], columns: Mapping[str, Any], taken: set[str]) -> bool:
    """Whether a file tells of times rather than of stores, so that a name in it is no detail; nor is a remark."""
    is_remark = plain(str(columns.get("name", {}).get("from", ""))) in REMARKS
    left = [one.what for one in guesses if one.name not in taken]
    tells_when = left.count("instant") > 1 or {"instant", "status"} <= {*left}
    return is_remark or tells_when or not _OF_TIME.isdisjoint(left)


def _missing(kind: DatasetKind, columns: Mapping[str, Any], *, given: Container[str]) -> list[str]:
    """The columns that the kind needs and the file seems not to have, without those in whose place another one is."""
    needed = [one.name for one in kind.columns if one.required and one.instead_of is None]
    instead = {one.instead_of for one in kind.columns if one.name in columns}
    missing = [name for name in needed if name not in columns and name not in instead and name not in given]
    of_stores = {"team", "entity", "entity_kind", "store_id"}
    if columns and columns.keys() <= of_stores and not missing and not given:  # details, of which the file has none
        return [one.name for one in kind.columns if one.name not in of_stores][:1]
    return missing


def _with_hours(columns: dict[str, Any]) -> dict[str, Any]:
    """Opening hours bring their start and end along."""
    if "hours" not in columns.get("day", {}):
        return columns
    return {name: rule for name, rule in columns.items() if name not in {"start_time_local", "end_time_local"}}


def with_given(one: Proposal, given: Mapping[str, str]) -> Proposal:
    """The proposal with columns that have one text in every row, and without the questions that they answer."""
    if one.document is None or not given:
        return one
    settled = tuple(f"--set {name}=" for name in given)
    return replace(
        one,
        document=written(with_values(read_mapping(dict(one.document)), given)),
        questions=tuple(question for question in one.questions if not any(name in question[0] for name in settled)),
        missing=tuple(name for name in one.missing if name not in given),
    )
