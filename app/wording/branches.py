"""Errors of values that may be one of several things, in place of those that pydantic has for each of the things.

Of such a value pydantic tells what is wrong with it as each of them, and writes which one that is into the path of the
error: ``from.str``, ``where.T.tuple[str, ...].0``. Whoever sent the value has never seen those names.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from app.wording.allowed import Schema, is_union, names_variant, step_into

#: Type of the one error that stands for those of all the things that a value may be.
NONE_OF_THEM: Final = "none_of_the_variants"

#: Types of errors that checks of our own raise: a value that came as far as to one is of the type that is checked.
OURS: Final = ("value_error", "assertion_error")

#: Errors of an object that has other members than it should: it is likely to be none of this kind at all.
_OTHER_MEMBERS: Final = ("missing", "extra_forbidden")

#: Members of a list from this one on are alike; those of a tuple are not.
_TOLD_APART: Final = 9

#: Paths that are remembered while one refusal is worded.
_REMEMBERED: Final = 1000

_Path = tuple[int | str, ...]


def without_branches(errors: Iterable[Mapping[str, Any]], schema: Schema) -> list[Mapping[str, Any]]:
    """The errors with the paths that the sender knows, and one for each value that is none of what it may be.

    Args:
        errors: of pydantic.
        schema: JSON Schema of all that came.
    """
    names: dict[_Path, tuple[list[int], int | None]] = {}
    found: list[Mapping[str, Any]] = []
    several: dict[_Path, list[Mapping[str, Any]]] = {}
    for error in errors:
        loc: _Path = tuple(error["loc"])
        shape = tuple(min(step, _TOLD_APART) if isinstance(step, int) else step for step in loc)
        if shape not in names:  # of thousands of members that are alike, one is looked up
            if len(names) == _REMEMBERED:  # thousands that have names of their own would fill the memory
                names.clear()
            names[shape] = _names_of_branches(shape, schema)
        dropped, union = names[shape]
        plain = {**error, "loc": tuple(step for at, step in enumerate(loc) if at not in dropped)} if dropped else error
        if union is None:
            found.append(plain)
            continue
        place = loc[:union]
        if place not in several:
            several[place] = []
            found.append({"type": NONE_OF_THEM, "loc": plain["loc"][: union - sum(at < union for at in dropped)]})
        several[place].append({**plain, "branch": loc[union], "depth": len(loc) - union - 1})
    branches = iter(several.values())
    each = (_told(error, next(branches)) if error["type"] == NONE_OF_THEM else [error] for error in found)
    return list(chain.from_iterable(each))


def _names_of_branches(loc: Sequence[int | str], schema: Schema) -> tuple[list[int], int | None]:
    """Where in a path names of variants stand, and which is the first of a value that may be several things."""
    found = step_into(schema, (), schema)
    dropped: list[int] = []
    union: int | None = None
    is_named = False
    for at, step in enumerate(loc):
        if found is None:
            break
        if not is_named and names_variant(found, step):
            dropped.append(at)
            union = at if union is None and is_union(found) else union
            is_named = True
            continue
        found, is_named = step_into(found, (step,), schema), False
    return dropped, union


def _told(union: Mapping[str, Any], errors: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """What is wrong in the one variant that a value surely is meant to be, or else that it is none of them."""
    refused = {error["branch"] for error in errors if error["depth"] == 0 and error["type"] not in OURS}
    meant = {error["branch"] for error in errors} - refused
    inner = [error for error in errors if error["branch"] in meant]
    if len(meant) == 1 and not any(error["type"] in _OTHER_MEMBERS and error["depth"] == 1 for error in inner):
        return inner
    whole = [
        error["input"]
        for error in errors
        if "input" in error and (error["depth"] == 0 or (error["type"] == "missing" and error["depth"] == 1))
    ]
    return [{**union, "msg": "is none of what it may be", **({"input": whole[0]} if whole else {})}]
