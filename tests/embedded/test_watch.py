"""An embedded server that dies or hangs is started again where everybody looks for it; real servers, real kills."""

import json
import logging
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep
from urllib.parse import urlsplit

import httpx2
import pytest

from app.embedded import silence
from app.embedded.servers import Endpoints, servers
from tests.commands import answers, free_port, started, suspend, wait_until, working_below
from tests.embedded.test_embedded import kill, program, recorded_pids, remember, remembered

NAMES = ("postgres", "redis", "s3")

#: What libpq itself writes to stderr when a server ends while it connects; psycopg2 takes its words only from then on.
WORDS_OF_LIBPQ = "FATAL:  terminating connection due to unexpected postmaster exit"

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose tests leave its servers stopped and its data usable."""
    home = tmp_path_factory.mktemp("watched") / "home"
    with servers(home) as endpoints:
        remember(endpoints, "kept")
    yield home
    kill(working_below(home))


def kill_server(home: Path, name: str) -> int:
    pid = recorded_pids(home)[name]
    os.kill(pid, signal.SIGKILL)
    return pid


def ports(endpoints: Endpoints) -> list[int | None]:
    return [urlsplit(str(url)).port for url in (endpoints.database_url, endpoints.redis_url, endpoints.s3_endpoint_url)]


def is_ready(address: str) -> bool:
    """Asked now and then: each refusal is a line in the log, and a pipe that nobody reads takes 64 KiB of them."""
    sleep(0.2)
    return answers(f"{address}/readyz") == 200


def first_refusal(address: str) -> dict[str, str]:
    """What the probe says as soon as it is not ready."""
    with httpx2.Client(base_url=address, timeout=20) as client:
        while (answer := client.get("/readyz")).status_code == 200:
            sleep(0.02)
    assert answer.status_code == 503, answer.text
    problem: dict[str, str] = answer.json()
    return problem


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_server_comes_back_on_its_port_with_its_data_and_the_log_says_so(
    home: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "app.embedded")
    with servers(home) as endpoints:
        pid, before = kill_server(home, name), json.loads((home / "servers.json").read_text())
        wait_until(lambda: len(endpoints.down()) == 1, seconds=10)
        wait_until(lambda: not endpoints.down(), seconds=20)
        after = json.loads((home / "servers.json").read_text())
        assert recorded_pids(home)[name] != pid
        assert [after["servers"][each]["port"] for each in NAMES] == [before["servers"][each]["port"] for each in NAMES]
        assert remembered(endpoints) == {"kept"}
    told = [record.getMessage() for record in caplog.records]
    port = before["servers"][name]["port"]
    assert "has ended unexpectedly: it is restarted on port" in told[0]
    assert told[-1].endswith(f"answers again on port {port}")
    assert working_below(home) == []


def test_two_programs_that_watch_start_a_dead_server_once(home: Path) -> None:
    with program(home) as other:
        with servers(home) as endpoints:
            pids = [kill_server(home, name) for name in NAMES]
            wait_until(lambda: len(endpoints.down()) == 0 and not set(pids) & set(recorded_pids(home).values()))
            assert remembered(endpoints) == {"kept"}
            records = recorded_pids(home)
            commands = [process.pid for process in working_below(home) if process.pid in records.values()]
            assert sorted(commands) == sorted(records.values())
            parents = {process.pid for process in working_below(home)} - set(records.values())
            assert {p.ppid() for p in working_below(home) if p.pid in parents} <= {records["postgres"]}
        other.communicate("stop\n", timeout=30)
    assert working_below(home) == []


def test_a_program_that_comes_while_a_server_is_dead_uses_the_same_port(home: Path) -> None:
    with servers(home) as endpoints:
        for name in NAMES:
            kill_server(home, name)
        with servers(home) as others:
            assert others == endpoints
            assert ports(others) == ports(endpoints)
            assert remembered(others) == {"kept"}
        wait_until(lambda: not endpoints.down())
        assert remembered(endpoints) == {"kept"}
    assert working_below(home) == []


def test_serve_tells_its_probe_and_its_log_when_servers_are_dead_and_goes_on_when_they_are_back(home: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    row = b"store_id,dayOfWeek,start_time_local,end_time_local\na,0,09:00:00,17:00:00\n"
    with (
        started(home, "serve", "--port", str(port), OPENHOURS_ACCESS_LOG="false") as process,
        ThreadPoolExecutor(1) as pool,
    ):
        wait_until(lambda: is_ready(address), process)
        asking = pool.submit(first_refusal, address)  # on a busy machine they are back before a later question
        for name in NAMES:
            kill_server(home, name)
        problem = asking.result(timeout=30)
        assert problem["code"] == "replica_unavailable"
        assert "Being restarted, because they ended unexpectedly or hung: " in problem["detail"]
        wait_until(lambda: is_ready(address), process, seconds=20)
        with httpx2.Client(base_url=address, timeout=30) as client:
            dataset = client.post("/datasets", params={"kind": "hours"}, files={"file": ("hours.csv", row)})
            assert dataset.status_code == 202, dataset.text
            place = f"/datasets/{dataset.json()['dataset_id']}"
            wait_until(lambda: client.get(place).json()["status"] == "ready", process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    log = [json.loads(line) for line in err.splitlines() if line != WORDS_OF_LIBPQ]
    told = [entry["event"] for entry in log if entry["logger"] == "app.embedded.watch"]
    assert len([line for line in told if "has ended unexpectedly" in line]) >= len(NAMES)
    assert len([line for line in told if "answers again on port" in line]) == len(NAMES)
    assert working_below(home) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_hung_server_is_ended_and_started_again_on_its_port_with_its_data(
    home: Path, name: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silence, "HANG_PINGS", 3)
    monkeypatch.setattr(silence, "HANG_SECONDS", 10.0)
    caplog.set_level(logging.INFO, "app.embedded")
    with servers(home) as endpoints:
        before = json.loads((home / "servers.json").read_text())["servers"]
        suspend(before[name]["pid"])
        wait_until(lambda: recorded_pids(home)[name] != before[name]["pid"], seconds=90)
        wait_until(lambda: not endpoints.down(), seconds=30)
        after = json.loads((home / "servers.json").read_text())["servers"]
        assert [after[each]["port"] for each in NAMES] == [before[each]["port"] for each in NAMES]
        assert remembered(endpoints) == {"kept"}
    told = [record.getMessage() for record in caplog.records]
    assert "hangs (3 pings: " in told[0]
    assert told[0].endswith(f"process {before[name]['pid']} is ended")
    assert told[-1].endswith(f"answers again on port {before[name]['port']}")
    assert working_below(home) == []


def test_a_program_that_finds_hung_servers_of_an_earlier_one_replaces_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silence, "HANG_PINGS", 3)
    monkeypatch.setattr(silence, "HANG_SECONDS", 10.0)
    with program(home) as earlier:
        pids = recorded_pids(home)
        for pid in pids.values():
            suspend(pid)
        earlier.kill()
        earlier.wait()
    with servers(home) as endpoints:
        assert not set(pids.values()) & set(recorded_pids(home).values())
        assert remembered(endpoints) == {"kept"}
    assert working_below(home) == []


def test_servers_that_hang_when_the_last_program_leaves_are_ended(home: Path) -> None:
    with servers(home):
        for pid in recorded_pids(home).values():
            suspend(pid)
    assert working_below(home) == []


def test_servers_that_are_silent_for_a_moment_are_left_alone(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "app.embedded")
    with servers(home) as endpoints:
        pids = recorded_pids(home)
        for pid in pids.values():
            suspend(pid)
        sleep(12)
        for pid in pids.values():
            os.kill(pid, signal.SIGCONT)
        sleep(6)
        assert recorded_pids(home) == pids
        assert remembered(endpoints) == {"kept"}
    assert caplog.records == []
