"""Definitions of metrics by chance: whatever the grammar of docs/metrics.md allows."""

from random import Random
from typing import Any, Final

from app.metrics.facts.fact import Type
from app.metrics.facts.registry import FACTS
from tests.reference.metric_facts import FACTS as TWINS

#: Words that columns of the made rows have, and some that they have not.
_WORDS: Final = (
    *("APPROVED", "CHANGES_REQUESTED", "merge", "review", "comment", "success", "failure", "skipped", "main", "push"),
    *("pypi", "npm", "production", "eu", "CI", "ci", "v", "1", "a", "completed", "default branch", "other", ".0", "%"),
)
_PILLARS: Final = ("version_control", "compatibility", "infrastructure", "team")
_ORDERED: Final = ("<", "<=", ">", ">=")


class Defining:
    """Makes definitions by a seed."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.facts = ""

    def definition(self) -> dict[str, Any]:
        self.facts = self.random.choice(sorted(TWINS))
        made: dict[str, Any] = {"pillar": self.random.choice(_PILLARS), "title": "Made", "from": self.facts}
        made["when"] = self._when()
        if self.random.random() < 0.7:
            made["where"] = [self.condition(2) for _ in range(self.random.randint(0, 3))]
        splits = self._columns(Type.WORD, Type.TRUTH)
        made["by"] = ["team", "repo", "week", "month", *self.random.sample(splits, self._few(len(splits)))]
        is_windowed = isinstance(made["when"], str) and self.random.random() < 0.4
        if is_windowed:
            made["window_days"] = self.random.choice((1, 7, 28, 40))
        made["value"] = self._value(is_windowed=is_windowed)
        if "outside_hours" in str(made["value"]):
            made["by"].remove("repo")
        people = self._columns(Type.PERSON)
        if people and self.random.random() < 0.15:
            made["people_at_least"] = {self.random.choice(people): self.random.randint(2, 4)}
        return made

    def _few(self, most: int) -> int:
        return min(most, self.random.choice((0, 0, 1, 2)))

    def _columns(self, *types: Type) -> list[str]:
        return [name for name, column in FACTS[self.facts].columns.items() if column.type in types]

    def _pick(self, *types: Type) -> str | None:
        columns = self._columns(*types)
        return self.random.choice(columns) if columns else None

    def _when(self) -> Any:
        if self._columns(Type.DAY):
            return {"latest": self._pick(Type.DAY)}
        instants = self._columns(Type.INSTANT)
        if len(instants) > 1 and self.random.random() < 0.2:
            start, end = self.random.sample(instants, 2)
            days = self.random.choice(({}, {"for_days": 0}, {"for_days": 1}, {"for_days": 30}))
            return {"standing": [start, end], **days}
        return self.random.choice(instants)

    def condition(self, depth: int) -> Any:
        draw = self.random.random()
        if depth and draw < 0.25:
            how = self.random.choice(("any", "all"))
            return {how: [self.condition(depth - 1) for _ in range(self.random.randint(1, 3))]}
        if depth and draw < 0.35:
            return {"not": self.condition(depth - 1)}
        column = self.random.choice(sorted(FACTS[self.facts].columns))
        if draw < 0.5:
            return [column, "is", self.random.choice(("known", "unknown"))]
        return self._comparison(column)

    def _comparison(self, column: str) -> Any:  # noqa: PLR0911 - by the type
        kind = FACTS[self.facts].columns[column].type
        alike = [other for other in self._columns(kind) if other != column]
        if kind is Type.PERSON:
            if not alike:
                return [column, "is", "known"]
            return [column, self.random.choice(("=", "!=")), {"column": self.random.choice(alike)}]
        if kind in {Type.INSTANT, Type.DAY}:
            if not alike:
                return [column, "is", "known"]
            return [column, self.random.choice(("=", "!=", *_ORDERED)), {"column": self.random.choice(alike)}]
        if kind is Type.TRUTH:
            operand = {"column": self.random.choice(alike)} if alike and self.random.random() < 0.2 else None
            return [column, self.random.choice(("=", "!=")), operand or self.random.choice((True, False))]
        literal = self._word if kind is Type.WORD else self._number_value
        if self.random.random() < 0.25:
            return [column, self.random.choice(("in", "not in")), [literal() for _ in range(self.random.randint(1, 4))]]
        if kind is Type.WORD and self.random.random() < 0.3:
            return [column, self.random.choice(("starts with", "ends with")), self._word()]
        operators = ("=", "!=") if kind is Type.WORD else ("=", "!=", *_ORDERED)
        operand = {"column": self.random.choice(alike)} if alike and self.random.random() < 0.2 else literal()
        return [column, self.random.choice(operators), operand]

    def _word(self) -> str:
        return self.random.choice(_WORDS)

    def _number_value(self) -> float:
        return self.random.choice((0, 1, 2, 3, 30, 400, 0.5, -1, 1e6))

    def number(self, depth: int = 2) -> Any:
        column = self._pick(Type.NUMBER)
        draw = self.random.random()
        if depth == 0 or draw < 0.5:
            return column if column and draw < 0.45 else self._number_value()
        operation = self.random.choice(("add", "subtract", "multiply", "divide"))
        many = 2 if operation == "divide" else self.random.randint(2, 4)
        numbers = [self.number(depth - 1) for _ in range(many)]
        if operation == "divide" and numbers[1] == 0:
            numbers[1] = 4
        return {operation: numbers}

    def _value(self, *, is_windowed: bool) -> Any:  # noqa: PLR0911 - one for each value
        instants, people = self._columns(Type.INSTANT), self._columns(Type.PERSON)
        named = people + self._columns(Type.WORD)
        ways = ["count", "sum", "quantile", "share", "distinct", "top_share", "gini", "fewest_for", "ratio"]
        ways += ["outside"] if instants else []
        ways += ["span", "span"] if len(instants) > 1 else []
        ways += ["come"] * 6 if is_windowed and people else []
        match self.random.choice(ways):
            case "quantile":
                return {self.random.choice(("median", "p75", "p90")): self.number()}
            case "span":
                clock = self.random.choice(("working", "elapsed"))
                return {self.random.choice(("median", "p75", "p90")): {clock: self.random.sample(instants, 2)}}
            case "share":
                return {"share": self.condition(2)}
            case "outside":
                return {"share": {"outside_hours": self.random.choice(instants)}}
            case "top_share" | "gini" as how:
                return {how: self.random.choice(people or named)} if named else {"count": "*"}
            case "fewest_for":
                part = self.random.choice((0.1, 0.3, 0.5, 0.8))
                return {"fewest_for": self.random.choice(people or named), "part": part} if named else {"count": "*"}
            case "come":
                return {self.random.choice(("new", "returning", "gone")): self.random.choice(people)}
            case "ratio":
                times = self.random.choice(({}, {"times": 100}, {"times": 0.5}))
                below = self._count(named)
                return {"ratio": [self._count(named), {"count": "*"} if below == {"sum": 0} else below], **times}
            case _:
                return self._count(named)

    def _count(self, named: list[str]) -> Any:
        match self.random.choice(("count", "sum", "distinct")):
            case "sum":
                return {"sum": self.number()}
            case "distinct" if named:
                return {"distinct": self.random.choice(named)}
        return {"count": "*"}
