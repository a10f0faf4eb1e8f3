"""Each widget of a form that is made from a JSON Schema, and what becomes of what people type there."""

import re
from datetime import date
from enum import StrEnum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, Field

from app.console.schema_forms import ZONE, fields_of, instant_on, params_of, texts_of


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Nested(BaseModel):
    depth: int = 1


class Everything(BaseModel):
    """A parameter of every sort that pydantic describes."""

    choice: Literal["a", "b"] = "a"
    only: Literal["previous"] | None = None
    maybe: Literal["en", "de"] | None = None
    colour: Colour = Colour.RED
    colour_or_none: Colour | None = None
    size: Literal[1, 2] = 1
    off: bool = False
    on: bool = True
    undecided: bool | None = None
    whole: int = Field(3, examples=[7])
    share: float | None = None
    word: str | None = Field(None, examples=["Europe/Berlin"])
    lines: list[str] | None = None
    numbers: list[int] = [1]
    table: dict[str, int] | None = None
    nested: Nested | None = None
    instant: AwareDatetime | None = None
    day_or_instant: AwareDatetime | date | None = None
    either: int | str | None = None
    two_or_no_lists: list[str] | str | None = None


SCHEMA = Everything.model_json_schema()

#: By parameter.
FIELDS = {field.name: field for field in fields_of(SCHEMA)}


@pytest.mark.parametrize(
    ("name", "widget"),
    [
        *((name, "choice") for name in ("choice", "only", "maybe", "colour", "colour_or_none")),
        *((name, "check") for name in ("off", "on")),
        *((name, "whole") for name in ("whole", "size")),
        *(("share", "number"), ("word", "text"), ("lines", "lines")),
        *((name, "instant") for name in ("instant", "day_or_instant")),
        *((name, "json") for name in ("numbers", "table", "nested", "either", "two_or_no_lists")),
    ],
)
def test_each_type_has_its_widget(name: str, widget: str) -> None:
    assert FIELDS[name].widget == widget


def test_the_order_is_that_of_the_schema() -> None:
    assert list(FIELDS) == list(Everything.model_fields)


def test_choices_are_those_of_the_schema_also_behind_a_reference() -> None:
    assert FIELDS["choice"].options == ("a", "b")
    assert FIELDS["only"].options == ("previous",)
    assert FIELDS["maybe"].options == ("en", "de")
    assert FIELDS["colour"].options == FIELDS["colour_or_none"].options == ("red", "blue")


def test_defaults_and_examples_are_shown() -> None:
    assert [FIELDS[name].default for name in ("choice", "colour", "off", "on", "whole", "word")] == [
        *("a", "red", "false", "true", "3", "")
    ]
    assert [FIELDS[name].placeholder for name in ("whole", "word", "share", "numbers")] == [
        *("7", "Europe/Berlin", "", "[1]")
    ]
    assert [FIELDS[name].may_be_date for name in ("instant", "day_or_instant")] == [False, True]


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("choice", "b", "b"),
        ("choice", "c", "c"),
        ("whole", "12", 12),
        ("whole", " -3 ", -3),
        ("whole", "many", "many"),
        ("whole", "1" * 30, "1" * 30),
        ("size", "2", 2),
        ("share", "99.95", 99.95),
        ("share", "99,95", 99.95),
        ("share", "99.999", 99.999),
        ("share", "0,125", 0.125),
        ("share", "5", 5),
        ("share", "nan", "nan"),
        ("share", "1e999", "1e999"),
        ("word", " Europe/Berlin ", "Europe/Berlin"),
        ("word", "null", "null"),
        ("lines", "a\r\nb\r\n\r\n c \n", ["a", "b", "c"]),
        ("lines", "a\u2028b\r\nc\x85d\x1ce\x0bf", ["a\u2028b", "c\x85d\x1ce\x0bf"]),
        ("numbers", "[1, 2]", [1, 2]),
        ("table", '{"a": 1}', {"a": 1}),
        ("instant", "2026-03-01 09:00", "2026-03-01T09:00:00+00:00"),
        ("instant", "2026-03-01T09:00:30", "2026-03-01T09:00:30+00:00"),
        ("instant", "2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z"),
        ("instant", "tomorrow", "tomorrow"),
        ("day_or_instant", "2026-03-01", "2026-03-01"),
    ],
)
def test_what_is_typed_becomes_a_value_or_stays_as_it_is(name: str, typed: str, value: Any) -> None:
    assert params_of(SCHEMA, {name: typed, "on": "true"}) == ({name: value}, {})


@pytest.mark.parametrize(
    ("name", "typed", "part"),
    [
        ("table", "{", "JSON"),
        ("table", "[" * 100_000, "JSON"),
        ("table", "NaN", "JSON"),
        ("table", '{"a": Infinity}', "JSON"),
        ("whole", "1.000", "1000"),
        ("whole", "1,000", "1000"),
        ("whole", "1,000,000", "1000000"),
        ("share", "1,000", "1.000"),
        ("instant", "2026-10-25 02:30", "twice"),
        ("instant", "2026-03-29 02:30", "never"),
    ],
)
def test_what_is_not_clear_is_asked_about_at_its_field(name: str, typed: str, part: str) -> None:
    params, wrong = params_of(SCHEMA, {name: typed, "on": "true", f"{name}{ZONE}": "Europe/Berlin"})
    assert params == {}
    assert wrong.keys() == {name}
    assert part in wrong[name]


def test_only_ticks_that_differ_from_the_default_are_sent() -> None:
    assert params_of(SCHEMA, {"on": "true"}) == ({}, {})
    assert params_of(SCHEMA, {"off": "true"}) == ({"off": True, "on": False}, {})


def test_nothing_typed_is_nothing_sent() -> None:
    assert params_of(SCHEMA, {**dict.fromkeys(FIELDS, "  "), "on": "true"}) == ({}, {})


def test_fields_that_the_schema_has_not_are_left_out() -> None:
    assert params_of(SCHEMA, {"do": "run", "kind": "x", "on": "true", "__class__": "y"}) == ({}, {})


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "choice": st.sampled_from(["a", "b"]),
        "only": st.just("previous"),
        "colour": st.sampled_from(["red", "blue"]),
        "size": st.sampled_from([1, 2]),
        "off": st.just(True),
        "on": st.just(False),
        "whole": st.integers(-(10**17), 10**17),
        "share": st.floats(0.001, 1e6).map(lambda value: round(value, 6)),
        "word": st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1),
        "lines": st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1), min_size=1),
        "numbers": st.lists(st.integers()),
        "table": st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers()),
        "nested": st.fixed_dictionaries({"depth": st.integers()}),
        "instant": st.datetimes().map(lambda value: value.isoformat() + "Z"),
        "either": st.one_of(st.integers(), st.text(st.characters(exclude_categories=["Cs"]))),
    },
)


@given(VALUES)
def test_parameters_come_back_as_they_were(params: dict[str, Any]) -> None:
    form = {name: text.replace("\n", "\r\n") for name, text in texts_of(SCHEMA, params).items()}
    assert params_of(SCHEMA, form) == (params, {})


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2026-07-01 09:00", "Europe/Berlin", "2026-07-01T09:00:00+02:00"),
        ("2026-01-01 09:00", "Europe/Berlin", "2026-01-01T09:00:00+01:00"),
        ("2026-01-01 09:00", "Asia/Kathmandu", "2026-01-01T09:00:00+05:45"),
        ("2026-01-01 09:00", "", "2026-01-01T09:00:00+00:00"),
        ("2026-10-25 01:59", "Europe/Berlin", "2026-10-25T01:59:00+02:00"),
        ("2026-10-25 03:00", "Europe/Berlin", "2026-10-25T03:00:00+01:00"),
        ("2026-03-29 03:00", "Europe/Berlin", "2026-03-29T03:00:00+02:00"),
        ("2011-12-29 23:59", "Pacific/Apia", "2011-12-29T23:59:00-10:00"),
        ("2026-02-30 09:00", "UTC", "2026-02-30 09:00"),
        ("2026-01-01 25:00", "UTC", "2026-01-01 25:00"),
        ("0001-01-01 00:00", "Asia/Tokyo", "0001-01-01 00:00"),
        ("9999-12-31 23:59", "America/New_York", "9999-12-31 23:59"),
        ("2026-03-29 02:30+01:00", "Europe/Berlin", "2026-03-29 02:30+01:00"),
    ],
)
def test_a_local_time_has_the_offset_of_its_zone(text: str, zone: str, instant: str) -> None:
    assert instant_on(text, zone) == instant


@pytest.mark.parametrize(
    ("text", "zone", "parts"),
    [
        ("2026-10-25 02:00", "Europe/Berlin", ("twice", "+02:00", "+01:00")),
        ("2026-10-25 02:59", "Europe/Berlin", ("twice",)),
        ("2026-11-01 01:30", "America/New_York", ("twice", "-04:00", "-05:00")),
        ("2026-04-05 01:45", "Australia/Lord_Howe", ("twice", "+11:00", "+10:30")),
        ("2026-03-29 02:00", "Europe/Berlin", ("never",)),
        ("2026-03-29 02:59", "Europe/Berlin", ("never",)),
        ("2026-03-08 02:30", "America/New_York", ("never",)),
        ("2011-12-30 12:00", "Pacific/Apia", ("never",)),
        ("2026-01-01 09:00", "Europe/Atlantis", ("Europe/Atlantis", "no time zone")),
        ("2026-01-01 09:00", "../../etc/passwd", ("no time zone",)),
        ("2026-01-01 09:00", "Europe", ("no time zone",)),
        ("2026-01-01 09:00", "/", ("no time zone",)),
        ("2026-01-01 09:00", "a\0b", ("no time zone",)),
    ],
)
def test_a_time_that_is_none_or_two_is_asked_about(text: str, zone: str, parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=re.escape(parts[0])) as caught:
        instant_on(text, zone)
    for part in parts:
        assert part in str(caught.value)
