"""What is particular to polls: words for a status, a date and a time in columns of their own, zones."""

from collections.abc import Sequence
from typing import Any

from app.ingest.inspection.clocks import with_clock
from app.ingest.inspection.fitting import place, read_by
from app.ingest.inspection.guesses import MOST_WORDS, Guess, unknown_word
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import ALSO, plain
from app.ingest.inspection.questions import Questions, durations


def completed_polls(
    layout: Layout, guesses: Sequence[Guess], columns: dict[str, Any], taken: set[str], questions: Questions
) -> Questions:
    """The questions of polls; completes the rule of their instants where other columns have a part of it."""
    if "status" not in columns:
        questions = questions + _unknown_words(layout, guesses, columns, taken) + durations(guesses)
    column = read_by(columns.get("timestamp_utc"), guesses, layout)
    if column is None:
        return questions
    rule, questions = with_clock(layout, guesses, column, taken, columns["timestamp_utc"], questions)
    columns["timestamp_utc"] = rule
    return questions


def _unknown_words(layout: Layout, guesses: Sequence[Guess], columns: dict[str, Any], taken: set[str]) -> Questions:
    """What is to be asked of a column of words none of which is known."""
    texts = [guess for guess in guesses if guess.what == "text" and guess.name not in taken]
    names = ("status", *ALSO["status"])
    found = next((guess for name in names for guess in texts if plain(guess.name) == name), None)
    if found is None:
        return []
    words = list(dict.fromkeys(text for text in layout.column(guesses.index(found)) if text))
    if len(words) > MOST_WORDS:
        return []
    taken.add(found.name)
    columns["status"] = {"from": place(layout, found.name)}
    return [(unknown_word(found.name, word), "") for word in words]
