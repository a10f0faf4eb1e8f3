"""The error tree: each class has a code of its own, a status, and a place in the documentation."""

import inspect
import pickle
import re

from app import errors
from app.errors import OpenhoursError

CLASSES = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, OpenhoursError)]


def test_codes_are_unique_and_statuses_are_errors() -> None:
    codes = [one.code for one in CLASSES]
    assert len(set(codes)) == len(codes) > 10
    assert all(400 <= one.status < 600 and one.title for one in CLASSES)


def drawn(tree: str) -> dict[str, str]:
    """The parent of each class of a tree that is drawn with lines, each level four columns to the right."""
    above: list[str] = []
    parents = {}
    for line in tree.splitlines():
        if branch := re.match(r"((?:│   |    )*)[├└]── (\w+)", line):
            level = len(branch[1]) // 4 + 1
            parents[branch[2]] = above[level - 1]
            above[level:] = [branch[2]]
        elif root := re.fullmatch(r"\w+", line):
            above = [root[0]]
    return parents


def test_the_docstring_draws_the_tree_of_the_classes() -> None:
    assert drawn(str(errors.__doc__)) == {
        one.__name__: one.__bases__[0].__name__ for one in CLASSES if one is not OpenhoursError
    }


def test_an_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(errors.InvalidParameters("no", received=1)))  # noqa: S301 - our own bytes
    assert isinstance(error, errors.InvalidParameters)
    assert (error.message, error.details) == ("no", {"received": 1})
