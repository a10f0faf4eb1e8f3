"""What a clean-up removes of the raw layer, and of the jobs of datasets; and what it leaves alone."""

from pathlib import Path

from sqlalchemy import text

from app.catalogue import changes, records
from app.catalogue.prefixes import BUCKET_PREFIXES
from app.jobs.cleanup import clean_up
from app.replica.registry import job_kinds
from app.storage.resources import Resources
from tests.catalogue.bringing import HEADER, bring, keys_below
from tests.conftest import api

WRONG = HEADER + "s1,up,2023-01-22 12:00:00 UTC\n"


def test_raw_objects_without_a_dataset_go_when_they_are_old_and_others_stay(
    resources: Resources, tmp_path: Path
) -> None:
    with api(resources, slots=1) as client:
        kept = bring(client, WRONG)["dataset_id"]
    path = tmp_path / "file"
    path.write_text("x")
    orphan, foreign = f"raw/polls/2026/01/02/{'0' * 32}.csv.gz", "raw/polls/readme.txt"
    for key in (orphan, foreign):
        resources.object_store.put(path, key, media_type="text/csv")
    before = set(keys_below(resources, ""))
    clean_up(resources, job_kinds({}), prefixes=BUCKET_PREFIXES)
    assert set(keys_below(resources, "")) == before
    clean_up(resources, job_kinds({}), prefixes=BUCKET_PREFIXES, orphan_hours=-1)
    assert set(keys_below(resources, "")) == before - {orphan}
    assert [key for key in before if kept in key and key.startswith("raw/")]
    assert [key for key in before if key.endswith("rejects.csv")]


def test_the_job_of_a_dataset_stays_on_record_as_long_as_the_dataset(resources: Resources) -> None:
    with api(resources, slots=1) as client:
        dataset_id = bring(client, WRONG)["dataset_id"]
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE report SET created_at = now() - interval '400 days'"))
    clean_up(resources, job_kinds({}), prefixes=BUCKET_PREFIXES)
    with resources.engine.connect() as connection:
        record = records.find(connection, dataset_id)
    assert record is not None
    assert record.job is not None
    assert keys_below(resources, "reports/")
    with resources.engine.begin() as connection:
        changes.remove(connection, dataset_id)
    clean_up(resources, job_kinds({}), prefixes=BUCKET_PREFIXES)
    assert keys_below(resources, "reports/") == []
    with resources.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM report")) == 0
