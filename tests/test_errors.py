"""The error tree: each class has a code of its own, a status, and a place in the documentation."""

import inspect
import pickle

import pytest

from app import errors
from app.errors import OpenhoursError

CLASSES = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, OpenhoursError)]


def test_codes_are_unique_and_statuses_are_errors() -> None:
    codes = [one.code for one in CLASSES]
    assert len(set(codes)) == len(codes) > 10
    assert all(400 <= one.status < 600 and one.title for one in CLASSES)


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.__name__)
def test_every_class_stands_in_the_tree_of_the_docstring(one: type[OpenhoursError]) -> None:
    assert one.__name__ in str(errors.__doc__)


def test_an_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(errors.InvalidParameters("no", received=1)))  # noqa: S301 - our own bytes
    assert isinstance(error, errors.InvalidParameters)
    assert (error.message, error.details) == ("no", {"received": 1})
