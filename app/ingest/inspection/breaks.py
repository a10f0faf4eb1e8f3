"""Columns of breaks in files of hours, such as that at noon, which a mapping would leave out."""

import re
from collections.abc import Collection, Sequence
from typing import Final

from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.names import parted
from app.ingest.inspection.questions import Questions

_BREAK: Final = re.compile(
    r"\b(lunch(time)?|breaks?|midday|siesta|mittags?(pausen?)?|pausen?|déjeuner|midi|almuerzo|descanso|pranzo|pausa)\b"
)


def breaks(guesses: Sequence[Guess], taken: Collection[str]) -> Questions:
    """The question of columns of breaks that nothing is read from: a store would count as open in them."""
    left = [one for one in guesses if one.name not in taken and one.what != "nothing"]
    found = [one.name for one in left if _BREAK.search(parted(one.name).lower())]
    if not found:
        return []
    asked = f"{', '.join(found[:2])}: is a store closed then? Then make two rows of each record with rows: one that "
    return [(f"{asked}ends where the break begins, and one that starts where it ends.", "")]
