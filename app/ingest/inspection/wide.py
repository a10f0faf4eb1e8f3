"""Polls of which each store has a column of its own, as dashboards export them: a time, then shop, api, mail."""

from collections.abc import Sequence
from typing import Any

from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import ALSO, names_store, plain, plain_words
from app.ingest.inspection.questions import Questions, null_words, questions_of
from app.ingest.inspection.words import HTTP_CODES, SAYS_UP


def stores_as_columns(layout: Layout, guesses: Sequence[Guess]) -> tuple[dict[str, Any], Questions] | None:
    """The mapping of such a file, and its questions; None: it is another one."""
    instants = [one for one in guesses if one.what == "instant"]
    stores = [one for one in guesses if one.what == "status" and one.rule.get("words") != HTTP_CODES]
    others = [one for one in guesses if one.what not in {"instant", "status", "nothing"}]
    named = {plain(one.name) for one in guesses}
    is_long = not named.isdisjoint({"storeid", "status", *ALSO["status"]})
    # Columns of stores are written alike and named by stores: 1, ja of Laden, Erreichbar are a number and a status.
    is_long = is_long or len({one.are_digits for one in stores}) > 1
    is_long = is_long or any(
        SAYS_UP.fullmatch(plain_words(one.name)) or names_store(one.name) is not None for one in stores
    )
    if layout.document.get("header") is False or len(instants) != 1 or len(stores) < 2 or others or is_long:
        return None
    words = {text: status for one in stores for text, status in one.rule.get("words", {}).items()}
    if words:  # all are read alike
        words |= {status: status for one in stores if not one.rule for status in one.examples}
    rule = {"words": words} if words else {}
    rows = [
        {
            "columns": {"store_id": {"value": one.name}, "status": {"from": one.name, **rule}},
            "where": {one.name: {"not": [""]}},
        }
        for one in stores
    ]
    columns = {"timestamp_utc": {"from": instants[0].name, **instants[0].rule}}
    document = {"kind": "polls", **layout.document, **null_words(layout), "columns": columns, "rows": rows}
    listed = ", ".join(one.name for one in stores[:3]) + (", …" if len(stores) > 3 else "")
    unknown = [one for store in stores for one in store.questions if "what does" in one[0]]
    asked = [*instants[0].questions, *unknown]
    return document, [*questions_of(layout), *asked, (f"Is each other column a store: {listed}?", "yes")]
