"""Errors whose words are found when somebody reads them."""

import pickle

from app.errors import InvalidParameters
from app.wording.late import WordedLate


class UnknownThing(WordedLate, InvalidParameters):
    """Of this test."""


def test_the_words_are_found_once_and_only_when_they_are_read() -> None:
    found = []

    def words() -> InvalidParameters:
        found.append(1)
        return InvalidParameters("no such thing", received="x")

    error = UnknownThing(words)
    assert (error.code, error.status, found) == ("invalid_parameters", 422, [])
    assert (str(error), error.message, dict(error.details)) == ("no such thing", "no such thing", {"received": "x"})
    assert found == [1]
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (type(copy), copy.message, copy.details) == (InvalidParameters, "no such thing", {"received": "x"})
