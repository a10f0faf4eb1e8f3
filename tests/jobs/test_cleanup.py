"""What is old or belongs to nobody goes; everything else stays."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text

from app.files.artifact import StoredArtifact
from app.jobs import lifecycle, records
from app.jobs.cleanup import clean_up
from app.jobs.kind import artifact_prefix
from app.jobs.lifecycle import Claim
from app.jobs.queue import GROUP, STREAM, Queue
from app.jobs.tables import job
from app.storage.resources import Resources
from tests.jobs.claims import claimed
from tests.kinds import KINDS


def put(resources: Resources, claim: Claim, folder: Path, *, attempt: int = 1) -> str:
    path = folder / "dummy.csv"
    path.write_text("word\n")
    key = artifact_prefix(claim.id, attempt) + path.name
    resources.object_store.put(path, key, media_type="text/csv")
    return key


def complete(resources: Resources, folder: Path) -> Claim:
    with resources.engine.begin() as connection:
        claim = claimed(connection)
        key = put(resources, claim, folder)
        lifecycle.publish(connection, claim, [StoredArtifact("dummy.csv", key, "text/csv", 5, 0, "0" * 64)])
    return claim


def keys(resources: Resources) -> set[str]:
    return {item.key for page in resources.object_store.pages("reports/") for item in page}


def age(resources: Resources, claim: Claim, days: int) -> None:
    with resources.engine.begin() as connection:
        older = job.c.created_at - timedelta(days=days)
        connection.execute(job.update().where(job.c.id == claim.id).values(created_at=older))


def test_reports_past_their_retention_go_with_their_files(resources: Resources, tmp_path: Path) -> None:
    old, young = complete(resources, tmp_path), complete(resources, tmp_path)
    age(resources, old, 31)
    age(resources, young, 29)
    clean_up(resources, KINDS)
    assert keys(resources) == {artifact_prefix(young.id, 1) + "dummy.csv"}
    with resources.engine.connect() as connection:
        assert records.find(connection, old.id) is None
        assert records.find(connection, young.id) is not None


def test_objects_that_no_report_names_go_when_they_are_old_enough(resources: Resources, tmp_path: Path) -> None:
    winner = complete(resources, tmp_path)
    with resources.engine.begin() as connection:
        running, failed = claimed(connection), claimed(connection)
    kept = {artifact_prefix(winner.id, 1) + "dummy.csv", put(resources, running, tmp_path)}
    orphans = {
        put(resources, winner, tmp_path, attempt=2),
        put(resources, failed, tmp_path),
        put(resources, Claim("0" * 32, 1, "dummy", {}), tmp_path),
    }
    with resources.engine.begin() as connection:
        lifecycle.fail(connection, failed, code="x", message="y")
    clean_up(resources, KINDS)
    assert keys(resources) == kept | orphans  # too young: they may be in the making
    clean_up(resources, KINDS, orphan_hours=-1)
    assert keys(resources) == kept


def test_what_was_not_made_here_stays(resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    others = {"reports/2023.csv", "reports/monthly/a1/sales.csv", f"reports/{'0' * 32}/notes.txt"}
    for key in others:
        resources.object_store.put(path, key, media_type="text/csv")
    clean_up(resources, KINDS, orphan_hours=-1)
    assert keys(resources) == others


def test_a_clean_up_that_is_told_to_stop_leaves_the_rest_for_the_next_one(resources: Resources, tmp_path: Path) -> None:
    put(resources, Claim("0" * 32, 1, "dummy", {}), tmp_path)
    stopping = Event()
    stopping.set()
    clean_up(resources, KINDS, stopping=stopping, orphan_hours=-1)
    assert len(keys(resources)) == 1
    clean_up(resources, KINDS, orphan_hours=-1)
    assert keys(resources) == set()


def test_unfinished_uploads_are_aborted(resources: Resources) -> None:
    store = resources.object_store
    client, bucket = store._client, store.bucket
    client.create_multipart_upload(Bucket=bucket, Key="reports/x/a1/big.csv")
    client.create_multipart_upload(Bucket=bucket, Key="raw/big.csv")
    clean_up(resources, KINDS)
    assert len(client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])) == 2
    clean_up(resources, KINDS, orphan_hours=-1)
    left = client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    assert [upload["Key"] for upload in left] == ["raw/big.csv"]
    client.abort_multipart_upload(Bucket=bucket, Key="raw/big.csv", UploadId=left[0]["UploadId"])


def test_one_replica_cleans_up_at_a_time(resources: Resources, tmp_path: Path) -> None:
    old = complete(resources, tmp_path)
    age(resources, old, 31)
    with resources.engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": 0x636C6E75})
        clean_up(resources, KINDS)
        assert keys(resources) != set()
    clean_up(resources, KINDS)
    assert keys(resources) == set()


def test_jobs_of_kinds_that_others_have_are_left_alone(resources: Resources, tmp_path: Path) -> None:
    old = complete(resources, tmp_path)
    age(resources, old, 31)
    clean_up(resources, {"hang": KINDS["hang"]})
    with resources.engine.connect() as connection:
        assert records.find(connection, old.id) is not None
    clean_up(resources, KINDS)
    with resources.engine.connect() as connection:
        assert records.find(connection, old.id) is None


def test_jobs_that_their_kind_keeps_stay_past_their_retention(resources: Resources, tmp_path: Path) -> None:
    kept, other = complete(resources, tmp_path), complete(resources, tmp_path)
    for claim in (kept, other):
        age(resources, claim, 31)
    kind = replace(KINDS["dummy"], kept=lambda: job.c.id == kept.id)
    clean_up(resources, {"dummy": kind})
    assert keys(resources) == {artifact_prefix(kept.id, 1) + "dummy.csv"}


def test_artifacts_of_a_kind_lie_where_it_says_and_are_cleaned_up_there(resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    kind = replace(KINDS["dummy"], artifacts="syncs/")
    with resources.engine.begin() as connection:
        running = claimed(connection)
    mine = artifact_prefix(running.id, 1, below="syncs/") + "file"
    orphan = artifact_prefix("0" * 32, 1, below="syncs/") + "file"
    for key in (mine, orphan):
        resources.object_store.put(path, key, media_type="text/csv")
    clean_up(resources, {"dummy": kind}, orphan_hours=-1)
    assert [item.key for page in resources.object_store.pages("syncs/") for item in page] == [mine]


def test_consumers_of_gone_workers_and_old_calls_are_forgotten(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue(resources.redis)
    queue.add("a")
    queue.wait("gone", wait_ms=10)
    queue.add("b")
    queue.tidy()
    assert resources.redis.xlen(STREAM) == 1
    assert len(resources.redis.xinfo_consumers(STREAM, GROUP)) == 1
    monkeypatch.setattr("app.jobs.queue.GONE_MS", -1)
    monkeypatch.setattr("app.jobs.queue.OLD_SECONDS", -1)
    queue.tidy()
    assert resources.redis.xlen(STREAM) == 0
    assert resources.redis.xinfo_consumers(STREAM, GROUP) == []
