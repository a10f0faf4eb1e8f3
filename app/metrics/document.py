"""Reads the definition of a metric, and says what is wrong with it, where, and what is allowed (docs/metrics.md)."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any, Final, NoReturn, get_args

from app.metrics import metric as m
from app.metrics.facts.fact import Fact, FactColumn, Type
from app.metrics.facts.registry import FACTS
from app.wording.broken_json import json_trouble
from app.wording.each_once import RepeatedName, json_of
from app.wording.suggestions import suggestions
from app.wording.wrong_values import WrongValue, invalid_parameters

#: Longest definition, characters of JSON, and how deep its conditions and calculations may go.
LONGEST: Final = 16 << 10
DEEPEST: Final = 8

#: Numbers of definitions and of facts are less than this, in either direction.
MOST_NUMBER: Final = 1e15

#: No calculation may come to more than this, nor to less of its inverse: Postgres refuses what no number can hold.
MOST_CALCULATED: Final = 1e100

#: Conditions and calculations of one definition.
MOST_PARTS: Final = 100

_FIELDS: Final = (
    *("metric", "pillar", "title", "summary", "caveat", "from", "when", "by", "where", "value", "unit"),
    *("window_days", "people_at_least", "needs"),
)
_REQUIRED: Final = ("pillar", "title", "from", "when", "value")
_GROUPS: Final = ("team", "repo", "week", "month")
_TEXTS: Final = {"title": 80, "summary": 400, "caveat": 1000, "unit": 20}
_COMPARISONS: Final = get_args(m.Comparison)
_OPERATIONS: Final = get_args(m.Operation)
_QUANTILES: Final = get_args(m.Quantile)
_OF_PEOPLE: Final = get_args(m.OfPeople)
_VALUES: Final = ("count", "sum", *_QUANTILES, "share", *_OF_PEOPLE, "ratio")
_ORDERED: Final = frozenset({Type.NUMBER, Type.INSTANT, Type.DAY})
_WORDS: Final = frozenset({Type.WORD, Type.PERSON})


class _WrongError(Exception):
    """Something of the definition is not accepted."""

    def __init__(self, value: WrongValue) -> None:
        super().__init__(value.sentence)
        self.value = value


def read_metric(document: Any, *, name: str, version: int = 0) -> m.Metric:
    """The metric that a definition describes.

    Args:
        document: what JSON has for it, or its text.
        name: by which reports call it; the definition may repeat it in ``metric``.
        version: of the definition.

    Raises:
        InvalidParameters: with each thing that is wrong, its place, and what is allowed.
    """
    reading = _Reading(name)
    try:
        read = reading.metric(_parsed(document) if isinstance(document, str) else document, version)
    except _WrongError as error:
        raise invalid_parameters([error.value], subject=f"metric {name}") from error
    if reading.wrong or read is None:
        raise invalid_parameters(reading.wrong, count=len(reading.wrong), subject=f"metric {name}")
    return read


def written(document: Any) -> dict[str, Any]:
    """A definition that was read, as it is stored."""
    if isinstance(document, str):
        document = _parsed(document)
    return {name: document[name] for name in _FIELDS if name in document and name != "metric"}


def _parsed(text: str) -> Any:
    if len(text) > LONGEST:
        _refuse("definition", None, f"is longer than {LONGEST:,} characters")
    try:
        return json_of(text)
    except RepeatedName as error:
        _refuse("definition", None, f"is not clear: {error}")
    except (ValueError, RecursionError) as error:
        _refuse(
            "definition", None, f"is not valid JSON: {json_trouble(error)}", "an object as docs/metrics.md describes it"
        )


def _refuse(place: str, received: Any, reason: str, allowed: str | Collection[str] | None = None) -> NoReturn:
    words = allowed if allowed is None or isinstance(allowed, str) else list(allowed)
    nearest = suggestions(received, words)[:1] if isinstance(words, list) and isinstance(received, str) else ()
    raise _WrongError(WrongValue(parameter=place, received=received, reason=reason, allowed=words, nearest=nearest))


@dataclass(slots=True)
class _Reading:
    """Reads one definition. What is wrong in one of its fields does not hide what is wrong in others."""

    name: str
    wrong: list[WrongValue]
    parts: int

    def __init__(self, name: str) -> None:
        self.name = name
        self.wrong = []
        self.parts = 0

    def metric(self, document: Any, version: int) -> m.Metric | None:
        _require_short(document)
        if not isinstance(document, Mapping):
            _refuse("definition", document, "is not a JSON object", f"an object of at most {LONGEST:,} characters")
        for key in document:
            self._try(partial(_one_of, str(key), key, _FIELDS, "is not a field of a metric"))
        for key in _REQUIRED:
            if document.get(key) is None:
                self.wrong.append(WrongValue(parameter=key, received=None, reason="is missing", is_shown=False))
        self._try(lambda: self._own_name(document))
        fact = self._try(lambda: FACTS[_one_of("from", document["from"], FACTS)]) if "from" in document else None
        pillar = self._try(lambda: _one_of("pillar", document["pillar"], m.PILLARS)) if "pillar" in document else None
        texts = {key: self._try(partial(_text, key, document.get(key))) for key in _TEXTS}
        needs = self._try(lambda: _needs(document.get("needs")))
        if fact is None:
            return None
        when = self._try(lambda: self._when(fact, document["when"])) if "when" in document else None
        by = self._try(lambda: self._by(fact, document.get("by", list(_GROUPS))))
        where = self._try(lambda: self._where(fact, document.get("where", [])))
        value = self._try(lambda: self._value(fact, "value", document["value"])) if "value" in document else None
        window = self._try(lambda: _window(document.get("window_days"), when))
        fewest = self._try(lambda: self._fewest(fact, document.get("people_at_least")))
        if value is not None and when is not None:
            self._try(lambda: _fits(value, when, window, by))
        if self.wrong or pillar is None or when is None or value is None or by is None or where is None:
            return None
        return m.Metric(
            name=self.name,
            version=version,
            pillar=pillar,
            title=texts["title"] or self.name,
            summary=texts["summary"] or "",
            caveat=texts["caveat"] or "",
            facts=fact.name,
            when=when,
            groups=tuple(one for one in by if one in _GROUPS),
            splits=tuple(one for one in by if one not in _GROUPS),
            where=where,
            value=value,
            unit=texts["unit"] or _unit(value),
            window_days=window,
            fewest=fewest,
            needs=needs,
        )

    def _try(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except _WrongError as error:
            self.wrong.append(error.value)
            return None

    def _own_name(self, document: Mapping[str, Any]) -> None:
        if document.get("metric", self.name) != self.name:
            _refuse("metric", document["metric"], "is not the name that it is stored under", self.name)

    def _count(self, place: str, depth: int) -> None:
        self.parts += 1
        if depth > DEEPEST:
            _refuse(place, None, f"is nested deeper than {DEEPEST} times")
        if self.parts > MOST_PARTS:
            _refuse(
                place, None, f"is one too many: a definition may have at most {MOST_PARTS} conditions and calculations"
            )

    def _when(self, fact: Fact, given: Any) -> m.When | m.Standing | m.Latest:
        if isinstance(given, str):
            return m.When(_column("when", given, fact, {Type.INSTANT}))
        key, operand, rest = _single("when", given, ("standing", "latest"), beside=("for_days",))
        if key == "latest":
            if rest:
                _refuse("when.for_days", rest["for_days"], "goes with standing only")
            return m.Latest(_column("when.latest", operand, fact, {Type.DAY}))
        start, end = _pair("when.standing", operand)
        days = rest.get("for_days", 0)
        if not _is_number(days) or not 0 <= days <= 3650:
            _refuse("when.for_days", days, "is not a number of days", "0 to 3650")
        return m.Standing(
            _column("when.standing.0", start, fact, {Type.INSTANT}),
            _column("when.standing.1", end, fact, {Type.INSTANT}),
            float(days),
        )

    def _by(self, fact: Fact, given: Any) -> tuple[str, ...]:
        words = [name for name, column in fact.columns.items() if column.type in {Type.WORD, Type.TRUTH}]
        if not isinstance(given, list):
            _refuse("by", given, "is not a list", [*_GROUPS, *words])
        found = tuple(_one_of(f"by.{number}", one, [*_GROUPS, *words]) for number, one in enumerate(given))
        if not {"team", "repo"} & {*found}:
            _refuse("by", given, "has neither team nor repo; a figure must belong to one", [*_GROUPS, *words])
        if sum(one not in _GROUPS for one in found) > 2:
            _refuse("by", given, "has more than two columns")
        return tuple(dict.fromkeys(found))

    def _where(self, fact: Fact, given: Any) -> tuple[m.Condition, ...]:
        if not isinstance(given, list):
            _refuse("where", given, "is not a list of conditions", '[["column", "=", "value"], …]')
        return tuple(self._condition(fact, f"where.{number}", one, 1) for number, one in enumerate(given))

    def _condition(self, fact: Fact, place: str, given: Any, depth: int) -> m.Condition:
        self._count(place, depth)
        if isinstance(given, Mapping):
            key, operand, _ = _single(place, given, ("any", "all", "not"))
            if key == "not":
                return m.Not(self._condition(fact, f"{place}.not", operand, depth + 1))
            if not isinstance(operand, list) or not operand:
                _refuse(f"{place}.{key}", operand, "is not a list of conditions", '[["column", "=", "value"], …]')
            inner = (self._condition(fact, f"{place}.{key}.{n}", one, depth + 1) for n, one in enumerate(operand))
            return m.Several("any" if key == "any" else "all", tuple(inner))
        if not isinstance(given, list) or len(given) != 3:
            _refuse(place, given, "is not a condition", 'a list of a column, an operator and a value, or {"any": […]}')
        name, operator, operand = given
        name = _column(f"{place}.0", name, fact)
        operator = _one_of(f"{place}.1", operator, _COMPARISONS)
        return m.Compare(name, operator, _operand(f"{place}.2", operand, operator, fact, fact.columns[name]))

    def _number(self, fact: Fact, place: str, given: Any, depth: int) -> m.Number:
        self._count(place, depth)
        if _is_number(given):
            return float(given)
        if isinstance(given, str):
            return m.Named(_column(place, given, fact, {Type.NUMBER}))
        key, operand, _ = _single(place, given, _OPERATIONS)
        if not isinstance(operand, list) or not 2 <= len(operand) <= 10 or (key == "divide" and len(operand) != 2):
            wanted = "a list of two numbers" if key == "divide" else "a list of two to ten numbers"
            _refuse(f"{place}.{key}", operand, "is not an operation", wanted)
        numbers = tuple(self._number(fact, f"{place}.{key}.{n}", one, depth + 1) for n, one in enumerate(operand))
        if key == "divide" and numbers[1] == 0.0:
            _refuse(f"{place}.{key}.1", operand[1], "divides by zero", "a column, or a number that is not 0")
        calculation = m.Calculation(key, numbers)
        smallest, largest = _sizes(calculation)
        if smallest < 1 / MOST_CALCULATED or largest > MOST_CALCULATED:
            _refuse(f"{place}.{key}", operand, "can exceed the range of numbers", "fewer of them")
        return calculation

    def _quantity(self, fact: Fact, place: str, given: Any) -> m.Number | m.Span:
        if isinstance(given, Mapping) and given.keys() & {"working", "elapsed"}:
            key, operand, _ = _single(place, given, ("working", "elapsed"))
            start, end = _pair(f"{place}.{key}", operand)
            if start == end:
                _refuse(f"{place}.{key}", operand, "begins and ends at the same instant", "two columns of instants")
            ends = (
                _column(f"{place}.{key}.{number}", one, fact, {Type.INSTANT}) for number, one in enumerate((start, end))
            )
            return m.Span("working" if key == "working" else "elapsed", *ends)
        return self._number(fact, place, given, 1)

    def _value(self, fact: Fact, place: str, given: Any) -> m.Value:
        key, operand, rest = _single(place, given, _VALUES, beside=("times", "part"))
        for name, owner in (("times", "ratio"), ("part", "fewest_for")):
            if name in rest and key != owner:
                _refuse(f"{place}.{name}", rest[name], f"goes with {owner} only")
        where = f"{place}.{key}"
        if key in _OF_PEOPLE:
            return self._people(fact, place, key, operand, rest.get("part"))
        if key in _QUANTILES:
            return m.Middle(key, self._quantity(fact, where, operand))
        match key:
            case "sum":
                return m.Sum(self._number(fact, where, operand, 1))
            case "share":
                return m.Share(self._shared(fact, where, operand))
            case "ratio":
                return self._ratio(fact, where, operand, rest.get("times", 1))
        if operand != "*":
            _refuse(where, operand, 'is not what a count takes: it counts rows, and conditions go into "where"', "*")
        return m.Count()

    def _shared(self, fact: Fact, place: str, given: Any) -> m.Condition | m.OutsideHours:
        if isinstance(given, Mapping) and "outside_hours" in given:
            _, column, _ = _single(place, given, ("outside_hours",))
            return m.OutsideHours(_column(f"{place}.outside_hours", column, fact, {Type.INSTANT}))
        return self._condition(fact, place, given, 1)

    def _people(self, fact: Fact, place: str, how: Any, given: Any, part: Any) -> m.People:
        if how == "fewest_for" and (not _is_number(part) or not 0 < part < 1):
            _refuse(f"{place}.part", part, "is not a share", "a number between 0 and 1")
        return m.People(how, _column(f"{place}.{how}", given, fact, _WORDS), None if part is None else float(part))

    def _ratio(self, fact: Fact, place: str, given: Any, times: Any) -> m.Ratio:
        above, below = _pair(place, given)
        figures = [self._figure(fact, f"{place}.{number}", one) for number, one in enumerate((above, below))]
        if not _is_number(times) or times == 0:
            _refuse("value.times", times, "is not a factor for a ratio", "a number that is not 0")
        return m.Ratio(figures[0], figures[1], float(times))

    def _figure(self, fact: Fact, place: str, given: Any) -> m.Count | m.Sum | m.People:
        if _is_number(given):
            reason = "divides by zero" if given == 0 and place.endswith(".1") else "is a number, not a figure of rows"
            _refuse(place, given, reason, 'a count, a sum or a number of people, such as {"count": "*"}')
        value = self._value(fact, place, given)
        if isinstance(value, m.Count | m.Sum) or (isinstance(value, m.People) and value.how == "distinct"):
            if value == m.Sum(0.0) and place.endswith(".1"):
                _refuse(place, given, "divides by zero", "a figure that is not always 0")
            return value
        _refuse(place, given, "cannot be part of a ratio", "count, sum or distinct")

    def _fewest(self, fact: Fact, given: Any) -> tuple[str, int] | None:
        if given is None:
            return None
        if not isinstance(given, Mapping) or len(given) != 1:
            _refuse("people_at_least", given, "is not a limit", 'a column of people and a number: {"person": 5}')
        ((column, number),) = given.items()
        if not isinstance(number, int) or isinstance(number, bool) or not 2 <= number <= 1000:
            _refuse(f"people_at_least.{column}", number, "is not a number of people", "2 to 1000")
        return _column("people_at_least", column, fact, {Type.PERSON}), number


def _require_short(document: Any) -> None:
    try:
        length = len(json.dumps(document))
    except (RecursionError, ValueError):  # Python writes no number of more than 4,300 digits
        length = LONGEST + 1
    if length > LONGEST:
        _refuse("definition", None, f"is longer than {LONGEST:,} characters, or nested too deep")


def _one_of(place: str, given: Any, allowed: Iterable[str], reason: str = "is unknown") -> Any:
    names = list(allowed)
    if not isinstance(given, str) or given not in names:
        _refuse(place, given, reason, names)
    return given


def _text(place: str, given: Any) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str) or not 0 < len(given.strip()) <= _TEXTS[place] or not given.isprintable():
        _refuse(place, given, "is not a text of one line", f"1 to {_TEXTS[place]} characters")
    return given.strip()


def _needs(given: Any) -> Any:
    return None if given is None else _one_of("needs", given, ("incidents",))


def _window(given: Any, when: Any) -> int | None:
    if given is None:
        return None
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= 3650:
        _refuse("window_days", given, "is not a number of days", "1 to 3650")
    if when is not None and not isinstance(when, m.When):
        _refuse("window_days", given, "needs an instant in when")
    return given


def _fits(value: m.Value, when: Any, window: int | None, by: Collection[str] | None) -> None:
    """Refuse what makes no sense together."""
    for one in m.parts(value):
        if isinstance(one, m.People) and one.how in ("new", "returning", "gone") and window is None:
            _refuse(f"value.{one.how}", one.column, "compares a window with the time before it; add window_days")
    outside = any(isinstance(one, m.Share) and isinstance(one.of, m.OutsideHours) for one in m.parts(value))
    if outside and by is not None and "repo" in by:
        _refuse("by", list(by), "has repo, but only teams have working hours", "team, week, month and columns")
    if not isinstance(when, m.When) and isinstance(value, m.People) and value.how in ("new", "returning", "gone"):
        _refuse("when", None, "must be an instant")


def _single(place: str, given: Any, keys: Collection[str], *, beside: Collection[str] = ()) -> tuple[Any, Any, Any]:
    """The one key of an object, its value, and what stands beside it."""
    if not isinstance(given, Mapping):
        _refuse(place, given, "is unknown", [f'{{"{key}": …}}' for key in keys])
    found = [key for key in given if key not in beside]
    for key in found:
        if key not in keys:
            _refuse(f"{place}.{key}", key, "is unknown", keys)
    if len(found) != 1:
        _refuse(place, given, "must have exactly one of these", keys)
    return found[0], given[found[0]], {key: given[key] for key in beside if key in given}


def _pair(place: str, given: Any) -> tuple[Any, Any]:
    if not isinstance(given, list) or len(given) != 2:
        _refuse(place, given, "is not a list of two")
    return given[0], given[1]


def _column(place: str, given: Any, fact: Fact, types: Collection[Type] | None = None) -> str:
    """The name of a column of the facts. There are no others: no definition joins tables."""
    fitting = [name for name, column in fact.columns.items() if types is None or column.type in types]
    if not isinstance(given, str) or given not in fact.columns:
        _refuse(place, given, f"is not a column of {fact.name}", fitting)
    if given not in fitting:
        wanted = " or ".join(sorted(types or ()))
        _refuse(place, given, f"is of the type {fact.columns[given].type}, not {wanted}", fitting)
    return given


def _operand(place: str, given: Any, operator: str, fact: Fact, column: FactColumn) -> Any:
    if operator == "is":
        return _one_of(place, given, ("known", "unknown"))
    if operator in ("in", "not in"):
        if not isinstance(given, list) or not 0 < len(given) <= 1000:
            _refuse(place, given, "is not a list of 1 to 1000 values")
        return tuple(_literal(f"{place}.{number}", one, column) for number, one in enumerate(given))
    if operator in ("<", "<=", ">", ">=") and column.type not in _ORDERED:
        _refuse(
            place, given, f"cannot be compared like that: {column.type} has no order", ("=", "!=", "in", "not in", "is")
        )
    if operator in ("starts with", "ends with") and column.type is not Type.WORD:
        _refuse(place, given, "is compared as a text, but the column holds no texts", ("=", "!=", "in", "not in", "is"))
    if isinstance(given, Mapping):
        key, name, _ = _single(place, given, ("column",))
        return m.Named(_column(f"{place}.{key}", name, fact, {column.type}))
    return _literal(place, given, column)


def _literal(place: str, given: Any, column: FactColumn) -> Any:
    match column.type:
        case Type.NUMBER:
            if _is_number(given):
                return float(given)
            wanted = "a number"
        case Type.TRUTH:
            if isinstance(given, bool):
                return given
            wanted = "true or false"
        case Type.WORD:
            if isinstance(given, str) and _is_storable(given) and len(given) <= 1000:
                return given
            wanted = "a text of at most 1000 characters"
        case _:
            wanted = 'another column of the same type, {"column": "…"}, or with "is": known or unknown'
    _refuse(place, given, f"does not fit the type {column.type}", wanted)


def _is_number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and abs(given) < MOST_NUMBER


def _is_storable(text: str) -> bool:
    """Whether Postgres stores a text: it has no NUL and no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def _sizes(number: m.Number) -> tuple[float, float]:
    """Between which sizes, whatever its sign, a number lies that is not 0."""
    match number:
        case m.Named():
            return 1e-6, MOST_NUMBER
        case float():
            return (abs(number), abs(number)) if number else (1.0, 1.0)
        case m.Calculation("divide", (above, below)):
            (small, large), (least, most) = _sizes(above), _sizes(below)
            return small / most, large / least
        case m.Calculation("multiply", of):
            sizes = [_sizes(one) for one in of]
            return prod(small for small, _ in sizes), prod(large for _, large in sizes)
    sizes = [_sizes(one) for one in number.of]
    # What is left of two numbers that are almost the same is of the size of the last digit.
    return min(small for small, _ in sizes) * 1e-17, sum(large for _, large in sizes)


def _unit(value: m.Value) -> str:
    """What a figure is in, where the definition does not say."""
    match value:
        case m.Middle(of=m.Span()):
            return "seconds"
        case m.Share() | m.People(how="top_share"):
            return "percent"
    return ""
