"""Wrong parameters in words: what came, what is allowed, what was meant, and nothing of the library's own."""

import re
from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from app.errors import InvalidParameters
from app.wording.validation import invalid
from app.wording.wrong_values import WrongValue

#: Words of pydantic that mean nothing to whoever sent JSON.
JARGON = re.compile(r"Input|Value error|Assertion|dictionary|extract|instance|Extra|Field required|None|a valid ")


class Part(BaseModel):
    number: int


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    needed: str
    count: int = Field(1, ge=1, le=9)
    share: float = Field(0.5, gt=0, allow_inf_nan=False)
    mode: Literal["fast", "slow"] = "fast"
    names: list[str] = Field(["a"], min_length=1)
    parts: list[Part] = []
    day: date | None = None
    key: UUID | None = None
    token: SecretStr | None = Field(None, min_length=3)
    even: int = 0
    checked: str = ""

    @field_validator("even")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("is odd")
        return value

    @field_validator("checked")
    @classmethod
    def _checked(cls, value: str) -> str:
        if part := value.partition(",")[2]:
            raise ValueError(f"{part!r} is one too many")
        return value


def refused(**given: Any) -> InvalidParameters:
    with pytest.raises(ValidationError) as caught:
        Asked.model_validate({"needed": "x"} | given)
    return invalid(caught.value, Asked.model_json_schema(), whole="params", subject="thing")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"count": 0}, "count: 0 is not a whole number from 1 to 9"),
        ({"count": 10}, "count: 10 is not a whole number from 1 to 9"),
        ({"count": "x"}, "count: 'x' is not a whole number from 1 to 9"),
        ({"count": None}, "count: null is not a whole number from 1 to 9"),
        ({"share": 0}, "share: 0 is not a number above 0"),
        ({"share": float("inf")}, "share: Infinity is not a number above 0"),
        ({"mode": "slowly"}, "mode: 'slowly' is not one of fast, slow"),
        ({"names": []}, "names: [] is not a list of texts, at least 1"),
        ({"names": "a"}, "names: 'a' is not a list of texts, at least 1"),
        ({"names": ["a", 1]}, "names.1: 1 is not a text"),
        ({"parts": [{"number": 1}, {"number": "x"}]}, "parts.1.number: 'x' is not a whole number"),
        ({"parts": [{}]}, "parts.0.number: is missing; allowed: a whole number"),
        ({"parts": [3]}, "parts.0: 3 is not an object with number"),
        ({"day": "yesterday"}, "day: 'yesterday' is not a date such as 2024-12-31"),
        ({"key": "x"}, "key: 'x' is not a UUID"),
        ({"even": 3}, "even: 3 is odd; allowed: a whole number"),
        ({"checked": "a,b"}, "checked: 'b' is one too many"),
        (
            {"counts": 1},
            "counts: is not known (did you mean 'count'?); allowed: " + ", ".join(sorted(Asked.model_fields)),
        ),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(given: dict[str, Any], sentence: str) -> None:
    error = refused(**given)
    assert error.message == f"thing: {sentence}"
    assert not JARGON.search(error.message)


def test_programs_are_told_the_same_as_people() -> None:
    assert refused(count=0).details["errors"] == [
        {
            "parameter": "count",
            "received": 0,
            "reason": "is not a whole number from 1 to 9",
            "allowed": "a whole number from 1 to 9",
        }
    ]
    (unknown,) = refused(counts=7).details["errors"]
    assert (unknown["parameter"], unknown["received"], unknown["nearest"]) == ("counts", 7, ["count"])
    assert unknown["allowed"] == sorted(Asked.model_fields)


def test_a_secret_is_not_repeated() -> None:
    error = refused(token="ab")
    assert error.details["errors"][0]["received"] is None
    assert "ab" not in error.message.replace("able", "")


def test_of_many_wrong_values_the_first_20_are_told_each_with_its_own_and_the_rest_counted() -> None:
    error = refused(names=list(range(10_000)))
    errors = error.details["errors"]
    assert [one["parameter"] for one in errors] == [f"names.{number}" for number in range(20)]
    assert [one["received"] for one in errors] == list(range(20))
    assert error.message.endswith("names.19: 19 is not a text; and 9,980 more")


def test_exactly_20_are_told_without_a_rest() -> None:
    error = refused(names=list(range(20)))
    assert len(error.details["errors"]) == 20
    assert error.message.endswith("names.19: 19 is not a text")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("  ", "is empty"),
        ('{"needed": "x",}', "is not valid JSON: there is a comma too many (line 1, column 15)"),
        (
            '{"needed": "x"\n "count": 3}',
            "is not valid JSON: a comma or a closing bracket is missing (line 2, column 2)",
        ),
        ("[" * 300 + "]" * 300, "is not valid JSON: it is nested too deeply"),
        ("[" * 100_000, "is not valid JSON: it is nested too deeply"),
    ],
)
def test_a_text_that_is_no_json_is_told_with_the_place(text: str, reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Asked.model_validate_json(text)
    (told,) = invalid(caught.value, Asked.model_json_schema(), whole="document").details["errors"]
    assert (told["parameter"], told["received"], told["reason"]) == ("document", None, reason)


def test_a_check_of_several_parameters_names_them_itself() -> None:
    class Together(BaseModel):
        first: int = 0
        second: int = 0

        @model_validator(mode="after")
        def _one(self) -> Self:
            if self.first and self.second:
                raise ValueError("first cannot be combined with second")
            return self

    with pytest.raises(ValidationError) as caught:
        Together.model_validate({"first": 1, "second": 2})
    error = invalid(caught.value, Together.model_json_schema(), whole="params", subject="thing")
    assert error.message == "thing: params: first cannot be combined with second"
    assert error.details["errors"] == [
        {
            "parameter": "params",
            "received": {"first": 1, "second": 2},
            "reason": "first cannot be combined with second",
        }
    ]


def test_half_a_surrogate_pair_is_told_without_all_of_what_came() -> None:
    with pytest.raises(ValidationError) as caught:
        Asked.model_validate_json('{"needed": "\\ud800"}')
    error = invalid(caught.value, Asked.model_json_schema(), whole="params")
    (told,) = error.details["errors"]
    assert (told["parameter"], told["received"]) == ("params", None)
    assert "half of a surrogate pair" in told["reason"]
    assert not JARGON.search(error.message)


class Letter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["letter"]
    pages: int | str
    to: Part | list[Part]


class Call(BaseModel):
    kind: Literal["call"]
    minutes: int


def _prime(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("is even")
    return value


class Many(BaseModel):
    place: int | str | None = None
    share: float | Literal["all"] = "all"
    texts: dict[str, list[str] | Part] = {}
    params: list[dict[str, str | int]] = []
    message: Annotated[Letter | Call, Field(discriminator="kind")] | None = None
    either: Call | Part | None = None
    token: SecretStr | int = 0
    odd: str | int = 1
    pair: tuple[int, int | str] = (1, 1)
    even: Asked | list[str] | None = None
    prime: Annotated[int, AfterValidator(_prime)] | bool | None = None

    @field_validator("odd")
    @classmethod
    def _odd(cls, value: str | int) -> str | int:
        if not value:
            raise ValueError("is not odd; give an odd number, or its name")
        return value


def letter(**given: Any) -> dict[str, Any]:
    return {"message": {"kind": "letter", "pages": 1, "to": {"number": 1}, **given}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"place": 1.5}, "place: 1.5 is not a whole number or a text"),
        ({"place": ["a"]}, "place: ['a'] is not a whole number or a text"),
        ({"share": "some"}, "share: 'some' is not a number or one of all"),
        ({"texts": {"T": {"in": ["x"]}}}, 'texts.T: {"in": ["x"]} is not a list of texts or an object with number'),
        ({"texts": {"T": ["a", 1]}}, "texts.T.1: 1 is not a text"),
        ({"texts": {"T": {"number": "x"}}}, "texts.T.number: 'x' is not a whole number"),
        ({"params": [{}, {"a": 1.5}]}, "params.1.a: 1.5 is not a text or a whole number"),
        (letter(pages=[]), "message.pages: [] is not a whole number or a text"),
        (letter(page=1), "message.page: is not known (did you mean 'pages'?); allowed: kind, minutes, pages, to"),
        (letter(to=[{"number": "x"}]), "message.to.0.number: 'x' is not a whole number"),
        (letter(to={}), "message.to: {} is not an object with number or a list of objects"),
        ({"message": {"kind": "call"}}, "message.minutes: is missing; allowed: a whole number"),
        ({"message": {"kind": "cal"}}, 'message: {"kind": "cal"} is not an object with kind, pages, to, minutes'),
        (
            {"either": {"kind": "call"}},
            'either: {"kind": "call"} is not an object with kind, minutes or an',
        ),
        ({"token": ["secret"]}, "token: is not a text or a whole number"),
        ({"pair": [1, 1.5]}, "pair.1: 1.5 is not a whole number or a text"),
        ({"even": {"needed": "x", "even": 3}}, "even.even: 3 is odd; allowed: a whole number"),
        ({"prime": 4}, "prime: 4 is even; allowed: a whole number or true or false"),
        ({"odd": 0}, "odd: 0 is not odd; give an odd number, or its name"),
    ],
)
def test_a_value_that_may_be_several_things_is_told_once_at_the_place_that_its_sender_knows(
    given: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        Many.model_validate(given)
    error = invalid(caught.value, Many.model_json_schema(), whole="params")
    assert error.message.startswith(said)
    assert len(error.details["errors"]) == 1
    assert not JARGON.search(error.message)
    assert "secret" not in f"{error.message} {error.details}"


def test_each_of_several_values_that_may_be_several_things_is_told_and_counted() -> None:
    params = [{"a": 1.5, "b": "x", "c": [number]} for number in range(2000)]
    with pytest.raises(ValidationError) as caught:
        Many.model_validate({"params": params, "place": 0.5})
    error = invalid(caught.value, Many.model_json_schema(), whole="params")
    assert [one["parameter"] for one in error.details["errors"][:3]] == ["place", "params.0.a", "params.0.c"]
    assert error.message.endswith("; and 3,981 more")


@pytest.mark.parametrize(
    ("reason", "allowed", "end"),
    [
        (
            "is neither a date such as 2024-11-01 nor an instant",
            "an instant or a date such as 2024-12-31",
            "an instant",
        ),
        ("is odd", "a whole number or a text", "is odd; allowed: a whole number or a text"),
        ("is not a text", "a text", "is not a text"),
    ],
)
def test_what_a_reason_has_said_is_not_told_again(reason: str, allowed: str, end: str) -> None:
    assert WrongValue(parameter="x", received=5, reason=reason, allowed=allowed).sentence.endswith(end)
