"""What a schema allows, in words."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, BeforeValidator, Field

from app.wording.allowed import allowed, member
from app.wording.numbers import in_digits


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, None),
        ({"description": "anything"}, None),
        ({"type": "string"}, "a text"),
        ({"type": "string", "format": "password"}, "a text"),
        ({"type": "string", "minLength": 3}, "a text of at least 3 characters"),
        ({"type": "string", "maxLength": 9}, "a text of at most 9 characters"),
        ({"type": "string", "minLength": 1, "maxLength": 255}, "a text of 1 to 255 characters"),
        ({"type": "string", "pattern": "^a+$"}, "a text of the form ^a+$"),
        ({"type": "string", "format": "date-time"}, "an instant in ISO 8601 with Z or an offset"),
        ({"type": "string", "format": "date"}, "a date such as 2024-12-31"),
        ({"type": "integer"}, "a whole number"),
        ({"type": "integer", "minimum": 1, "maximum": 720}, "a whole number from 1 to 720"),
        ({"type": "integer", "minimum": 0.0, "maximum": 6.0}, "a whole number from 0 to 6"),
        ({"type": "number", "minimum": 0.5}, "a number of at least 0.5"),
        ({"type": "integer", "minimum": 0}, "a whole number of at least 0"),
        ({"type": "number", "maximum": 30}, "a number of at most 30"),
        ({"type": "number", "exclusiveMinimum": 0}, "a number above 0"),
        ({"type": "boolean"}, "true or false"),
        ({"type": "array"}, "a list"),
        ({"type": "array", "items": {"type": "string"}, "minItems": 1}, "a list of texts, at least 1"),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 9}, "a list of whole numbers, at most 9"),
        ({"type": "object"}, "an object"),
        ({"type": "object", "properties": {"a": {}, "b": {}}}, "an object with a, b"),
        ({"enum": ["up", "down"], "type": "string"}, "one of up, down"),
        ({"const": "up", "type": "string"}, "one of up"),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, "true or false"),
    ],
)
def test_a_schema_in_words(schema: dict[str, Any], words: str | None) -> None:
    assert allowed(schema) == words


DAY = {"type": "integer", "minimum": 0, "maximum": 6}

#: As pydantic and OpenAPI write them: references, lists, and what may be null.
WEEK = {
    "type": "object",
    "properties": {
        "hours": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/Window"}}, {"type": "null"}]},
        "state": {"$ref": "#/$defs/State"},
    },
    "$defs": {
        "Window": {"type": "object", "properties": {"day": DAY}},
        "State": {"enum": ["open", "shut"], "type": "string"},
    },
}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ([], "an object with hours, state"),
        (["hours"], "a list of objects"),
        (["hours", 3], "an object with day"),
        (["hours", 3, "day"], "a whole number from 0 to 6"),
        (["state"], "one of open, shut"),
    ],
)
def test_a_part_of_a_schema_is_found_by_its_path(path: list[int | str], words: str) -> None:
    found = member(WEEK, path)
    assert found is not None
    assert allowed(found) == words


@pytest.mark.parametrize("path", [["nosuch"], ["hours", "day"], ["state", "x"], ["hours", 0, "day", "x"]])
def test_what_is_not_described_is_not_found(path: list[int | str]) -> None:
    assert member(WEEK, path) is None


#: Variants that a member tells apart, as of a request that names what it is about.
EITHER = {
    "oneOf": [
        {
            "type": "object",
            "properties": {
                "mode": {"const": mode, "type": "string"},
                "level": DAY,
                "part": {"$ref": f"#/$defs/{part}"},
            },
        }
        for mode, part in (("fast", "Window"), ("slow", "Other"))
    ],
    "$defs": {
        "Window": {"type": "object", "properties": {"day": DAY}},
        "Other": {"type": "object", "properties": {"night": DAY}},
    },
}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ([], "an object with mode, level, part"),
        (["mode"], "one of fast, slow"),
        (["level"], "a whole number from 0 to 6"),
        (["part"], "an object"),
    ],
)
def test_variants_are_told_as_one_object_with_what_any_of_them_has(path: list[str], words: str) -> None:
    assert allowed(member(EITHER, path) or {}) == words


def test_bounds_behind_a_check_of_our_own_are_told() -> None:
    class Asked(BaseModel):
        lines: Annotated[int, BeforeValidator(in_digits), Field(ge=0, le=9)]
        length: Annotated[int, BeforeValidator(in_digits), Field(ge=0)]

    schema = Asked.model_json_schema()
    assert allowed(member(schema, ["lines"]) or {}) == "a whole number from 0 to 9"
    assert allowed(member(schema, ["length"]) or {}) == "a whole number of at least 0"
