"""A question to a server that stands still ends; those that ask meanwhile do not pile up."""

from threading import Event

import pytest

from app.errors import DatabaseUnavailable, Unavailable
from app.storage.in_time import InTime


def test_an_answer_in_time_is_given_anew_each_time() -> None:
    answers = iter((1, 2))
    asked = InTime(lambda: next(answers), seconds=30, of="Silent", error=DatabaseUnavailable)
    assert (asked.answer(), asked.answer()) == (1, 2)


def test_an_error_in_time_is_raised() -> None:
    def fail() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        InTime(fail, seconds=30, of="Silent", error=DatabaseUnavailable).answer()


def test_a_question_without_an_answer_is_not_asked_again_until_there_is_one() -> None:
    released, asked_for = Event(), []

    def ask() -> str:
        asked_for.append(1)
        released.wait(60)
        return "at last"

    asked = InTime(ask, seconds=0.05, of="Silent", error=DatabaseUnavailable)
    for _ in range(3):
        with pytest.raises(Unavailable, match="Silent"):
            asked.answer()
    assert len(asked_for) == 1
    released.set()
    patient = InTime(ask, seconds=30, of="Silent", error=DatabaseUnavailable)
    assert patient.answer() == "at last"
