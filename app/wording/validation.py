"""What pydantic finds wrong, in words of ours: the one place that reads its errors."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from app.errors import InvalidParameters
from app.wording.allowed import LIST, TEXT, Schema, allowed, is_secret, member
from app.wording.branches import NONE_OF_THEM, OURS, without_branches
from app.wording.broken_json import json_trouble
from app.wording.suggestions import meant
from app.wording.wrong_values import MOST, WrongValue, invalid_parameters

#: What pydantic writes before the words of checks of our own.
_OURS: Final = dict(zip(OURS, ("Value error, ", "Assertion failed, "), strict=True))

#: How a reason begins that names by itself what is wrong, such as a part of the value.
_SUBJECTS: Final = ("'", '"', "the ")

#: What pydantic takes for no JSON although Python reads it.
_HALF: Final = "it has half of a surrogate pair such as \\ud800, which is no character"


def invalid(
    error: ValidationError, schema: Schema, *, whole: str, subject: str | None = None, within: str | None = None
) -> InvalidParameters:
    """The refusal of parameters that a model did not accept.

    Args:
        error: what the model said.
        schema: JSON Schema of the model.
        whole: name of what holds the parameters.
        subject: what they are parameters of.
        within: name of the parameter that they are members of.
    """
    errors = without_branches(error.errors(include_url=False), schema)
    before = [] if within is None else [within]
    values = [
        wrong_value(one, one["loc"], schema, name=".".join(map(str, [*before, *one["loc"]])) or whole)
        for one in errors[:MOST]
    ]
    return invalid_parameters(values, count=len(errors), subject=subject)


def wrong_value(error: Mapping[str, Any], path: Sequence[int | str], schema: Schema, *, name: str) -> WrongValue:
    """One error of pydantic.

    Args:
        error: with its ``type``, ``msg``, ``input`` and ``ctx``; of a model with unions, out of without_branches().
        path: where in what the schema describes.
        schema: JSON Schema of all that came.
        name: what the value is called.
    """
    described = member(schema, path)
    words = allowed(described) if described is not None else None
    match error["type"]:
        case "missing":
            return WrongValue(parameter=name, received=None, reason="is missing", allowed=words, is_shown=False)
        case "extra_forbidden":
            return _unknown(name, error.get("input"), path, schema)
        case "json_invalid":  # its value would be all of the text
            return WrongValue(parameter=name, received=None, reason=_no_json(error), allowed=words, is_shown=False)
    is_ours = error["type"] in _OURS
    is_hidden = is_secret(described) or (error["type"] == NONE_OF_THEM and "input" not in error)
    reason = _reason(error, words)
    if is_ours and not path:  # of several parameters together, which it names
        return WrongValue(parameter=name, received=error.get("input"), reason=reason, is_shown=False)
    return WrongValue(
        parameter=name,
        received=None if is_hidden else error.get("input"),
        reason=reason,
        allowed=None if is_ours and _may_be_text(words) else words,  # our check has said more than that
        is_shown=not is_hidden and not reason.startswith(_SUBJECTS),
        is_whole=not (is_ours and _may_be_list(words)),
    )


def _may_be_text(words: str | None) -> bool:
    return words is not None and TEXT in words.split(" or ")


def _may_be_list(words: str | None) -> bool:
    return words is None or any(one.startswith(LIST) for one in words.split(" or "))


def _no_json(error: Mapping[str, Any]) -> str:
    text = error["input"]
    if not text.strip():
        return "is empty"
    try:
        json.loads(text)
    except (ValueError, RecursionError) as trouble:
        return f"is not valid JSON: {json_trouble(trouble)}"
    is_deep = "recursion" in str(error["ctx"]["error"])  # pydantic reads fewer levels
    return f"is not valid JSON: {json_trouble(RecursionError()) if is_deep else _HALF}"


def _unknown(name: str, received: Any, path: Sequence[int | str], schema: Schema) -> WrongValue:
    holder = member(schema, path[:-1]) or {}
    known = sorted(holder.get("properties", ()))
    likest = meant(str(path[-1]), known)
    return WrongValue(
        parameter=name, received=received, reason="is not known", allowed=known, nearest=likest, is_shown=False
    )


def _reason(error: Mapping[str, Any], allowed_words: str | None) -> str:
    """Why a value is wrong: what a check of our own says, or else that it is not what is allowed."""
    said: str = error["msg"]
    if prefix := _OURS.get(error["type"]):
        return said.removeprefix(prefix)
    if allowed_words is not None:
        return f"is not {allowed_words}"
    return said.replace("Input should", "must", 1)
