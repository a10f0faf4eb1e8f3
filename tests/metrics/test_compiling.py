"""Definitions become queries in which they are values alone, and every one that is accepted can be computed."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.metrics import reading
from app.metrics.counted import Dates, counted_rows
from app.metrics.division import Division
from app.metrics.document import read_metric
from app.metrics.facts.fact import Asked, Type
from app.metrics.facts.registry import FACTS
from app.metrics.grammar import GRAMMAR
from app.metrics.outcome import Question, answer
from app.settings import Settings
from app.storage.postgres import database_errors
from app.storage.resources import Addresses, Resources
from tests.conftest import fresh_resources

ASKED = Asked(datetime(2024, 12, 1, tzinfo=UTC), ("bot",), ("incident",), 24.0)
DATES = Dates(date(2024, 11, 1), date(2024, 12, 1))

#: What nobody writes by chance; in every place in which a definition may have a text of its own.
MARK = "mark'); DROP TABLE entity; --"
NUMBER = 48_151_623.42


@pytest.fixture(scope="module")
def empty(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    """A migrated database without a row, which these tests only read."""
    with fresh_resources(servers, session_settings) as fresh:
        yield fresh


def columns(facts: str, *types: Type) -> list[str]:
    return [name for name, column in FACTS[facts].columns.items() if column.type in types]


def marked() -> dict[str, Any]:
    """A definition with the marks as operands of all kinds."""
    word, number = "workflow", "attempt"
    texts = [
        *([word, one, MARK] for one in ("=", "!=", "starts with", "ends with")),
        *([word, one, [MARK, MARK + "2"]] for one in ("in", "not in")),
        *([number, one, NUMBER] for one in ("=", "!=", "<", "<=", ">", ">=")),
        *([number, one, [NUMBER, 1]] for one in ("in", "not in")),
    ]
    calculated = {
        "divide": [{"add": [NUMBER, number]}, {"multiply": [NUMBER, {"subtract": [number, NUMBER]}]}],
    }
    return {
        "pillar": "infrastructure",
        **dict.fromkeys(("title", "summary", "caveat"), MARK),
        "unit": MARK[:20],
        "from": "workflow_runs",
        "when": "started_at",
        "where": [{"not": {"all": texts[:6]}}, {"any": texts[6:]}],
        "value": {"ratio": [{"sum": calculated}, {"sum": NUMBER}], "times": NUMBER},
    }


def asked_of(connection: Any, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """The statements that reading the facts of a definition sends, with their values."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, wires: Any, source: str, params: Any) -> Any:
        sent.append((source, dict(params)))
        return read_columns(_connection, wires, source, params)

    read_columns = reading.read_columns
    monkeypatch.setattr(reading, "read_columns", note)
    metric = read_metric(document, name="marked")
    reading.read_facts(connection, metric.facts, [metric], ASKED, ways=())
    return sent


def test_nothing_that_a_definition_says_reaches_sql_as_text(empty: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    with empty.engine.connect() as connection:
        ((source, params),) = asked_of(connection, marked(), monkeypatch)
    assert "mark" not in source
    assert "DROP" not in source
    assert "48151623" not in source.replace("_", "")
    values = json.dumps(list(params.values()), default=str)
    assert json.dumps(MARK)[1:-1] in values
    assert str(NUMBER) in values


def test_the_names_in_a_query_are_those_of_the_registry_and_numbers(
    empty: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the operands are, the text is the same."""
    with empty.engine.connect() as connection:
        ((one, _),) = asked_of(connection, marked(), monkeypatch)
        other = json.loads(json.dumps(marked()).replace("mark", "kram").replace(str(NUMBER), "7.5"))
        ((same, _),) = asked_of(connection, other, monkeypatch)
    assert one == same


def conditions(facts: str, depth: int = 2) -> st.SearchStrategy[Any]:
    literals = {
        Type.NUMBER: st.floats(-1e14, 1e14) | st.integers(-(10**14), 10**14),
        Type.TRUTH: st.booleans(),
        Type.WORD: st.text(max_size=8).filter(lambda text: text.isprintable()) | st.sampled_from(["%", "_", "\\", "'"]),
    }

    @st.composite
    def comparison(draw: Any) -> Any:
        name = draw(st.sampled_from(list(FACTS[facts].columns)))
        of = FACTS[facts].columns[name].type
        operator = draw(st.sampled_from([one for one in GRAMMAR.operators if of in (*one.values, *one.columns)]))
        same = st.sampled_from(columns(facts, of)).map(lambda other: {"column": other})
        if operator.takes == "state":
            return [name, "is", draw(st.sampled_from(["known", "unknown"]))]
        if operator.takes == "values":
            return [name, operator.name, draw(st.lists(literals[of], min_size=1, max_size=3))]
        ways = ([literals[of]] if of in operator.values else []) + ([same] if of in operator.columns else [])
        return [name, operator.name, draw(st.one_of(ways))]

    if not depth:
        return comparison()
    inner = conditions(facts, depth - 1)
    several = st.lists(inner, min_size=1, max_size=3)
    return comparison() | st.one_of(
        several.map(lambda of: {"any": of}), several.map(lambda of: {"all": of}), inner.map(lambda of: {"not": of})
    )


def calculations(facts: str) -> st.SearchStrategy[Any]:
    numbers = st.floats(0.001, 1000) | st.integers(1, 1000)
    if names := columns(facts, Type.NUMBER):
        numbers |= st.sampled_from(names)
    several = st.lists(numbers, min_size=2, max_size=3)
    pairs = st.lists(numbers, min_size=2, max_size=2)
    calculated = st.one_of(
        *(several.map(lambda of, one=one: {one: of}) for one in ("add", "subtract", "multiply")),
        pairs.map(lambda of: {"divide": of}),
    )
    return numbers | calculated | calculated.map(lambda one: {"add": [one, one]})


def values(facts: str, *, is_windowed: bool) -> st.SearchStrategy[Any]:
    numbers, instants = calculations(facts), columns(facts, Type.INSTANT)
    ways = [
        st.just({"count": "*"}),
        numbers.map(lambda of: {"sum": of}),
        conditions(facts).map(lambda of: {"share": of}),
    ]
    quantities = numbers
    if len(instants) > 1:
        spans = st.permutations(instants).map(lambda names: list(names[:2]))
        quantities |= spans.map(lambda ends: {"working": ends}) | spans.map(lambda ends: {"elapsed": ends})
    if instants:
        ways.append(st.sampled_from(instants).map(lambda one: {"share": {"outside_hours": one}}))
    ways += [quantities.map(lambda of, one=one: {one: of}) for one in ("median", "p75", "p90")]
    if people := columns(facts, Type.PERSON, Type.WORD):
        names = st.sampled_from(people)
        forms = ["distinct", "top_share", "gini", *(("new", "returning", "gone") if is_windowed else ())]
        ways += [names.map(lambda of, one=one: {one: of}) for one in forms]
        ways.append(names.map(lambda of: {"fewest_for": of, "part": 0.5}))
    figures = st.sampled_from([{"count": "*"}, *({"distinct": one} for one in people)]) | numbers.filter(bool).map(
        lambda of: {"sum": of}
    )
    ways.append(st.lists(figures, min_size=2, max_size=2).map(lambda of: {"ratio": of, "times": 100}))
    return st.one_of(ways)


@st.composite
def documents(draw: Any) -> dict[str, Any]:
    """Definitions that are accepted."""
    facts = draw(st.sampled_from(list(FACTS)))
    instants, days = columns(facts, Type.INSTANT), columns(facts, Type.DAY)
    whens = [st.sampled_from(instants)] if instants else []
    if days:
        whens.append(st.sampled_from(days).map(lambda one: {"latest": one}))
    if instants:
        standing = st.lists(st.sampled_from(instants), min_size=2, max_size=2)
        whens.append(standing.map(lambda ends: {"standing": ends, "for_days": 1.5}))
    when = draw(st.one_of(whens))
    window = draw(st.none() | st.integers(1, 3650)) if isinstance(when, str) else None
    value = draw(values(facts, is_windowed=window is not None))
    splits = draw(st.lists(st.sampled_from([*columns(facts, Type.WORD, Type.TRUTH)]), max_size=2))
    people = columns(facts, Type.PERSON)
    return {
        "pillar": "team",
        "title": "Made up",
        "from": facts,
        "when": when,
        "by": ["team", "week", *splits],
        "where": draw(st.lists(conditions(facts), max_size=3)),
        "value": value,
        **({} if window is None else {"window_days": window}),
        **({"people_at_least": {people[0]: 5}} if people and draw(st.booleans()) else {}),
    }


@given(document=documents(), asked=st.sampled_from([ASKED, Asked(ASKED.as_of)]))
def test_every_definition_that_is_accepted_runs(empty: Resources, document: dict[str, Any], asked: Asked) -> None:
    metric = read_metric(document, name="made_up")
    question = Question([metric], "team", Division.of(DATES.since, DATES.until, "week"), asked)
    with database_errors(), empty.engine.connect() as connection:
        (told,) = answer(connection, question).metrics
        found = counted_rows(
            connection, metric, asked, DATES, limit=5, default_zone="UTC", default_hours=((0, 9 * 3600, 17 * 3600),)
        )
    assert (told.rows, found.rows, found.has_more) == (0, [], False)
