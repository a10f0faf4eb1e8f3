"""What is particular to pull requests: numbers in addresses, and ends of which only a state tells what they were."""

from collections.abc import Sequence
from typing import Any, Final

from app.ingest.inspection.fitting import place
from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import plain, word_of_time
from app.ingest.inspection.questions import Questions
from app.ingest.inspection.words import YES

#: Words for a pull request that was merged, in small letters; Azure DevOps says completed.
_MERGED: Final = frozenset(("merged", "completed"))


#: Columns that say what became of a pull request: in words, or whether it was merged.
_STATES: Final = ("state", "status", "merged", "ismerged")
_FLAGS: Final = frozenset(("merged", "ismerged"))

#: Words in the name of a column of ends that says of neither what it is.
_ENDED: Final = frozenset(("completed", "completion", "ended", "end", "finished", "resolved"))


def numbered(layout: Layout, guesses: Sequence[Guess], columns: dict[str, Any]) -> None:
    """Complete the columns with the number that stands in the address of a pull request, if nothing else names it."""
    found = next((one for one in guesses if one.what == "address" and "between" in one.rule), None)
    if "number" not in columns and found is not None:
        columns["number"] = {"from": place(layout, found.name), "between": [found.rule["between"][1], ""]}


def ends_by_state(
    layout: Layout, guesses: Sequence[Guess], columns: dict[str, Any]
) -> tuple[list[dict[str, Any]], Questions]:
    """Rows of a mapping, and questions, of a file that says which pull requests were merged or closed, but not when.

    Those that were merged are taken as merged when they were closed, which the columns then no longer have.
    """
    at = next((at for name in _STATES for at, guess in enumerate(guesses) if plain(guess.name) == name), None)
    if at is None:
        return [], []
    state, words = guesses[at].name, layout.column(at)
    is_flag = plain(state) in _FLAGS
    merged = list(dict.fromkeys(word for word in words if word.strip().lower() in (YES if is_flag else _MERGED)))
    if merged and "merged_at" not in columns and (closed := _closed(layout, guesses, columns)) is not None:
        name = place(layout, state)
        told = f"{state}: were those that are {merged[0]} merged when they were closed?"
        rows: list[dict[str, Any]] = [
            {"columns": {"merged_at": closed, "closed_at": closed}, "where": {name: merged}},
            {"columns": {"closed_at": closed}, "where": {name: {"not": merged}}},
        ]
        return rows, [(told, "yes")]
    asked = []
    for ended, column, count in (
        ("closed", "closed_at", sum(word.lower() == "closed" for word in words)),
        ("merged", "merged_at", sum(word in merged for word in words)),
    ):
        if count and column not in columns:
            told = f"{state}: no column says when those were {ended} that are, {count} of the first rows."
            asked.append((f"{told} What are they?", "open"))
    return [], asked


def _closed(layout: Layout, guesses: Sequence[Guess], columns: dict[str, Any]) -> dict[str, Any] | None:
    """The rule of the end of a pull request, which the columns then no longer have."""
    if (rule := columns.pop("closed_at", None)) is not None:
        return dict(rule)
    ends = (one for one in guesses if one.what == "instant" and word_of_time(one.name) in _ENDED)
    found = next(ends, None)
    return None if found is None else {"from": place(layout, found.name), **found.rule}
