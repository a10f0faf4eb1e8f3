"""The record in memory does what the real one does: both are put through the same operations, chosen at random."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from random import Random
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update

from app.files.artifact import StoredArtifact
from app.jobs import lifecycle, records
from app.jobs.lifecycle import Claim
from app.jobs.tables import job
from app.storage.resources import Resources
from tests.kinds import AS_OF
from tests.model import record
from tests.model.record import Row, Table
from tests.strategies import examples

SEQUENCES = examples(200)
STEPS = 30

#: Time that passes before an operation, seconds: none of the protocol's waits, and each of them and a bit.
PASSING = (0.5, 0.5, 0.5, 0.5, 2, 10.5, 30.5, 3600, 86400)

ARTIFACT = StoredArtifact("x.csv", "reports/1/a1/x.csv", "text/csv", 10, 2, "0" * 64)


class Pair:
    """The real record within one transaction, in which now() stands still, and the one in memory."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.started: Any = connection.scalar(select(func.now()))
        self.passed = 0.0
        self.table = Table(lambda: self.passed)
        self.claims: list[Claim] = []

    def wait(self, seconds: float) -> None:
        """Let time pass: the real rows grow older."""
        self.passed += seconds
        older = {column: job.c[column] - timedelta(seconds=seconds) for column in TIMES}
        self.connection.execute(update(job).values(older))

    def both(self, name: str, *args: Any, **options: Any) -> Any:
        """Do the same on both; the answers must be the same."""
        real: ModuleType = lifecycle if hasattr(lifecycle, name) else records
        answers = [
            _comparable(getattr(module, name)(connection, *args, **options))
            for module, connection in ((real, self.connection), (record, record.Connection(self.table)))
        ]
        assert answers[0] == answers[1], f"{name}{args}{options}"
        return answers[0]

    def rows(self) -> list[Row]:
        """The real rows, with times as the one in memory has them."""
        query = select(*(job.c[column.name] for column in fields(Row))).order_by(job.c.created_at)
        return [
            Row(**{name: self._seconds(value) if name in TIMES else value for name, value in row._mapping.items()})
            for row in self.connection.execute(query)
        ]

    def _seconds(self, value: Any) -> float | None:
        return None if value is None else round((value - self.started).total_seconds() + self.passed, 6)


TIMES = ("created_at", "lease_until", "not_before", "started_at", "finished_at")


def _comparable(answer: Any) -> Any:
    if isinstance(answer, list):  # RETURNING promises no order
        return sorted(answer)
    if isinstance(answer, Claim):
        return replace(answer, waited_seconds=round(answer.waited_seconds, 6))
    return answer


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation: how often it is chosen, and what it is given."""

    weight: int
    arguments: Callable[[Pair, Random], tuple[Any, ...]] = lambda *_: ()
    options: Callable[[Random], dict[str, Any]] = lambda _: {}


def any_id(pair: Pair, random: Random) -> tuple[str]:
    return (random.choice([*pair.table.rows, "none"]),)


def all_ids(pair: Pair, _: Random) -> tuple[list[str]]:
    return ([*pair.table.rows, "none"],)


def any_claim(pair: Pair, random: Random) -> tuple[Claim]:
    return (random.choice(pair.claims[-4:]),)


def some_claims(pair: Pair, random: Random) -> tuple[list[Claim]]:
    return (random.sample(pair.claims, random.randint(1, min(3, len(pair.claims)))),)


def new_report(random: Random) -> dict[str, Any]:
    key, concurrency = random.choice([None, "one", "two"]), random.choice([None, "left", "right"])
    return {
        "kind": random.choice(["dummy", "other"]),
        "params": {"a": 1},
        "params_sha256": "x",
        "as_of": AS_OF,
        "idempotency_key": key,
        "concurrency_key": concurrency,
    }


def some_kinds(random: Random) -> dict[str, Any]:
    return {"kinds": random.choice([["dummy"], ["other"], ["dummy", "other"]])}


OPERATIONS = {
    "create": Operation(5, options=new_report),
    "keyed": Operation(1, lambda _, random: (random.choice(["one", "two"]),)),
    "claim": Operation(4, any_id, lambda random: {"owner": random.choice("ab")}),
    "claim_next": Operation(8, options=lambda random: {"owner": random.choice("ab"), **some_kinds(random)}),
    "renew": Operation(2, some_claims),
    "publish": Operation(1, any_claim, lambda _: {"artifacts": [ARTIFACT]}),
    "fail": Operation(1, any_claim, lambda _: {"code": "x", "message": "y"}),
    "release": Operation(3, any_claim),
    "crashed": Operation(3, any_claim, lambda _: {"how": "signal 9"}),
    "server_failed": Operation(3, any_claim, lambda _: {"code": "x", "message": "y.", "after_seconds": 20}),
    "give_up": Operation(1),
    "cancel": Operation(1, any_id),
    "stopped": Operation(1, any_claim),
    "remove": Operation(1, any_id),
    # In no order, so without choosing.
    "expire": Operation(1, options=lambda _: {"kind": "dummy", "days": 1, "limit": 100}),
    "outstanding": Operation(1, all_ids),
    "kept_objects": Operation(1, all_ids),
    "backlog": Operation(1),
}

WITH_CLAIMS = (any_claim, some_claims)


def operate(pair: Pair, random: Random) -> None:
    """One operation with whatever report and claim, old ones too."""
    possible = [name for name, one in OPERATIONS.items() if pair.claims or one.arguments not in WITH_CLAIMS]
    (name,) = random.choices(possible, [OPERATIONS[name].weight for name in possible])
    operation = OPERATIONS[name]
    answer = pair.both(name, *operation.arguments(pair, random), **operation.options(random))
    if isinstance(answer, Claim):
        pair.claims.append(answer)


@pytest.fixture
def connection(resources: Resources) -> Iterator[Connection]:
    with resources.engine.connect() as connection:
        yield connection


@pytest.mark.timeout(600)  # thousands of statements
def test_the_record_in_memory_does_what_the_real_one_does(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(SEQUENCES):
        random = Random(seed)
        pair = Pair(connection)
        with monkeypatch.context() as patch:
            patch.setattr(lifecycle, "MAX_ATTEMPTS", 4)  # so that it happens
            patch.setattr(lifecycle, "new_id", lambda *_, pair=pair: pair.table.next_id())
            for _ in range(STEPS):
                pair.wait(random.choice(PASSING))
                operate(pair, random)
                memory = [replace(row) for row in pair.table.rows.values()]
                for row in memory:
                    for name in TIMES:
                        value = getattr(row, name)
                        setattr(row, name, None if value is None else round(value, 6))
                assert pair.rows() == memory, f"seed {seed}"
        connection.rollback()
