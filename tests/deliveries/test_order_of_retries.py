"""When deliveries are tried again, over days of a clock that the tests move, against a slow twin."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert, text

from app.deliveries import queue, receivers
from app.deliveries.announcing import announce
from app.deliveries.notify import Notify
from app.deliveries.queue import Claimed
from app.deliveries.tables import webhook
from app.sending.outcome import Outcome, Verdict
from app.storage.resources import Resources
from tests.reference.retries import HOPELESS, LONGEST_ASKED, NO_MORE, NOT_TAKEN, PAUSES, TAKEN, Retries, Told
from tests.reference.retries import Receiver as ToldReceiver
from tests.strategies import examples

#: What the twin calls the statuses.
STATES = {"waiting": "waiting", "delivered": "delivered", "failed": "given up", "dropped": "given up"}

VERDICTS = {TAKEN: Verdict.DELIVERED, NOT_TAKEN: Verdict.FAILED, NO_MORE: Verdict.GONE}

#: What a receiver may ask for; the last is more than is honoured.
ASKED = (timedelta(), timedelta(seconds=30), timedelta(hours=3), LONGEST_ASKED, timedelta(days=30))

#: One attempt in so many is of a replica that dies before it can tell what became of it.
DEATHS = 8


@dataclass(slots=True)
class Outbox:
    """The queue, whose clock is moved by moving all instants in its tables, and the twin beside it."""

    resources: Resources
    twin: Retries = field(default_factory=Retries)
    moved: timedelta = timedelta()
    claims: list[datetime] = field(default_factory=list)

    def receiver(self, name: str) -> None:
        row = {"id": name, "name": name, "url": "https://a.example", "format": "standard", "events": []}
        self._run(insert(webhook).values(row | {"secret_key": "k", "created_by": "ada"}))
        self.twin.receivers[name] = ToldReceiver()

    def tell(self, name: str) -> str:
        """Queue a delivery to a receiver; returns its id."""
        with self.resources.engine.begin() as connection:
            announce(connection, "webhook.test", name, title="A test.", wanted=Notify(to=(name,)))
        (found,) = self.rows("SELECT id FROM delivery ORDER BY created_at DESC, id DESC LIMIT 1")
        self.twin.told[found.id] = Told(name)
        return str(found.id)

    def claim(self) -> Claimed | None:
        with self.resources.engine.begin() as connection:
            return queue.claim_next(connection, replica="here", busy=())

    def settle(self, claimed: Claimed, what: str, *, asked: timedelta | None = None) -> str | None:
        """As the deliverer does; returns the status."""
        error = None if what == TAKEN else "It was not taken."
        outcome = Outcome(verdict=VERDICTS[what], error=error, retry_after=asked)
        with self.resources.engine.begin() as connection:
            status = queue.settle(connection, claimed, outcome)
            if status is not None:
                receivers.remember(connection, claimed.target, outcome, self.resources.settings)
            at = connection.scalar(text("SELECT now()"))
        if status is not None:
            self.twin.answered(claimed.id, at + self.moved, what, asked=asked)
        return status

    def move_on(self) -> bool:
        """Move the clock to when something can be claimed next; False: nothing waits any more."""
        (wait,) = self.rows(
            "SELECT min(greatest(due_at, lease_until)) - now() AS found FROM delivery WHERE status = 'waiting'"
        )
        if wait.found is None:
            return False
        self.move(max(wait.found, timedelta()) + timedelta(milliseconds=1))
        return True

    def move(self, how_far: timedelta) -> None:
        for table, columns in {"delivery": ("due_at", "lease_until"), "webhook": ("failing_since",)}.items():
            moved = ", ".join(f"{column} = {column} - :by" for column in columns)
            self._run(text(f"UPDATE {table} SET {moved}"), by=how_far)
        self.moved += how_far

    def differences(self) -> list[Any]:
        """What is otherwise than the twin says."""
        found: list[Any] = []
        for row in self.rows("SELECT id, status, due_at, charged, lease_until FROM delivery"):
            told, due = self.twin.told[row.id], row.due_at + self.moved
            if STATES[row.status] != told.state or row.charged != told.failures + (told.state == "delivered"):
                found.append((row, told))
            elif told.state == "waiting" and told.earliest is not None and not told.earliest <= due <= told.latest:
                found.append((row, told, due))
        for row in self.rows("SELECT id, enabled, failing_since FROM webhook"):
            receiver = self.twin.receivers[row.id]
            since = None if row.failing_since is None else row.failing_since + self.moved
            if (row.enabled, since) != (receiver.enabled, receiver.failing_since):
                found.append((row, receiver))
        return found

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.resources.engine.connect() as connection:
            return list(connection.execute(text(statement), values))

    def _run(self, statement: Any, **values: Any) -> None:
        with self.resources.engine.begin() as connection:
            connection.execute(statement, values)


@pytest.fixture
def outbox(resources: Resources) -> Iterator[Outbox]:
    found = Outbox(resources)
    yield found
    assert found.differences() == []


def refused_until_it_fails(outbox: Outbox, name: str) -> list[timedelta]:
    """The pauses between the attempts at a delivery that is never taken, by when each was due."""
    outbox.tell(name)
    pauses, status = [], "waiting"
    while status == "waiting":
        claimed = outbox.claim()
        assert claimed is not None
        found = outbox.settle(claimed, NOT_TAKEN)
        assert outbox.differences() == []
        assert found is not None
        status = found
        pauses += [r.due_at - r.tried_at for r in outbox.rows("SELECT * FROM delivery WHERE status = 'waiting'")]
        assert outbox.claim() is None  # not before it is due
        outbox.move_on()
    return pauses


def test_ten_attempts_are_made_by_the_table_with_pauses_that_vary(outbox: Outbox) -> None:
    outbox.receiver("a")
    outbox.receiver("b")
    pauses = [refused_until_it_fails(outbox, name) for name in "ab"]
    assert [len(one) for one in pauses] == [9, 9]
    for first, second, listed in zip(*pauses, PAUSES, strict=True):
        assert all(listed * 0.8 <= one <= listed * 1.2 for one in (first, second))
    assert any(one != listed for one, listed in zip(pauses[0], PAUSES, strict=True))
    assert pauses[0] != pauses[1]


@pytest.mark.parametrize("asked", ASKED)
def test_a_receiver_may_put_an_attempt_off_for_a_day_at_most(outbox: Outbox, asked: timedelta) -> None:
    outbox.receiver("a")
    outbox.tell("a")
    claimed = outbox.claim()
    assert claimed is not None
    outbox.settle(claimed, NOT_TAKEN, asked=asked)
    (row,) = outbox.rows("SELECT due_at - tried_at AS pause FROM delivery")
    if asked > timedelta(seconds=6):
        assert row.pause == min(asked, timedelta(days=1))
    else:
        assert timedelta(seconds=4) <= row.pause <= timedelta(seconds=6)


def test_who_wants_no_more_gets_no_more_at_once(outbox: Outbox) -> None:
    for name in "ab":
        outbox.receiver(name)
    mine = [outbox.tell("a") for _ in range(3)]
    other = outbox.tell("b")
    claimed = outbox.claim()
    assert claimed is not None
    outbox.settle(claimed, NO_MORE)
    assert outbox.differences() == []
    left = outbox.claim()
    assert left is not None
    assert (left.id, outbox.claim()) == (other, None)
    assert outbox.settle(left, TAKEN) == "delivered"
    ends = {row.id: row.status for row in outbox.rows("SELECT id, status FROM delivery")}
    assert [ends[one] for one in mine] == ["failed", "dropped", "dropped"]


def test_five_days_without_one_success_disable_and_one_success_starts_anew(outbox: Outbox) -> None:
    outbox.receiver("a")
    for what, days in ((NOT_TAKEN, 4.9), (TAKEN, 4.9), (NOT_TAKEN, 4.9), (NOT_TAKEN, 0.2)):
        outbox.tell("a")
        while (claimed := outbox.claim()) is not None:
            outbox.settle(claimed, what)
        assert outbox.differences() == []
        assert outbox.rows("SELECT enabled FROM webhook") == [(True,)]
        outbox.move(timedelta(days=days))
    last = outbox.claim()
    assert last is not None
    outbox.settle(last, NOT_TAKEN)
    ((enabled, reason),) = outbox.rows("SELECT enabled, disabled_reason FROM webhook")
    assert not enabled
    assert "5 days" in reason
    assert outbox.rows("SELECT 1 FROM delivery WHERE status = 'waiting'") == []


@pytest.mark.parametrize("seed", range(examples(10)))
def test_whatever_receivers_answer_and_whoever_dies_deliveries_go_as_the_twin_says(outbox: Outbox, seed: int) -> None:
    chance = Random(seed)
    moods = {
        "good": [TAKEN],
        "moody": [TAKEN, NOT_TAKEN],
        "bad": [TAKEN] + [NOT_TAKEN] * 20,
        "leaving": [NO_MORE] + [NOT_TAKEN] * 30,
        "dead": [NOT_TAKEN],
    }
    for name in moods:
        outbox.receiver(name)
    overtaken: list[Claimed] = []
    for _ in range(6):
        for name in moods:
            if outbox.twin.receivers[name].enabled:
                outbox.tell(name)
        for _ in range(chance.randrange(12)):
            _attempt(outbox, chance, moods, overtaken)
            assert outbox.differences() == []
    outbox.move(HOPELESS)
    if outbox.twin.receivers["dead"].enabled:
        outbox.tell("dead")
    while outbox.move_on():
        _attempt(outbox, chance, moods, overtaken)
        assert outbox.differences() == []
    for claimed in overtaken:
        assert outbox.settle(claimed, TAKEN) is None  # its time was over: it changes nothing
    assert {told.state for told in outbox.twin.told.values()} == {"delivered", "given up"}
    assert not outbox.twin.receivers["dead"].enabled


def _attempt(outbox: Outbox, chance: Random, moods: dict[str, list[str]], overtaken: list[Claimed]) -> None:
    """Move to what is due next, and try it: the one that has been due longest; some replicas die of it."""
    if not outbox.move_on():
        return
    due = outbox.rows(
        "SELECT id FROM delivery WHERE status = 'waiting' AND due_at <= now() AND coalesce(lease_until < now(), true) "
        "ORDER BY due_at LIMIT 1"
    )
    claimed = outbox.claim()
    assert [claimed.id if claimed else None] == [row.id for row in due]
    if claimed is None:
        return
    if not overtaken or chance.randrange(DEATHS) == 0:
        overtaken.append(claimed)
        return
    what = chance.choice(moods[claimed.target])
    asked = chance.choice((None, None, *ASKED)) if what == NOT_TAKEN else None
    assert outbox.settle(claimed, what, asked=asked) is not None
