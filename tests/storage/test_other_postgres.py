"""On PostgreSQL 15, the oldest that is supported: migrations, loads, reports and the roll-back of all of it."""

import csv
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text

from app.settings import Settings
from app.storage.migrate import migrate
from app.storage.postgres import build_engine
from app.storage.resources import Addresses, Resources, open_resources
from tests.asking import reported
from tests.commands import free_port, wait_until
from tests.conftest import GOLDEN, SAMPLE_DATA, api, load_file

#: Where Debian has it.
PROGRAMS = Path("/usr/lib/postgresql/15/bin")

pytestmark = pytest.mark.skipif(not (PROGRAMS / "postgres").exists(), reason="PostgreSQL 15 is not installed")


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    """A server of its own, as a user that is not root, in a folder that this user can reach."""
    user = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="openhours-postgres-15-"))
    if user:
        shutil.chown(folder, pwd.getpwnam("nobody").pw_uid)
    port = free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"

    def run(program: str, *arguments: str) -> None:
        command = [str(PROGRAMS / program), *arguments, "-D", str(folder / "data")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)  # type: ignore[call-overload]

    try:
        run("initdb", "--auth=trust", "--username=openhours", "--encoding=UTF8", "--no-sync")
        run("pg_ctl", "start", "--wait", "-o", options, "-l", str(folder / "log"))
        try:
            yield f"postgresql://openhours@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "stop", "--wait", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def oldest(database_url: str, servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    """The other servers are those of every test."""
    engine = build_engine(database_url, pool_size=1)
    migrate(engine)
    engine.dispose()
    settings = session_settings.model_copy(update={"s3_bucket": "oldest-postgres"})
    with open_resources(settings, replace(servers, database_url=database_url)) as resources:
        yield resources


def test_it_is_the_oldest(oldest: Resources) -> None:
    with oldest.engine.connect() as connection:
        assert str(connection.scalar(text("SHOW server_version"))).startswith("15.")


def test_the_golden_report_is_the_same(oldest: Resources) -> None:
    for kind in ("hours", "timezones", "polls"):
        load_file(oldest, kind, GOLDEN / f"{kind}.csv.gz")
    with api(oldest, slots=1) as client:
        ended = reported(client)
        assert ended["status"] == "Complete", ended
        found = httpx2.get(ended["url"]).text
    with (GOLDEN / "uptime.csv").open(newline="") as file:
        expected = list(csv.DictReader(file))
    got = list(csv.DictReader(found.splitlines()))
    assert [row["store_id"] for row in got] == [row["store_id"] for row in expected]
    for ours, golden in zip(got, expected, strict=True):
        for column, value in golden.items():
            if column != "store_id":
                assert abs(Fraction(ours[column]) - Fraction(value)) <= Fraction(1, 100), (ours["store_id"], column)


def test_a_dataset_comes_and_goes_with_its_rows_and_another_kind_is_reported(oldest: Resources) -> None:
    load_file(oldest, "pull_requests", SAMPLE_DATA / "pull_requests.csv")
    with api(oldest, slots=1) as client:
        ended = reported(client, report="pull_requests")
        assert ended["status"] == "Complete", ended
        window = b"store_id,day,start_time_local,end_time_local\nnew,0,09:00,17:00\n"
        sent = client.post("/datasets", params={"kind": "hours"}, content=window).headers["Location"]
        assert client.get(sent, params={"wait": 30}).json()["status"] == "ready"
        assert client.get("/entities/store/new").json()["hours"]
        assert client.delete(sent, params={"rows": "true"}).status_code == 202
        wait_until(lambda: client.get(sent).status_code == 404)
        assert not client.get("/entities/store/new").json()["hours"]
