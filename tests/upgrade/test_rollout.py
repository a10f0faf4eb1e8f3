"""Replicas of the version before and of this one on the same servers, during a roll-out and when it is taken back."""

from datetime import UTC, datetime
from pathlib import Path
from time import sleep

from alembic import command
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.ids import new_id
from app.jobs.status import TTL_SECONDS
from app.storage.migrate import _config, current_revision, migrate, newest_revision
from app.storage.resources import Resources
from tests.asking import report_of
from tests.catalogue.bringing import ended, polls
from tests.commands import LIMIT_SECONDS, started, wait_until
from tests.conftest import api
from tests.upgrade.asking import attempts, columns_of_before, downloaded, job_of
from tests.upgrade.dumping import dump, schema
from tests.upgrade.earlier import STREAM, Earlier

#: A worker looks for jobs more often than that, seconds.
PATIENCE_SECONDS = 3

#: How the version before records a job: it knows no concurrency keys.
RECORD = text(
    "INSERT INTO report (id, kind, params, params_sha256, status, as_of, dispatched_at) "
    "SELECT :id, kind, params, '', 'queued', as_of, now() FROM report WHERE id = :like"
)

#: How it records that a dataset is to be loaded again.
RECORD_RELOAD = text(
    "INSERT INTO report (id, kind, params, params_sha256, status, dispatched_at) "
    "VALUES (:id, 'dataset', jsonb_build_object('action', 'reload', 'dataset_id', :dataset), '', 'queued', now())"
)

#: How it claims one.
CLAIM = text(
    "UPDATE report SET status = 'running', attempt = attempt + 1, owner = 'replica-0-000000', "
    "lease_until = now() + interval '30 s', started_at = coalesce(started_at, now()) WHERE id = :id"
)


def test_a_replica_waits_for_the_migration_and_then_goes_on(
    resources: Resources, unmigrated: Earlier, tmp_path: Path
) -> None:
    before = dump(resources.database_url)
    with api(resources, slots=1) as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "not_migrated")
        sleep(PATIENCE_SECONDS)
        assert dump(resources.database_url) == before
        address = resources.object_store.address
        variables = {
            "OPENHOURS_DATABASE_URL": resources.database_url,
            "OPENHOURS_REDIS_URL": "redis://127.0.0.1:1/0",  # it has no need of the others
            "OPENHOURS_S3_ENDPOINT_URL": str(address.endpoint_url),
        }
        with started(tmp_path / "home", "migrate", **variables) as process:
            out, err = process.communicate(timeout=LIMIT_SECONDS)
        assert (process.returncode, out, err) == (0, f"the database is at revision {newest_revision()}\n", "")
        wait_until(lambda: client.get("/readyz").status_code == 200)
        for name in ("queued_uptime", "queued_on_sample"):
            assert report_of(client, unmigrated.ids[name])["status"] == "Complete"
        assert ended(client, unmigrated.ids["half_checked"])["status"] == "ready"


def test_jobs_that_the_version_before_records_after_the_migration_complete(
    resources: Resources, earlier: Earlier, client: TestClient
) -> None:
    report_id, reload_id = new_id(datetime.now(UTC)), new_id(datetime.now(UTC))
    for name in ("half_checked", "waiting"):
        ended(client, earlier.ids[name])
    before = polls(resources)
    with resources.engine.begin() as connection:
        connection.execute(RECORD, {"id": report_id, "like": earlier.ids["uptime"]})
        connection.execute(RECORD_RELOAD, {"id": reload_id, "dataset": earlier.ids["ready"]})
        own = text("UPDATE dataset SET outcome = NULL, job_id = :job WHERE id = :id")
        connection.execute(own, {"job": reload_id, "id": earlier.ids["ready"]})
    answer = report_of(client, report_id)
    before_it = earlier.artifact("uptime", "uptime.csv")
    assert columns_of_before(downloaded(answer, "uptime.csv"), before_it) == before_it
    dataset = ended(client, earlier.ids["ready"])
    assert (dataset["status"], dataset["rows_accepted"]) == ("ready", 36)
    assert polls(resources) == before


def test_jobs_that_the_version_before_runs_are_left_to_it_until_their_lease_is_over(
    resources: Resources, earlier: Earlier
) -> None:
    report_id, dataset_id = earlier.ids["queued_uptime"], earlier.ids["half_checked"]
    mine = {report_id, job_of(resources, dataset_id)}
    with resources.engine.begin() as connection:
        for job_id in mine:
            connection.execute(CLAIM, {"id": job_id})
    for job_id, stage in zip((report_id, job_of(resources, dataset_id)), ("computing", "checking"), strict=True):
        key = f"openhours:report:{job_id}"
        told = {"status": "running", "stage": stage, "progress": "0.5000", "updated_at": "2026-01-01T00:00:00+00:00"}
        resources.redis.hset(key, mapping=told)
        resources.redis.expire(key, TTL_SECONDS)
    claimed = {job_id: attempts(resources)[job_id] for job_id in mine}
    with api(resources, slots=2) as client:
        for name in ("queued_on_sample", "waiting"):
            wait_until(lambda name=name: is_over(resources, earlier.ids[name]))
        assert {job_id: attempts(resources)[job_id] for job_id in mine} == claimed
        running = client.get("/get_report", params={"report_id": report_id}).json()
        assert (running["status"], running["stage"]) == ("Running", "loading")
        assert client.get(f"/datasets/{dataset_id}").json()["status"] == "checking"
        with resources.engine.begin() as connection:
            over = text("UPDATE report SET lease_until = now() - interval '1 s' WHERE status = 'running'")
            connection.execute(over)
        assert report_of(client, report_id)["status"] == "Complete"
        assert ended(client, dataset_id)["status"] == "ready"
    assert {attempts(resources)[job_id] for job_id in mine} == {
        ("complete", attempt + 1) for _, attempt in claimed.values()
    }


def is_over(resources: Resources, identifier: str) -> bool:
    """Whether a report, or the latest job of a dataset, is complete."""
    query = text("SELECT count(*) FROM report WHERE status = 'complete' AND (id = :id OR params @> :params)")
    params = f'{{"dataset_id": "{identifier}"}}'
    with resources.engine.connect() as connection:
        return bool(connection.execute(query, {"id": identifier, "params": params}).scalar_one())


def test_a_report_is_handed_out_in_a_way_that_the_version_before_reads(
    resources: Resources, earlier: Earlier, idle: TestClient
) -> None:
    resources.redis.delete(STREAM)
    report_id = idle.post("/trigger_report").json()["report_id"]
    assert [fields for _, fields in resources.redis.xrange(STREAM)] == [{"report": report_id}]
    # Its sweeper hands out again what nobody claims for long after this instant.
    with resources.engine.connect() as connection:
        query = text("SELECT dispatched_at > now() - interval '1 min' FROM report WHERE id = :id")
        assert connection.execute(query, {"id": report_id}).scalar_one()


def test_the_migration_taken_back_leaves_the_database_as_it_was(resources: Resources, unmigrated: Earlier) -> None:
    before = dump(resources.database_url)
    migrate(resources.engine)
    assert dump(resources.database_url) != before
    take_back(resources, unmigrated.revision)
    assert dump(resources.database_url) == before


def test_what_this_version_has_done_stays_when_the_migration_is_taken_back(
    resources: Resources, unmigrated: Earlier
) -> None:
    tables = schema(resources.database_url)
    migrate(resources.engine)
    with api(resources, slots=2) as client:
        for name in ("queued_uptime", "queued_on_sample"):
            report_of(client, unmigrated.ids[name])
        for name in ("half_checked", "waiting"):
            ended(client, unmigrated.ids[name])
        client.post(f"/datasets/{unmigrated.ids['ready']}/reload")
        ended(client, unmigrated.ids["ready"])
        done = attempts(resources)
    take_back(resources, unmigrated.revision)
    assert schema(resources.database_url) == tables
    assert attempts(resources) == done
    # Going forward again is an upgrade like the first.
    migrate(resources.engine)
    with api(resources, slots=0) as client:
        assert client.get(f"/datasets/{unmigrated.ids['half_checked']}").json()["status"] == "ready"


def test_polls_that_say_unknown_go_when_the_migration_is_taken_back(resources: Resources, unmigrated: Earlier) -> None:
    migrate(resources.engine)
    before = polls(resources)
    key, at, _ = before[0]
    with resources.engine.begin() as connection:
        said = "UPDATE poll SET active = NULL FROM entity WHERE id = entity_id AND key = :key "
        when = text(said + "AND date_trunc('minute', at) = CAST(:at AS timestamptz)")
        assert connection.execute(when, {"key": key, "at": f"{at}Z"}).rowcount == 1
    take_back(resources, unmigrated.revision)
    assert polls(resources) == before[1:]


def take_back(resources: Resources, revision: str) -> None:
    config = _config()
    with resources.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        assert current_revision(connection) == revision
