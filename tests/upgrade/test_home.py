"""A folder of the version before: what it was called and how it was laid out is what this version looks for.

Postgres' own folder is too large to be kept here. Both versions come with the same PostgreSQL, whose major version is
compared; the tables in it come from the recorded database.
"""

import json
import signal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.settings import Settings
from app.storage.migrate import newest_revision
from app.storage.resources import addresses, open_resources
from tests.asking import report_of
from tests.commands import answers, free_port, started, wait_until, working_below
from tests.upgrade import homes
from tests.upgrade.asking import columns_of_before, downloaded
from tests.upgrade.earlier import RECORDED, Earlier, restore

OLD: Any = json.loads((RECORDED / "home.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("upgrade") / "home"


@pytest.fixture(scope="module")
def earlier(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Earlier:
    """What the version before has left in a home whose servers have stopped."""
    settings = Settings(home=home)
    with addresses(settings) as where, open_resources(settings, where) as resources:
        assert homes.shape(home) == {name: part for name, part in OLD.items() if name != "paths"}
        there = restore(
            resources.database_url, resources.redis, resources.object_store, tmp_path_factory.mktemp("passing")
        )
    assert working_below(home) == []
    return there


def test_its_files_and_folders_have_their_old_names_and_modes(home: Path, earlier: Earlier) -> None:
    ours = {name: mode for name, mode in OLD["paths"].items() if not homes.is_theirs(name)}
    assert homes.paths(home) == ours


def test_serve_migrates_it_and_goes_on_with_what_waited(home: Path, earlier: Earlier) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with started(home, "serve", "--port", address.rpartition(":")[2]) as process:
        wait_until(lambda: answers(f"{address}/readyz") == 200, process)
        with httpx2.Client(base_url=address, timeout=60) as client:
            queued = report_of(client, earlier.ids["queued_uptime"])
            before = earlier.artifact("uptime", "uptime.csv")
            assert columns_of_before(downloaded(queued, "uptime.csv"), before) == before
            old = client.get("/get_report", params={"report_id": earlier.ids["uptime"]}).json()
            assert downloaded(old, "hourly.parquet") == earlier.artifact("uptime", "hourly.parquet")
            for name in ("half_checked", "waiting"):
                place = f"/datasets/{earlier.ids[name]}"
                wait_until(lambda place=place: client.get(place).json()["status"] == "ready", process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    log = [json.loads(line) for line in err.splitlines()]
    assert [entry["event"] for entry in log if entry["logger"].endswith("migrate")] == [
        f"migrating the database from revision {earlier.revision} to {newest_revision()}"
    ]
    assert [entry for entry in log if entry["level"] not in {"info", "debug"}] == []
