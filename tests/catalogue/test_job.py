"""Runs of the work itself: what a late, killed or repeated attempt leaves in the series."""

import hashlib
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest
from sqlalchemy import Connection, text

from app.catalogue import changes, job, records
from app.catalogue.job import DATASET_JOB, SMALL_DATASET_JOB, DatasetParams
from app.catalogue.job_kinds import job_kind_of
from app.catalogue.records import Action
from app.errors import AttemptSuperseded, SeriesBusy
from app.ids import new_id
from app.ingest.load import load
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.jobs import lifecycle
from app.jobs.fork_server import ForkServer
from app.jobs.kind import JobContext
from app.jobs.lifecycle import Claim
from app.series.turns import wait_for_turn
from app.settings import Settings
from app.storage.object_store import StoreAddress
from app.storage.postgres import build_engine
from app.storage.resources import Resources
from tests.catalogue.bringing import HEADER, POLLS, polls
from tests.jobs import claims
from tests.kinds import context_of

#: Rows of the file whose loading is killed.
MANY = 60_000

#: Behind which moment of a run it is killed, and after which share of the time from there to the next moment.
KILLS = [
    *(("began", share) for share in (0.1, 0.4, 0.7, 0.9)),
    *(("merging", share) for share in (0.0, 0.2, 0.4, 0.6, 0.8, 0.95)),
    ("ended", 0.0),
]


def arrived(resources: Resources, content: str, folder: Path, *, job_kind: str = "dataset", **options: object) -> str:
    """A dataset whose bytes are in the raw layer and whose job is queued; its id."""
    dataset_id = new_id(datetime.now(UTC))
    path = folder / f"{dataset_id}.csv"
    path.write_text(content, encoding="utf-8")
    resources.object_store.put(path, f"raw/polls/{path.name}", media_type="text/csv")
    with resources.engine.begin() as connection:
        changes.register(connection, dataset_id=dataset_id, kind="polls", filename="polls.csv", options=options)
        changes.arrived(
            connection,
            dataset_id,
            raw_key=f"raw/polls/{path.name}",
            size_bytes=len(content),
            sha256=None,
            job_kind=job_kind,
        )
    return dataset_id


def claimed(resources: Resources, dataset_id: str) -> Claim:
    with resources.engine.begin() as connection:
        record = records.find(connection, dataset_id)
        assert record is not None
        assert record.job is not None
        return claims.claimed(connection, record.job.id)


def attempt(resources: Resources, claim: Claim, folder: Path) -> JobContext:
    """What an attempt is given, with the fence of the real protocol."""
    made = context_of(resources, folder)

    def fence(connection: Connection) -> None:
        lifecycle.fence(connection, job_id=claim.id, attempt=claim.attempt)

    return replace(made, job_id=claim.id, fence=fence)


def params(claim: Claim) -> DatasetParams:
    return DatasetParams.model_validate(claim.params)


def test_a_run_loads_the_rows_and_tells_of_both_stages(resources: Resources, tmp_path: Path) -> None:
    claim = claimed(resources, arrived(resources, POLLS, tmp_path))
    told: list[tuple[str, float]] = []
    made = attempt(resources, claim, tmp_path)
    context = replace(made, progress=lambda *step: told.append(step))
    assert DATASET_JOB.produce(context, params(claim)) == []
    assert [stage for stage, _ in told][-1] == "loading"
    assert {stage for stage, _ in told} == {"checking", "loading"}
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert len(polls(resources)) == 3


def test_a_small_file_joins_the_queue_of_large_ones_while_one_of_them_merges(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "TURN_SECONDS", 0.2)
    dataset_id = arrived(resources, POLLS, tmp_path, job_kind="small_dataset")
    claim = claimed(resources, dataset_id)
    with resources.engine.begin() as other:
        wait_for_turn(other)
        with pytest.raises(SeriesBusy):
            SMALL_DATASET_JOB.produce(attempt(resources, claim, tmp_path), params(claim))
    with resources.engine.begin() as connection:
        assert polls(resources) == []
        claims.lapse(connection, claim.id)
        again = lifecycle.claim_next(connection, owner="b", kinds=["dataset"])
    assert again is not None
    assert again.id == claim.id
    DATASET_JOB.produce(attempt(resources, again, tmp_path), params(again))
    assert len(polls(resources)) == 3


def test_a_small_file_that_another_attempt_has_is_left_as_it_is(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "TURN_SECONDS", 0.2)
    late = claimed(resources, arrived(resources, POLLS, tmp_path, job_kind="small_dataset"))
    with resources.engine.begin() as connection:
        claims.lapse(connection, late.id)
        assert lifecycle.claim(connection, late.id, owner="another") is not None
    with resources.engine.begin() as other:
        wait_for_turn(other)
        with pytest.raises(AttemptSuperseded):
            SMALL_DATASET_JOB.produce(attempt(resources, late, tmp_path), params(late))
        assert other.scalar(text("SELECT kind FROM report")) == "small_dataset"


@pytest.mark.parametrize(
    ("key", "size_bytes", "ratio", "kind"),
    [
        ("raw/polls/a.csv", 0, 100, "small_dataset"),
        ("raw/polls/a.csv", 8 << 20, 100, "small_dataset"),
        ("raw/polls/a.csv", (8 << 20) + 1, 100, "dataset"),
        ("raw/polls/a.csv.gz", 671_088, 100, "small_dataset"),  # unpacks to 64 MiB at most
        ("raw/polls/a.csv.gz", 671_089, 100, "dataset"),
        ("raw/polls/a.csv.gz", 300_000, 1000, "dataset"),
    ],
)
def test_a_file_is_small_by_all_that_it_can_unpack_to(key: str, size_bytes: int, ratio: int, kind: str) -> None:
    assert job_kind_of(key, size_bytes, Settings(max_unpack_ratio=ratio)) == kind
    assert job_kind_of("raw/polls/a.csv.gz", 1, Settings(unpack_floor_bytes=1 << 30)) == "dataset"


def test_an_attempt_whose_lease_was_taken_over_commits_nothing(resources: Resources, tmp_path: Path) -> None:
    late = claimed(resources, arrived(resources, POLLS, tmp_path))
    with resources.engine.begin() as connection:
        claims.lapse(connection, late.id)
        assert lifecycle.claim(connection, late.id, owner="another") is not None
    with pytest.raises(AttemptSuperseded):
        DATASET_JOB.produce(attempt(resources, late, tmp_path), params(late))
    assert polls(resources) == []


def test_an_attempt_at_a_dataset_that_was_removed_commits_nothing(resources: Resources, tmp_path: Path) -> None:
    dataset_id = arrived(resources, POLLS, tmp_path)
    claim = claimed(resources, dataset_id)
    remove = remover(resources, dataset_id)
    with pytest.raises(AttemptSuperseded):
        DATASET_JOB.produce(before_the_fence(resources, claim, tmp_path, remove), params(claim))
    assert polls(resources) == []


def remover(resources: Resources, dataset_id: str) -> Callable[[], None]:
    def remove() -> None:
        with resources.engine.begin() as connection:
            changes.remove(connection, dataset_id)

    return remove


def before_the_fence(resources: Resources, claim: Claim, folder: Path, then: Callable[[], None]) -> JobContext:
    """As attempt(); something happens when it begins to load."""
    made = attempt(resources, claim, folder)

    def progress(stage: str, _: float) -> None:
        if stage == "loading":
            then()

    return replace(made, progress=progress)


def test_an_attempt_that_died_after_its_commit_does_not_load_again_over_what_is_newer(
    resources: Resources, tmp_path: Path
) -> None:
    dataset_id = arrived(resources, POLLS, tmp_path)
    first = claimed(resources, dataset_id)
    DATASET_JOB.produce(attempt(resources, first, tmp_path), params(first))
    newer = tmp_path / "newer.csv"
    newer.write_text(HEADER + "s1,inactive,2023-01-22 12:00:00 UTC\n", encoding="utf-8")
    load(resources.engine, DATASET_KINDS["polls"], FileSource(newer), now=datetime.now(UTC))
    with resources.engine.begin() as connection:
        claims.lapse(connection, first.id)
    second = claimed(resources, dataset_id)
    DATASET_JOB.produce(attempt(resources, second, tmp_path), params(second))
    assert polls(resources)[0] == ("s1", "2023-01-22 12:00", False)


def test_what_is_uploaded_is_told_from_other_bytes_under_its_key(resources: Resources, tmp_path: Path) -> None:
    dataset_id = arrived(resources, POLLS, tmp_path)
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE dataset SET sha256 = :sha256"), {"sha256": "0" * 64})
    claim = claimed(resources, dataset_id)
    DATASET_JOB.produce(attempt(resources, claim, tmp_path), params(claim))
    with resources.engine.connect() as connection:
        record = records.find(connection, dataset_id)
    assert record is not None
    assert record.error_code == "checksum_differs"
    assert polls(resources) == []


def test_a_reload_takes_only_the_bytes_that_were_found_last(resources: Resources, tmp_path: Path) -> None:
    dataset_id = arrived(resources, POLLS, tmp_path)
    with resources.engine.begin() as connection:
        changed = "UPDATE dataset SET expected_sha256 = :sha256, sha256 = :sha256"
        connection.execute(text(changed), {"sha256": hashlib.sha256(POLLS.encode()).hexdigest()})
    outcomes = []
    other = tmp_path / "other.csv"
    other.write_text(POLLS.replace("s1", "s3"), encoding="utf-8")
    for round_ in range(3):
        claim = claimed(resources, dataset_id)
        DATASET_JOB.produce(attempt(resources, claim, tmp_path), params(claim))
        with resources.engine.begin() as connection:
            record = records.find(connection, dataset_id)
            assert record is not None
            outcomes.append((record.outcome, record.error_code))
            lifecycle.publish(connection, claim, [])
            changes.load_again(connection, dataset_id, {})
        if round_ == 0:
            resources.object_store.put(other, f"raw/polls/{dataset_id}.csv", media_type="text/csv")
    assert outcomes == [("ready", None), ("rejected", "checksum_differs"), ("ready", None)]
    assert {key for key, *_ in polls(resources)} == {"s1", "s2", "s3"}


def test_to_unload_what_is_gone_already_does_nothing(resources: Resources, tmp_path: Path) -> None:
    dataset_id = arrived(resources, POLLS, tmp_path)
    with resources.engine.begin() as connection:
        changes.unload(connection, dataset_id)
    claim = claimed(resources, dataset_id)
    assert claim.params["action"] == Action.UNLOAD
    for _ in range(2):
        assert DATASET_JOB.produce(attempt(resources, claim, tmp_path), params(claim)) == []
    with resources.engine.connect() as connection:
        assert records.find(connection, dataset_id) is None


@dataclass(frozen=True)
class Moments:
    """What a run has come to: it begins, its rows are checked and staged, it has committed."""

    began: Event
    merging: Event
    ended: Event


def run_in_a_process(database_url: str, store: StoreAddress, claim: Claim, folder: Path, moments: Moments) -> None:
    """Entry of a process that loads, and then waits until it is killed."""

    def fence(connection: Connection) -> None:
        lifecycle.fence(connection, job_id=claim.id, attempt=claim.attempt)

    def progress(stage: str, _: float) -> None:
        if stage == "loading":
            moments.merging.set()

    context = JobContext(
        engine=build_engine(database_url, pool_size=4),
        settings=Settings(),
        store=store,
        folder=folder,
        prefix="",
        progress=progress,
        job_id=claim.id,
        fence=fence,
    )
    moments.began.set()
    DATASET_JOB.produce(context, params(claim))
    moments.ended.set()
    sleep(60)


@contextmanager
def running(resources: Resources, claim: Claim, folder: Path) -> Iterator[Moments]:
    """A process that loads; it is killed in the end."""
    context = ForkServer({DATASET_JOB.name: DATASET_JOB}).context
    moments = Moments(context.Event(), context.Event(), context.Event())
    address = resources.object_store.address
    process = context.Process(target=run_in_a_process, args=(resources.database_url, address, claim, folder, moments))
    process.start()
    assert moments.began.wait(30)
    try:
        yield moments
    finally:
        process.kill()
        process.join()
    assert process.exitcode == -signal.SIGKILL


def stands(resources: Resources, dataset_id: str, claim: Claim) -> tuple[int, bool]:
    """Polls that are there once nobody loads any more, and whether they are recorded; they are removed."""
    with resources.engine.begin() as connection:
        # Postgres ends the transaction of a process that was killed a little later, and only then frees this.
        wait_for_turn(connection)
        polls = connection.scalar(text("SELECT count(*) FROM poll")) or 0
        record = records.find(connection, dataset_id)
        assert record is not None
        connection.execute(text("DELETE FROM poll"))
    return polls, record.merged_by == claim.id


def test_a_kill_at_any_moment_leaves_all_rows_or_none(resources: Resources, tmp_path: Path) -> None:
    lines = [
        f"s{row % 500},active,2023-01-{1 + row % 28:02} {row // 2800 % 24:02}:{row % 60:02}:00 UTC"
        for row in range(MANY)
    ]
    content, distinct = HEADER + "\n".join(lines), len(set(lines))
    lasting = {"ended": 0.0}
    dataset_id = arrived(resources, content, tmp_path)
    claim = claimed(resources, dataset_id)
    with running(resources, claim, tmp_path) as moments:
        for name, until in (("began", moments.merging), ("merging", moments.ended)):
            begin = monotonic()
            assert until.wait(30)
            lasting[name] = monotonic() - begin
    assert stands(resources, dataset_id, claim) == (distinct, True)
    seen = []
    for name, share in KILLS:
        dataset_id = arrived(resources, content, tmp_path, force=True)  # or it repeats the first, and nothing is merged
        claim = claimed(resources, dataset_id)
        with running(resources, claim, tmp_path) as moments:
            assert getattr(moments, name).wait(30)
            sleep(share * lasting[name])
        assert stands(resources, dataset_id, claim) in {(0, False), (distinct, True)}, (name, share)
        seen.append((moments.merging.is_set(), moments.ended.is_set()))
    assert seen.count((True, False)) >= len(KILLS) // 3
    assert (False, False) in seen
    assert seen[-1] == (True, True)
