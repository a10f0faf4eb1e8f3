"""Who wrote and who reviewed pull requests: bots, and authors who approve what they wrote."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from app.ingest.inspection.fitting import place, read_by
from app.ingest.inspection.guesses import MOST_WORDS, Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import plain
from app.ingest.inspection.questions import Questions

#: Columns of what the account of an author is.
_TYPES: Final = (
    *("authortype", "authorkind", "authoraccounttype", "usertype", "userkind", "useraccounttype", "accounttype"),
    "createdbytype",
)

#: What hosts call accounts, in small letters: only one of them is not a person's.
_BOT: Final = "bot"
_KNOWN: Final = frozenset((_BOT, "user", "organization", "mannequin", "human", "person"))

#: Columns of who reviewed or approved.
_REVIEWERS: Final = (
    *("reviewer", "reviewers", "reviewedby", "firstreviewer", "firstreviewby", "reviewerlogin", "reviewername"),
    *("approver", "approvers", "approvedby", "approverlogin", "approvername"),
)

#: Instants that somebody other than the author must have given.
_BY_OTHERS: Final = ("first_review_at", "approved_at")


def bots(layout: Layout, guesses: Sequence[Guess], columns: dict[str, Any], taken: Collection[str]) -> Questions:
    """The question of a column of types of accounts; completes the columns with whether the author is a bot."""
    found = _named(_TYPES, guesses)
    if found is None or "author_is_bot" in columns or found.name in taken:
        return []
    words = list(dict.fromkeys(text.strip() for text in layout.column(guesses.index(found)) if text.strip()))
    if {word.lower() for word in words} <= _KNOWN:
        columns["author_is_bot"] = {
            "from": place(layout, found.name),
            "trim": True,
            "lower": True,
            "words": {_BOT: "true", "*": "false"},
        }
        return []
    if len(words) > MOST_WORDS:
        return []
    shown = ", ".join(map(repr, words[:3]))
    return [(f"{found.name}: which of {shown} are bots? Add author_is_bot, with words that say true or false.", "")]


def own_reviews(layout: Layout, guesses: Sequence[Guess], columns: dict[str, Any]) -> Questions:
    """The question of reviews and approvals by the authors themselves, which count for none."""
    author = read_by(columns.get("author"), guesses, layout)
    reviewer = _named(_REVIEWERS, guesses)
    given = [name for name in _BY_OTHERS if name in columns]
    if author is None or reviewer is None or reviewer is author or not given:
        return []
    pairs = zip(*(layout.column(guesses.index(one)) for one in (author, reviewer)), strict=True)
    own = sum(bool(first.strip()) and first.strip().lower() == second.strip().lower() for first, second in pairs)
    if not own:
        return []
    asked = f"{reviewer.name}: in {own} of the first rows it is the author, whose own review does not count. Empty "
    return [(f"{asked}{' and '.join(str(columns[name].get('from', name)) for name in given)} in such rows.", "")]


def _named(names: Sequence[str], guesses: Sequence[Guess]) -> Guess | None:
    return next((one for name in names for one in guesses if plain(one.name) == name), None)
