"""Errors whose words take time to find: they are found when somebody reads them, not while a connection is held."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from app.errors import OpenhoursError


class WordedLate(OpenhoursError):
    """To be derived from together with the class of the error, as the first base.

    Args:
        words: returns an error with the message and the details; called once, when either is first read.
    """

    def __init__(self, words: Callable[[], OpenhoursError]) -> None:
        Exception.__init__(self)
        self._words = words

    @cached_property
    def _error(self) -> OpenhoursError:
        return self._words()

    @cached_property
    def message(self) -> str:  # type: ignore[override]  # found late, then as any other
        return self._error.message

    @cached_property
    def details(self) -> Any:  # type: ignore[override]  # as above
        return self._error.details

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return self._error.__reduce__()
