"""The demo has servers and data of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.commands.demo import own, sample_data
from app.settings import Settings
from tests.commands import answers, free_port, http, run, started, wait_until, working_below
from tests.conftest import SAMPLE_DATA

HOURS = "store_id,dayOfWeek,start_time_local,end_time_local\nmine,0,09:00:00,17:00:00\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def address(home: Path) -> Iterator[str]:
    """The address of ``serve`` on what a person has loaded: one store."""
    address = f"http://127.0.0.1:{free_port()}"
    with started(home, "serve", "--port", address.rpartition(":")[2]) as process:
        wait_until(lambda: answers(f"{address}/readyz") == 200, process)
        file = home.parent / "hours.csv"
        file.write_text(HOURS)
        outcome = run(home, "load", "hours", str(file))
        assert outcome.code == 0, outcome.err
        yield address
        process.terminate()
        process.communicate(timeout=20)


def test_it_runs_again_and_again_beside_a_server_and_touches_nothing_of_it(
    home: Path, address: str, tmp_path: Path
) -> None:
    ends = []
    for number in range(2):
        outcome = run(home, "demo", "--folder", str(tmp_path / "out"))
        assert outcome.code == 0, outcome.err
        assert outcome.out.startswith("loaded    155 rows of sample_data/hours.csv\n"), number
        ends.append(outcome.out[outcome.out.index("\n26 stores as of ") :])
    assert ends[0] == ends[1]
    assert [row["key"] for row in http().get(f"{address}/entities").json()["entities"]] == ["mine"]
    assert http().get(f"{address}/reports").json()["reports"] == []
    assert working_below(home / "demo") == []


def test_its_servers_are_its_own_also_when_others_are_configured(tmp_path: Path) -> None:
    theirs = Settings(
        home=tmp_path,
        database_url="postgresql://db.example/openhours",
        redis_url="redis://redis.example",
        s3_endpoint_url="https://s3.example",
        s3_public_url="https://files.example",
        default_timezone="Europe/Rome",
    )
    assert own(theirs) == Settings(home=tmp_path / "demo", default_timezone="Europe/Rome")


def test_its_data_is_the_sample_data_of_the_checkout() -> None:
    assert sample_data() == SAMPLE_DATA
