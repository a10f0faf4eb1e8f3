"""The combinations of a matrix, as GitHub makes them: the product of its axes, less ``exclude``, and then ``include``.

Where an axis, an ``exclude`` or an ``include`` is an expression, what follows of it is unknown: a combination is then
*open*, so that a name it has no value for has an unknown one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Final

from app.metrics.runtimes.expressions import MAX_NAMES, Known, evaluate
from app.metrics.runtimes.runtime import UNKNOWN, UnreadableFile
from app.metrics.runtimes.yaml_documents import Value

#: Jobs that a matrix makes at most, by GitHub's limits; one with more does not run.
MAX_COMBINATIONS: Final = 256

#: Combinations before ``exclude``. More are not counted out, the matrix is unknown.
_MAX_PRODUCT: Final = 2_048

#: Characters of text that are a step of work.
_CHARACTERS: Final = 20

#: Steps of work for one workflow, of which an ordinary one takes some hundreds. Aliases let a small file ask for more.
_MAX_WORK: Final = 100_000


@dataclass(slots=True)
class Budget:
    """What reading one workflow may still cost."""

    left: int = _MAX_WORK

    def spend(self, steps: int) -> None:
        """Take steps of work.

        Raises:
            UnreadableFile: the workflow has taken more than one may.
        """
        self.left -= steps
        if self.left < 0:
            raise UnreadableFile("too much work")

    def read(self, value: Known) -> None:
        """Take what reading a value costs."""
        self.spend(1 + (len(value) // _CHARACTERS if isinstance(value, str) else 0))


@dataclass(frozen=True, slots=True)
class Combination:
    """The matrix of one job.

    Attributes:
        values: by the names of axes and of what ``include`` adds.
        is_open: names without a value have an unknown one, instead of none.
    """

    values: Mapping[str, Known] = field(default_factory=dict)
    is_open: bool = False

    def value(self, name: str) -> Known:
        """A value by its name, in capitals or not; the empty text if there is none."""
        found = next((value for key, value in self.values.items() if key.lower() == name.lower()), None)
        if found is not None:
            return found
        return UNKNOWN if self.is_open else ""


#: A job of which nothing is known but that it runs.
OPEN: Final = Combination(is_open=True)


def combinations(matrix: Value, budget: Budget) -> list[Combination]:
    """The combinations of the matrix of a job, in no order that means anything."""
    found = _literal(matrix, budget)
    if not isinstance(found, dict) or len(found) > MAX_NAMES:
        return [OPEN]
    axes = {name: _choices(values, budget) for name, values in found.items() if name not in {"include", "exclude"}}
    base = _product(axes)
    budget.spend(len(base) * (len(axes) + 1))
    if "exclude" in found:
        base = _less(base, found["exclude"], budget)
    if "include" in found:
        base = _more(base if axes else [], frozenset(axes), found["include"], budget)
    return base if len(base) <= MAX_COMBINATIONS else [OPEN]


def _literal(value: Known, budget: Budget) -> Known:
    """A value of a matrix. Its expressions may name inputs and outputs, which nobody knows; literals are read."""
    budget.read(value)
    return evaluate(value, {})


def _choices(values: Value, budget: Budget) -> list[Known]:
    found = _literal(values, budget)
    return [_literal(one, budget) for one in found] if isinstance(found, list) else [UNKNOWN]


def _product(axes: Mapping[str, list[Known]]) -> list[Combination]:
    size = 1
    for choices in axes.values():
        size *= len(choices)
    if size > _MAX_PRODUCT:
        return [OPEN]
    return [Combination(dict(zip(axes, chosen, strict=True))) for chosen in product(*axes.values())]


def _entries(value: Value, budget: Budget) -> list[dict[str, Known] | None] | None:
    """Those of ``include`` or ``exclude``, None for one that is no mapping.

    None in place of all if they are not known, or more than there can be combinations.
    """
    found = _literal(value, budget)
    if not isinstance(found, list) or len(found) > MAX_COMBINATIONS:
        return None
    return [
        {name: _literal(one, budget) for name, one in entry.items()} if isinstance(entry, dict) else None
        for entry in found
    ]


def _less(base: list[Combination], exclude: Value, budget: Budget) -> list[Combination]:
    """Without those that an entry of ``exclude`` matches; open, if nobody knows whether one does."""
    entries = _entries(exclude, budget)
    if entries is None:
        return [OPEN for _ in base]
    budget.spend(len(base) * sum(len(entry or ()) for entry in entries))
    kept = []
    for combination in base:
        matches = [_matches(combination, entry) for entry in entries]
        if True not in matches:
            kept.append(OPEN if None in matches else combination)
    return kept


def _matches(combination: Combination, entry: dict[str, Known] | None) -> bool | None:
    if entry is None:
        return None
    return _all(_same(combination.value(name), value) for name, value in entry.items())


def _more(base: list[Combination], axes: frozenset[str], include: Value, budget: Budget) -> list[Combination]:
    """With what ``include`` adds.

    An entry is added to each combination of the axes of which it changes no value of an axis. If there is none, it is
    a combination of its own.
    """
    entries = _entries(include, budget)
    if entries is None:
        return [*(replace(one, is_open=True) for one in base), OPEN]
    names = {name for entry in entries for name in entry or ()}
    if len(names) > MAX_NAMES:
        return [OPEN]
    budget.spend((len(base) + 1) * sum(len(entry or ()) + 1 for entry in entries))
    own = []
    for entry in entries:
        if entry is None:
            own.append(OPEN)
            continue
        fits = [_all(_same(one.value(name), value) for name, value in entry.items() if name in axes) for one in base]
        base = [_added(one, entry, axes, fit=fit) for one, fit in zip(base, fits, strict=True)]
        if True not in fits:
            own.append(Combination(entry))
    return base + own


def _added(one: Combination, entry: dict[str, Known], axes: frozenset[str], *, fit: bool | None) -> Combination:
    if fit is False:
        return one
    added = {name: value if fit else UNKNOWN for name, value in entry.items() if name not in axes}
    return replace(one, values={**one.values, **added})


def _same(one: Known, other: Known) -> bool | None:
    """Whether two values are the same; None if that is not known. Lists and mappings are compared by GitHub alone."""
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    return None


def _all(answers: Iterable[bool | None]) -> bool | None:
    """Whether all are true; None if none is false and some are not known."""
    found = set(answers)
    if False in found:
        return False
    return None if None in found else True
