"""Columns that dataset kinds share whose rows a source such as GitHub collects."""

from typing import Final

from app.ingest.column_types import LONG_NUMBER, NUMBER, REPOSITORY, TEXT, TRUTH
from app.ingest.kind import Column

REPO: Final = Column("repo", REPOSITORY, example="openhours/api")
NUMBER_IN_REPO: Final = Column("number", NUMBER, example="1042")


def person(name: str) -> tuple[Column, Column, Column]:
    """Who it was: the login, the numeric id that stays when the login changes, and whether it is a bot.

    All three are empty for an account that was deleted.
    """
    return (
        Column(name, TEXT, example="ada", required=False),
        Column(f"{name}_id", LONG_NUMBER, example="9007199254740993", required=False),
        Column(f"{name}_is_bot", TRUTH, example="false", required=False),
    )
