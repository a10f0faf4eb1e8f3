"""kill -9 at every step of a message: each end is told at least once, nothing that was rolled back, never by two."""

import json
import random
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from threading import Event, Thread
from time import sleep
from typing import Any, Self

import pytest
from sqlalchemy import Engine, text

from app.catalogue import records as datasets
from app.storage.postgres import build_engine
from app.storage.resources import Resources
from tests.chaos.asking import Answer, NoAnswer, ask
from tests.chaos.conftest import KILLS, MEASURING, Stage
from tests.chaos.delivery_failpoints import DELIVERY_FAILPOINTS
from tests.chaos.receivers import Inbox, receiving
from tests.chaos.scene import Scene
from tests.chaos.servers import Servers
from tests.chaos.test_kills import SHORT_LEASE_SECONDS
from tests.commands import wait_until

#: How many replicas die; of a run that kills more of them elsewhere not more here.
DEATHS = min(KILLS, 200) if MEASURING else 4

REPLICAS = 3

#: A replica dies at its failpoint so often when it comes there.
PROBABILITY = 0.25

#: Between two things that are done meanwhile, seconds.
PAUSE_SECONDS = 0.4

#: Longest that a request is repeated, and that all takes until it has ended when nobody dies any more, seconds.
PATIENCE_SECONDS = 240

#: What each receiver listens to; the last gets what is asked for.
LISTENS = {"all": ["*"], "some": ["report.complete", "dataset.ready"], "asked": []}

NOTHING: dict[str, set[tuple[str, str]]] = {name: set() for name in LISTENS}

NOTIFY = ["asked", "ops@example.org"]

SEED = 20240103

_OUTSTANDING = text(
    "SELECT EXISTS (SELECT FROM report WHERE status IN ('queued', 'running')) "
    "OR EXISTS (SELECT FROM event WHERE handled_at IS NULL) OR EXISTS (SELECT FROM delivery WHERE status = 'waiting')"
)


@dataclass(slots=True)
class Deeds:
    """Triggers reports and brings files all the while; what is asked for is repeated until it is answered."""

    address: str
    folder: Path
    notified: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    _stopping: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._run, name="deeds")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        assert self._thread is not None
        self._thread.join()

    def _run(self) -> None:
        deeds = (self.report, self.file, self.told_report, self.failing_report, self.told_file, self.cancelled_report)
        for deed in cycle((*deeds, self.wrong_file)):
            if self._stopping.wait(PAUSE_SECONDS):
                return
            deed()
            self.done[deed.__name__] += 1

    def report(self) -> None:
        self._trigger("parcel", {"seconds": 0})

    def told_report(self) -> None:
        self._trigger("parcel", {"seconds": 0.1}, NOTIFY)

    def failing_report(self) -> None:
        self._trigger("raise_defect", {"folder": str(self.folder)}, ["asked"])

    def cancelled_report(self) -> None:
        """One that takes so long that it can only end by this."""
        report_id = self._trigger("parcel", {"seconds": 600}, ["asked"])
        while self._asked(f"/get_report?report_id={report_id}").json["status"] == "Running":
            self._once(f"/reports/{report_id}", method="DELETE")

    def file(self) -> None:
        self._bring(f"store_id,status,timestamp_utc\n{uuid.uuid4()},active,2023-01-22 12:00:00 UTC\n")

    def told_file(self) -> None:
        self._bring(f"store_id,status,timestamp_utc\n{uuid.uuid4()},active,2023-01-22 12:00:00 UTC\n", NOTIFY)

    def wrong_file(self) -> None:
        self._bring(f"store_id,status,timestamp_utc\n{uuid.uuid4()},neither,2023-01-22 12:00:00 UTC\n", ["asked"])

    def set_up(self, receivers: str) -> dict[str, str]:
        """The webhooks and the rule; returns the secrets by name."""
        secrets = {}
        for name, events in LISTENS.items():
            body = {"name": name, "url": f"{receivers}/{name}", "events": events}
            secrets[name] = self._asked("/webhooks", body=body, wanted=201).json["secret"]
        options = {"dataset_kind": "polls", "report": "parcel", "params": {"seconds": 0}}
        rule = {"name": "follow", "kind": "report_on_dataset", "options": options, "notify": ["asked"]}
        self._asked("/rules", body=rule, wanted=201)
        return secrets

    def _trigger(self, kind: str, params: Mapping[str, Any], notify: Sequence[str] = ()) -> str:
        body = {"report": kind, "params": dict(params), "notify": list(notify)}
        answer = self._asked("/trigger_report", body=body, wanted=202, headers={"Idempotency-Key": uuid.uuid4().hex})
        report_id: str = answer.json["report_id"]
        if notify:
            self.notified.add(report_id)
        return report_id

    def _bring(self, rows: str, notify: Sequence[str] = ()) -> None:
        """Once: whether it came, its record says."""
        path = "/datasets?kind=polls" + (f"&notify={','.join(notify)}" if notify else "")
        self._once(path, method="POST", body=rows.encode(), headers={"Content-Type": "text/csv"})

    def _asked(
        self, path: str, *, body: Any = None, wanted: int = 200, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer that was wanted; a replica that dies, or cannot at the moment, is asked again."""
        found: list[Answer] = []

        def is_answered() -> bool:
            data = None if body is None else json.dumps(body).encode()
            more = {"Content-Type": "application/json"} | dict(headers or {})
            answer = self._once(path, method="GET" if body is None else "POST", body=data, headers=more)
            if answer is not None and answer.status not in {429, 502, 503, 504}:
                found.append(answer)
            return bool(found)

        wait_until(is_answered, seconds=PATIENCE_SECONDS)
        assert found[-1].status == wanted, found[-1].body
        return found[-1]

    def _once(self, path: str, **options: Any) -> Answer | None:
        try:
            return ask(self.address + path, **options)
        except NoAnswer:
            return None


@dataclass(frozen=True, slots=True)
class Told:
    """What Postgres has in the end, and so what each receiver must have been told: type of event and subject."""

    expected: dict[str, set[tuple[str, str]]]
    ready: list[str]
    followed: dict[str, str]
    reports_of_rule: dict[str, str]


def what_happened(engine: Engine, notified: set[str], *, since: str) -> Told:
    expected: dict[str, set[tuple[str, str]]] = {name: set() for name in LISTENS}
    ready, followed, of_rule = [], {}, {}

    def tell(kind: str, subject: str, *, is_asked: bool) -> None:
        expected["all"].add((kind, subject))
        if kind in LISTENS["some"]:
            expected["some"].add((kind, subject))
        if is_asked:
            expected["asked"].add((kind, subject))

    with engine.connect() as connection:
        about = text("SELECT id, payload->'data'->>'dataset_id' FROM event WHERE type = 'dataset.ready'")
        files = dict([tuple(row) for row in connection.execute(about)])
        query = "SELECT id, status, begun_by, idempotency_key FROM report WHERE kind = ANY(:kinds) AND id > :since"
        for row in connection.execute(text(query), {"kinds": ["parcel", "raise_defect"], "since": since}):
            is_of_rule = row.begun_by is not None
            tell(f"report.{row.status}", row.id, is_asked=is_of_rule or row.id in notified)
            if is_of_rule:
                assert row.begun_by.startswith("rule ")
                of_rule[row.id] = files[row.idempotency_key.rpartition(":")[2]]
        for dataset_id in connection.scalars(text("SELECT id FROM dataset WHERE id > :since"), {"since": since}):
            record = datasets.find(connection, dataset_id)
            assert record is not None
            if record.job is None:
                continue  # its upload was cut by a death
            tell(f"dataset.{record.status}", record.id, is_asked=bool(record.options.get("notify")))
            if record.status is datasets.DatasetStatus.READY:
                ready.append(record.id)
        found = connection.execute(text("SELECT id, followed_by FROM dataset WHERE followed_by IS NOT NULL"))
        followed.update({row.followed_by: row.id for row in found if row.id > since})
    return Told(expected, ready, followed, of_rule)


@contextmanager
def is_so(servers: Servers) -> Iterator[Any]:
    """Asks Postgres, when a message arrives, whether what it says has been committed."""
    with servers.resources() as resources:
        engine = build_engine(resources.database_url, pool_size=8)

    def asked(kind: str, subject: str) -> bool:
        what, _, status = kind.partition(".")
        with engine.connect() as connection:
            if what == "report":
                return bool(
                    connection.scalar(text("SELECT status FROM report WHERE id = :id"), {"id": subject}) == status
                )
            record = datasets.find(connection, subject)
            return record is not None and record.status == status

    try:
        yield asked
    finally:
        engine.dispose()


@contextmanager
def nobody_told(resources: Resources) -> Iterator[None]:
    """Of what other scenarios did; and they tell nobody of theirs."""

    def clear() -> None:
        with resources.engine.begin() as connection:
            for table in ("event", "webhook", "rule"):  # and with them deliveries
                connection.execute(text(f"DELETE FROM {table}"))

    clear()
    try:
        yield
    finally:
        clear()


def break_replicas(scene: Scene, chance: random.Random) -> None:
    """Kill some until so many have died, and at each failpoint one by itself, which is left alone until then."""
    while len(scene.cluster.deaths) < DEATHS or missing(scene):
        ready = scene.cluster.wait_ready(REPLICAS - 1)
        sleep(chance.uniform(0, 2))
        if ripe := [one for one in ready if missing(scene).isdisjoint(one.failpoints)]:
            scene.cluster.kill(chance.choice(ripe))


def missing(scene: Scene) -> set[str]:
    """Where none has died yet."""
    return {*DELIVERY_FAILPOINTS, "SIGKILL"} - {death.where for death in scene.cluster.deaths}


@pytest.mark.chaos
@pytest.mark.timeout(420 + 15 * DEATHS)
def test_each_end_is_told_to_each_receiver_whoever_dies(
    stage: Stage, chaos_servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAOS_LEASE_SECONDS", str(SHORT_LEASE_SECONDS))
    places, calm = [*DELIVERY_FAILPOINTS, None], Event()

    def failpoints(number: int) -> dict[str, float]:
        place = places[number % len(places)]
        return {} if place is None or calm.is_set() else {place: PROBABILITY}

    traces = tmp_path / "traces"
    traces.mkdir()
    with is_so(chaos_servers) as asked, receiving(asked) as (inbox, receivers, smtp_port):
        settings = {
            "slots": 2,
            "secret_key": "k" * 32,
            "webhook_allow": "127.0.0.0/8",
            "smtp_url": f"smtp://127.0.0.1:{smtp_port}",
            "mail_from": "openhours@example.org",
            "mail_domains": "example.org",
            "mail_attachment_bytes": 1 << 16,  # the lease of a mail is longer by what its files may take
        }
        with stage(replicas=REPLICAS, failpoints=failpoints, **settings) as scene, nobody_told(scene.resources):
            engine = scene.resources.engine
            since = newest(engine)
            deeds = Deeds(scene.clients.address, traces)
            inbox.secrets |= deeds.set_up(receivers)
            with deeds:
                break_replicas(scene, random.Random(SEED))
            calm.set()
            for replica in [one for one in scene.cluster.replicas if one.failpoints]:
                scene.cluster.kill(replica)
            wait_until(lambda: not outstanding(engine), seconds=PATIENCE_SECONDS)
            where = Counter(death.where for death in scene.cluster.deaths)
            hold(inbox, what_happened(engine, deeds.notified, since=since), engine)
    scene.promises.tell(
        "ends told",
        f"{len(inbox.arrivals)} arrivals, {len(inbox.mails)} mails; {dict(deeds.done)}; deaths: {dict(where)}",
    )
    assert not missing(scene)
    assert min(deeds.done.values()) > 0


def hold(inbox: Inbox, told: Told, engine: Engine) -> None:
    """Hold what has arrived against what has happened."""
    arrived: dict[str, set[tuple[str, str]]] = {name: set() for name in LISTENS}
    ids: dict[tuple[str, str], set[tuple[str, bytes]]] = {}
    for one in inbox.arrivals:
        arrived[one.receiver].add(one.told)
        ids.setdefault(one.told, set()).add((one.event_id, one.body))
    assert all(expected for expected in told.expected.values())
    assert {name: what - arrived[name] for name, what in told.expected.items()} == NOTHING, "this did not arrive"
    assert {name: what - told.expected[name] for name, what in arrived.items()} == NOTHING, "this did not happen"
    assert [one for one in inbox.arrivals if not one.is_so] == []
    assert [one for one in inbox.arrivals if not one.is_signed] == []
    assert {what: found for what, found in ids.items() if len(found) > 1} == {}
    assert inbox.overlaps() == []

    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, channel, status, attempts, charged FROM delivery")).all()
        wishes = connection.scalars(text("SELECT subject FROM notify")).all()
        is_enabled = connection.scalar(text("SELECT enabled FROM rule"))
    assert {row.status for row in rows} == {"delivered"}
    assert any(row.attempts > row.charged for row in rows), "nobody died with a delivery"
    assert wishes == []
    assert {one.message_id.strip("<>").partition("@")[0] for one in inbox.mails} == {
        row.id for row in rows if row.channel == "mail"
    }
    assert {one.recipient for one in inbox.mails} == {"ops@example.org"}

    assert is_enabled
    assert sorted(told.reports_of_rule.values()) == sorted(told.ready)
    assert told.reports_of_rule == told.followed


def newest(engine: Engine) -> str:
    """The greatest id that there is."""
    with engine.connect() as connection:
        query = "SELECT max(id) FROM (SELECT id FROM report UNION SELECT id FROM dataset) AS made"
        return str(connection.scalar(text(query)) or "")


def outstanding(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(_OUTSTANDING))
