"""What is wrong in a definition is told with its place and what is allowed, and nothing else ever happens."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidParameters
from app.metrics import metric as m
from app.metrics.document import LONGEST, read_metric, written
from app.metrics.facts.fact import Type
from app.metrics.facts.registry import FACTS
from app.metrics.grammar import GRAMMAR
from app.metrics.shipped import shipped
from tests.commands import REPOSITORY

RUNS: dict[str, Any] = {
    "pillar": "infrastructure",
    "title": "Runs",
    "from": "workflow_runs",
    "when": "started_at",
    "value": {"count": "*"},
}
PULLS: dict[str, Any] = RUNS | {"from": "pull_requests", "when": "merged_at"}

#: A condition that is nested nine times.
DEEP: Any = ["attempt", "=", 1]
for _ in range(9):
    DEEP = {"not": DEEP}


def wrong(document: Any, name: str = "runs") -> list[dict[str, Any]]:
    """What is wrong with a definition."""
    with pytest.raises(InvalidParameters) as caught:
        read_metric(document, name=name)
    errors: list[dict[str, Any]] = caught.value.details["errors"]
    return errors


@pytest.mark.parametrize(
    ("change", "place", "reason", "allowed"),
    [
        # What there is of.
        ({"from": "runs"}, "from", "is unknown", "workflow_runs"),
        ({"from": ["workflow_runs", "workflow_jobs"]}, "from", "is unknown", "workflow_jobs"),
        ({"join": "workflow_jobs"}, "join", "is not a field of a metric", "where"),
        ({"pillar": "quality"}, "pillar", "is unknown", "compatibility"),
        ({"metric": "others"}, "metric", "is not the name that it is stored under", "runs"),
        ({"needs": "money"}, "needs", "is unknown", "incidents"),
        # Columns: there are none of other tables.
        ({"when": "merged_at"}, "when", "is not a column of workflow_runs", "started_at"),
        ({"when": "attempt"}, "when", "is of the type number, not instant", "jobs_started_at"),
        ({"when": {"latest": "started_at"}}, "when.latest", "is of the type instant, not day", None),
        ({"when": {"standing": ["started_at"]}}, "when.standing", "is not a list of two", None),
        ({"when": {"standing": ["started_at", "on"]}}, "when.standing.1", "is of the type word", "started_at"),
        ({"when": {"since": "started_at"}}, "when.since", "is unknown", "latest"),
        ({"by": ["team", "actor"]}, "by.1", "is unknown", "workflow"),
        ({"by": ["week"]}, "by", "has neither team nor repo", "team"),
        ({"by": ["team", "on", "event", "workflow"]}, "by", "has more than two columns", None),
        ({"where": [["workflow_jobs.name", "=", "x"]]}, "where.0.0", "is not a column of workflow_runs", "workflow"),
        ({"value": {"sum": "workflow"}}, "value.sum", "is of the type word, not number", "attempt"),
        ({"value": {"distinct": "attempt"}}, "value.distinct", "is of the type number, not person or word", "actor"),
        (
            {"value": {"median": {"elapsed": ["started_at", "x"]}}},
            "value.median.elapsed.1",
            "is not a column",
            "started_at",
        ),
        ({"value": {"share": {"outside_hours": "on"}}}, "value.share.outside_hours", "is of the type", "started_at"),
        ({"people_at_least": {"workflow": 5}}, "people_at_least", "is of the type word, not person", "actor"),
        # Operators and types.
        ({"where": [["on", "like", "x"]]}, "where.0.1", "is unknown", "starts with"),
        ({"where": [["on", "<", "x"]]}, "where.0.2", "cannot be compared like that: word has no order", "="),
        ({"where": [["attempt", "=", "1"]]}, "where.0.2", "does not fit the type number", "a number"),
        ({"where": [["attempt", "=", True]]}, "where.0.2", "does not fit the type number", "a number"),
        ({"where": [["actor_is_bot", "=", 1]]}, "where.0.2", "does not fit the type truth", "true or false"),
        ({"where": [["on", "=", None]]}, "where.0.2", "does not fit the type word", "a text of at most"),
        ({"where": [["actor", "=", "ada"]]}, "where.0.2", "does not fit the type person", "another column of"),
        (
            {"where": [["started_at", ">", "2024-01-01"]]},
            "where.0.2",
            "does not fit the type instant",
            "another column",
        ),
        ({"where": [["started_at", ">", {"column": "on"}]]}, "where.0.2.column", "is of the type word", "started_at"),
        ({"where": [["on", "in", []]]}, "where.0.2", "is not a list of 1 to 1000 values", None),
        ({"where": [["on", "in", ["a"] * 1001]]}, "where.0.2", "is not a list of 1 to 1000 values", None),
        ({"where": [["on", "in", ["a", 1]]]}, "where.0.2.1", "does not fit the type word", "a text of at most"),
        ({"where": [["on", "is", "null"]]}, "where.0.2", "is unknown", "unknown"),
        ({"where": [["attempt", "starts with", 1]]}, "where.0.2", "is compared as a text", "="),
        ({"where": [["attempt", "="]]}, "where.0", "is not a condition", "a list of a column, an operator and a value"),
        ({"where": [{"any": []}]}, "where.0.any", "is not a list of conditions", '[["column", "="'),
        ({"where": [{"some": []}]}, "where.0.some", "is unknown", "any"),
        ({"where": {"attempt": 1}}, "where", "is not a list of conditions", '[["column", "="'),
        # Values.
        ({"value": {"mean": "attempt"}}, "value.mean", "is unknown", "median"),
        ({"value": {"count": "attempt"}}, "value.count", "counts rows", "*"),
        ({"value": {"count": True}}, "value.count", "is not what a count takes", "*"),
        ({"value": {"count": {}}}, "value.count", "is not what a count takes", "*"),
        ({"value": {"ratio": [1, {"count": "*"}]}}, "value.ratio.0", "is a number, not a figure of rows", "a count, a"),
        ({"value": {"ratio": [0, {"count": "*"}]}}, "value.ratio.0", "is a number, not a figure of rows", "a count, a"),
        ({"value": {"count": "*", "sum": "attempt"}}, "value", "must have exactly one of these", "ratio"),
        ({"value": {"count": "*", "times": 2}}, "value.times", "goes with ratio only", None),
        ({"value": {"sum": {"divide": ["attempt", 0]}}}, "value.sum.divide.1", "divides by zero", "a column, or a"),
        ({"value": {"sum": {"divide": [1, 2, 3]}}}, "value.sum.divide", "is not an operation", "a list of two"),
        ({"value": {"ratio": [{"count": "*"}, 0]}}, "value.ratio.1", "divides by zero", "a count, a sum"),
        ({"value": {"ratio": [{"count": "*"}, {"sum": 0}]}}, "value.ratio.1", "divides by zero", "a figure that"),
        (
            {"value": {"ratio": [{"count": "*"}, {"gini": "actor"}]}},
            "value.ratio.1",
            "cannot be part of a ratio",
            "count, sum",
        ),
        ({"value": {"fewest_for": "actor", "part": 1}}, "value.part", "is not a share", "a number between 0 and 1"),
        ({"value": {"new": "actor"}}, "value.new", "add window_days", None),
        ({"window_days": 0}, "window_days", "is not a number of days", "1 to 3650"),
        ({"people_at_least": {"actor": 1}}, "people_at_least.actor", "is not a number of people", "2 to 1000"),
        # Texts, and numbers that are none.
        ({"title": "a\nb"}, "title", "is not a text of one line", "1 to 80 characters"),
        ({"title": ""}, "title", "is not a text of one line", "1 to 80 characters"),
        ({"caveat": "x" * 1001}, "caveat", "is not a text of one line", "1 to 1000 characters"),
        ({"summary": "a\x00b"}, "summary", "is not a text of one line", "1 to 400 characters"),
        ({"where": [["on", "=", "a\x00b"]]}, "where.0.2", "does not fit the type word", "a text of at most"),
        ({"where": [["on", "=", "\ud800"]]}, "where.0.2", "does not fit the type word", "a text of at most"),
        ({"where": [["on", "=", "x" * 1001]]}, "where.0.2", "does not fit the type word", "a text of at most 1000"),
        ({"where": [["attempt", "<", float("nan")]]}, "where.0.2", "does not fit the type number", "a number"),
        ({"where": [["attempt", "<", float("inf")]]}, "where.0.2", "does not fit the type number", "a number"),
        ({"where": [["attempt", "<", 10**400]]}, "where.0.2", "does not fit the type number", "a number"),
        (
            {"value": {"sum": {"multiply": ["attempt"] * 10}}},
            "value.sum.multiply",
            "can exceed the range of numbers",
            "fewer",
        ),
        ({"value": {"sum": {"multiply": [1e-60, 1e-60]}}}, "value.sum.multiply", "can exceed the range", "fewer"),
        # Size.
        ({"where": [DEEP]}, "where.0" + ".not" * 8, "is nested deeper than 8 times", None),
        ({"where": [["attempt", "=", 1]] * 101}, "where.100", "is one too many", None),
        ({"where": [["on", "=", "x" * 500]] * 40}, "definition", "is longer than 16,384 characters", None),
        ({"where": [["attempt", "=", 10**5000]]}, "definition", "is longer than 16,384 characters", None),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_what_is_allowed(
    change: dict[str, Any], place: str, reason: str, allowed: str | None
) -> None:
    (found,) = wrong(RUNS | change)
    assert found["parameter"] == place
    assert reason in found["reason"]
    told = found.get("allowed")
    if allowed is None:
        assert told is None or told == []
    else:
        assert allowed in (told or "")


def test_what_is_wrong_in_one_field_hides_nothing_in_others() -> None:
    found = wrong({"from": "workflow_runs", "titel": "x", "where": [["atempt", "=", 1]], "value": {"sum": "on"}})
    assert [one["parameter"] for one in found] == ["titel", "pillar", "title", "when", "where.0.0", "value.sum"]
    assert (found[0]["nearest"], found[4]["nearest"]) == (["title"], ["attempt"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not valid JSON: "),
        ("{", "is not valid JSON: "),
        ("[1, 2]", "is not a JSON object"),
        ("null", "is not a JSON object"),
        ('{"a": ' + "[" * 5000, "is not valid JSON: "),
        (json.dumps(RUNS) + " " * LONGEST, "is longer than 16,384 characters"),
        ("x" * (1 << 20), "is longer than 16,384 characters"),
        ("9" * 5000, "is not valid JSON: "),
    ],
)
def test_a_text_that_is_no_definition_is_refused(text: str, reason: str) -> None:
    (found,) = wrong(text)
    assert (found["parameter"], reason in found["reason"]) == ("definition", True)


def test_a_definition_is_read_from_its_text_and_written_without_its_name() -> None:
    document = RUNS | {"metric": "runs"}
    assert read_metric(json.dumps(document), name="runs") == read_metric(document, name="runs")
    assert written(json.dumps(document)) == RUNS


def test_the_definitions_of_the_page_are_accepted() -> None:
    page = (REPOSITORY / "docs/metrics.md").read_text(encoding="utf-8")
    examples = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert examples
    for one in examples:
        read_metric(one, name="example")


@pytest.mark.parametrize("name", shipped())
def test_shipped_definitions_are_read(name: str) -> None:
    assert read_metric(shipped()[name], name=name).name == name
    assert read_metric(written(shipped()[name]), name=name) == read_metric(shipped()[name], name=name)


#: Of each type a column of some facts, and a value that fits it.
COLUMNS = {
    Type.INSTANT: ("workflow_runs", "started_at", None),
    Type.DAY: ("branches", "seen_on", None),
    Type.NUMBER: ("workflow_runs", "attempt", 1),
    Type.TRUTH: ("workflow_runs", "actor_is_bot", True),
    Type.WORD: ("workflow_runs", "on", "other"),
    Type.PERSON: ("workflow_runs", "actor", None),
}


def is_read(document: dict[str, Any]) -> bool:
    try:
        read_metric(document, name="tried")
    except InvalidParameters:
        return False
    return True


@pytest.mark.parametrize("type_", Type)
@pytest.mark.parametrize("operator", GRAMMAR.operators, ids=lambda one: str(one.name))
def test_the_grammar_says_what_each_operator_compares(operator: Any, type_: Type) -> None:
    facts, column, value = COLUMNS[type_]
    document = RUNS | {"from": facts, "when": "started_at" if facts == "workflow_runs" else {"latest": "seen_on"}}
    operand = {"values": [value], "state": "known"}.get(operator.takes, value)
    assert is_read(document | {"where": [[column, operator.name, operand]]}) == (type_ in operator.values)
    other = document | {"where": [[column, operator.name, {"column": column}]]}
    assert is_read(other) == (type_ in operator.columns)


@pytest.mark.parametrize("form", GRAMMAR.values, ids=lambda one: str(one.name))
def test_the_grammar_says_what_each_value_is_of(form: Any) -> None:
    operand = {
        "rows": "*",
        "number": "attempt",
        "quantity": {"elapsed": ["started_at", "jobs_started_at"]},
        "condition": ["attempt", "=", 1],
        "column": "actor",
        "values": [{"count": "*"}, {"sum": "attempt"}],
    }[form.of]
    value = {form.name: operand, **dict.fromkeys(form.beside, 0.5)}
    assert is_read(RUNS | {"value": value, "window_days": 28})
    assert is_read(RUNS | {"value": value}) != form.needs_window
    if form.of == "column":
        for type_ in (Type.NUMBER, Type.TRUTH, Type.WORD, Type.PERSON, Type.INSTANT):
            of_type = RUNS | {"value": {**value, form.name: COLUMNS[type_][1]}, "window_days": 28}
            assert is_read(of_type) == (type_ in form.types)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)

#: Words of the grammar and columns among what is made up, so that more than the first look is passed.
WORDS = st.sampled_from(
    [
        *("team", "repo", "week", "count", "sum", "median", "share", "ratio", "*", "=", "in", "is", "<", "any", "not"),
        *("working", "elapsed", "standing", "latest", "outside_hours", "divide", "known", "distinct", "new", "column"),
        *(column for fact in FACTS.values() for column in fact.columns),
    ]
)
LIKELY = st.recursive(
    WORDS | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "from": st.sampled_from(list(FACTS)) | LIKELY,
        "when": LIKELY,
        "value": LIKELY,
        "pillar": st.just("team") | LIKELY,
        "title": st.just("x") | LIKELY,
    },
    optional={
        **dict.fromkeys(("summary", "caveat", "unit", "by", "where", "window_days", "people_at_least"), LIKELY),
        "needs": LIKELY,
        "metric": LIKELY,
    },
)


@given(document=JSON | LIKELY | DOCUMENTS)
def test_whatever_json_comes_it_is_read_or_refused(document: Any) -> None:
    refused = None
    try:
        assert isinstance(read_metric(document, name="made_up"), m.Metric)
    except InvalidParameters as error:
        refused = error
    if refused is not None:
        assert refused.details["errors"]
        assert len(refused.message) < 100_000


@given(text=st.text() | JSON.map(json.dumps))
def test_whatever_text_comes_it_is_read_or_refused(text: str) -> None:
    with pytest.raises(InvalidParameters):
        read_metric(text, name="made_up")
