"""Columns whose names say what they are, but not all of whose texts say it in a way that is read as it is."""

import re
from collections.abc import Collection, Sequence
from typing import Any, Final

from app.ingest.inspection.fitting import named
from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.questions import Questions
from app.ingest.inspection.words import is_empty
from app.ingest.kind import Column, DatasetKind
from app.mapping.translation import number

#: Types of columns that are whole numbers.
WHOLE: Final = ("number", "whole number")

#: Whole numbers with signs between thousands, by the form of a rule.
_PARTED: Final = {
    "1,234.5": re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.0+)?"),
    "1.234,5": re.compile(r"[0-9]{1,3}(\.[0-9]{3})+(,0+)?"),
}

#: One point in front of three digits, which may be a decimal point as well.
_MAY_BE_DECIMAL: Final = re.compile(r"[0-9]{1,3}\.[0-9]{3}")


def with_thousands(name: str, texts: Sequence[str]) -> tuple[dict[str, Any], Questions] | None:
    """The rule of whole numbers some of which have signs between thousands, with its question; None of others."""
    given = _given(texts)
    for form, parted in _PARTED.items():
        signed = [text for text in given if parted.fullmatch(text)]
        if signed and all(text.isdecimal() or parted.fullmatch(text) for text in given):
            asked = f"{name}: is {signed[0]!r} the whole number {number(signed[0], form)}? If not, change number."
            return {"number": form}, [(asked, "" if all(map(_MAY_BE_DECIMAL.fullmatch, signed)) else "yes")]
    return None


def parted_number(
    column: Column, layout: Layout, guesses: Sequence[Guess], taken: set[str], *, is_of_pulls: bool
) -> Guess | None:
    """The column that is named as this one of whole numbers and has them with signs between thousands."""
    found = named(column.name, column.type.name, guesses, taken, is_of_pulls=is_of_pulls)
    if found is None or with_thousands(found.name, layout.column(guesses.index(found))) is None:
        return None
    return found


def unread(kind: DatasetKind, guesses: Sequence[Guess], columns: Collection[str], taken: set[str]) -> Questions:
    """The questions of columns that are named as optional ones of the kind, and cannot be read as these.

    Without a question a load would leave them out, as if the file had nothing to say of them.
    """
    questions: Questions = []
    for column in kind.columns:
        if column.required or column.name in columns:
            continue
        found = named(column.name, column.type.name, guesses, taken, is_of_pulls=kind.name == "pull_requests")
        if found is not None and found.examples:
            taken.add(found.name)
            asked = f"{found.name}: is it {column.name}? Texts such as {found.examples[0]!r} cannot be read as a "
            asked += f"{column.type.name}. Give the column a rule that reads them, or write them otherwise."
            questions.append((asked, ""))
    return questions


def uncounted(kind: DatasetKind, layout: Layout, guesses: Sequence[Guess]) -> Questions:
    """The question of rows of counts that have no number, each of which a load would count as one."""
    if not kind.is_counts:
        return []
    found = named("count", "whole number", guesses, (), is_of_pulls=False)
    if found is None:
        return []
    texts = layout.column(guesses.index(found))
    without = len(texts) - sum(map(bool, (_given([text]) for text in texts)))
    if not without:
        return []
    asked = (
        f"{found.name}: {without} of the first rows have no number, and each would count as one. Leave them out with"
    )
    return [(f"{asked} where, or write a number.", "")]


def _given(texts: Sequence[str]) -> list[str]:
    """Texts that say something, without spaces around them."""
    return [text.strip() for text in texts if not is_empty(text)]
