"""What a process logs: JSON, one object a line, under its name, about which report, and no secret in it."""

import io
import json
import logging
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from app.settings import Settings
from app.storage.resources import Resources, addresses, open_resources
from app.telemetry.logs import KEYS, REQUEST_KEYS, bound, conceal, configure
from tests.commands import REPOSITORY, answers, free_port, http, logging_as_it_was, started, wait_until
from tests.conftest import SAMPLE_DATA, api, load_file

#: Longest wait for a server, seconds.
PATIENCE = 40

log = logging.getLogger("tests.of.logs")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def err(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process called "me" writes to stderr."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with logging_as_it_was():
        configure(Settings(), replica="me")
        yield stream


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_is_an_object_with_its_keys_in_order(err: io.StringIO) -> None:
    with bound(request_id="6", report_id="7", dataset_id="8"):
        log.info("%s of %d", "one", 2)
    # Past the root logger, where pytest keeps what it tells of a test: that has to be text for another process.
    (ours,) = [one for one in logging.getLogger().handlers if getattr(one, "stream", None) is err]
    ours.handle(log.makeRecord(log.name, logging.WARNING, __file__, 1, "line\nbreak \udcff", (), None))
    first, second = lines(err.getvalue())
    assert list(first) == [key for key in KEYS if key not in {"exception", *REQUEST_KEYS}]
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "level": "info", "logger": log.name, "event": "one of 2", "replica": "me", "request_id": "6", "report_id": "7",
        "dataset_id": "8",
    }  # fmt: skip
    assert (second["event"], second["level"]) == ("line\nbreak \udcff", "warning")
    assert "report_id" not in second


def test_exceptions_are_text_without_secrets(err: io.StringIO) -> None:
    conceal("hush-hush")
    log.error("it failed with %s", "hush-hush", exc_info=ValueError("hush-hush and redis://:geheim@redis.example"))
    (line,) = lines(err.getvalue())
    assert line["event"] == "it failed with ***"
    assert line["exception"] == "ValueError: *** and redis://:***@redis.example"


def test_a_request_is_one_line_of_the_access_log(err: io.StringIO, resources: Resources) -> None:
    with api(resources, slots=0) as client:
        client.get("/echo/hello", params={"token": "geheim"})
        client.get(f"/get_report?report_id={'0' * 32}")
        client.get("/livez")
        client.get("/metrics")
    found = [line for line in lines(err.getvalue()) if line["logger"] == "app.access"]
    assert [(line["event"], line["status"]) for line in found if "report_id" not in line] == [
        ("GET /echo/hello 200", 200)
    ]
    (poll,) = [line for line in found if "report_id" in line]
    assert (poll["method"], poll["path"], poll["status"], poll["report_id"]) == ("GET", "/get_report", 404, "0" * 32)
    assert poll["milliseconds"] > 0
    assert found[0]["bytes"] == len('{"message":"hello"}')
    assert "geheim" not in str(found)


def test_without_the_access_log_requests_leave_no_line(err: io.StringIO, resources: Resources) -> None:
    quiet = replace(resources, settings=resources.settings.model_copy(update={"access_log": False}))
    with api(quiet, slots=0) as client:
        client.get("/echo/hello")
    assert "app.access" not in err.getvalue()


def test_warnings_and_threads_that_end_by_a_defect_are_lines_too(err: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    thread = threading.Thread(target=lambda: 1 / 0, name="divider")
    thread.start()
    thread.join()
    warning, defect = lines(err.getvalue())
    assert (warning["logger"], warning["level"]) == ("py.warnings", "warning")
    assert "DeprecationWarning: old" in warning["event"]
    assert defect["event"] == "thread divider ends because of an unhandled exception"
    assert "ZeroDivisionError" in defect["exception"]


def test_the_level_is_that_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
    with logging_as_it_was():
        configure(Settings(log_level="error"), replica="me")
        log.warning("unheard")
        log.error("heard")
    assert [line["event"] for line in lines(stream.getvalue())] == ["heard"]


def test_on_a_terminal_lines_are_for_reading_and_as_discreet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream := Terminal())
    with logging_as_it_was():
        configure(Settings(), replica="me")
        log.info("hello redis://:geheim@redis.example")
        log.error("failed", exc_info=ValueError("redis://:geheim@redis.example"))
    shown = stream.getvalue()
    assert "hello redis://:***@redis.example" in shown
    assert "ValueError: redis://:***@redis.example" in shown
    assert "geheim" not in shown


#: What the supervisor has the process of a report do.
CHILD = """\
import os
import sys
from multiprocessing import Pipe
from pathlib import Path
from app.jobs import child
from app.storage.object_store import StoreAddress
from app.settings import Settings
from tests.kinds import TROUBLE

_, pipe = Pipe()
folder = Path(sys.argv[1])
child.main(
    pipe,
    child.JobSpec(
        kind="raise_defect",
        model=TROUBLE["raise_defect"].params,
        produce=TROUBLE["raise_defect"].produce,
        names={"report_id": "7"},
        params={"folder": str(folder)},
        database_url="postgresql://me:geheim@127.0.0.1:1/none",
        settings=Settings(),
        store=StoreAddress(bucket="none", region="us-east-1", endpoint_url=None),
        folder=folder,
        prefix="",
        job_id="7",
        attempt=1,
        replica="me",
    ),
)
os._exit(0)  # the other end of the pipe, that of a supervisor, must not close before
"""


def test_a_report_that_fails_by_a_defect_tells_of_it_under_its_id_and_replica(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    (line,) = lines(done.stderr)
    assert (line["replica"], line["report_id"], line["logger"]) == ("me", "7", "app.jobs.child")
    assert line["event"] == "the job failed because of an unhandled exception"
    assert "ZeroDivisionError" in line["exception"]


@dataclass(frozen=True)
class Log:
    """What a server that made a report wrote, and what it must not show."""

    text: str
    report_id: str
    secrets: tuple[str, ...]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """The log of ``serve`` at its most talkative."""
    home = tmp_path_factory.mktemp("logs") / "home"
    settings = Settings(home=home)
    with addresses(settings) as where:
        address = f"http://127.0.0.1:{free_port()}"
        with (
            started(home, "serve", "--port", address.rpartition(":")[2], OPENHOURS_LOG_LEVEL="debug") as process,
            ThreadPoolExecutor(1) as pool,
        ):
            written = pool.submit(process.communicate)  # more than a pipe holds
            wait_until(lambda: answers(f"{address}/readyz") == 200)
            with open_resources(settings, where) as resources:
                for name in ("hours", "timezones", "polls"):
                    load_file(resources, name, SAMPLE_DATA / f"{name}.csv")
            report_id = httpx2.post(f"{address}/trigger_report").json()["report_id"]
            poll = f"{address}/get_report?report_id={report_id}"
            wait_until(lambda: http().get(poll).json()["status"] == "Complete")
            query = parse_qs(urlsplit(httpx2.get(poll).json()["url"]).query)
            process.send_signal(signal.SIGTERM)
            _, err = written.result(PATIENCE)
    credentials = json.loads((home / "credentials.json").read_text())
    return Log(err, report_id, (*credentials.values(), query["X-Amz-Signature"][0]))


def test_every_line_of_a_server_is_an_object_under_one_name(served: Log) -> None:
    logged = lines(served.text)
    (replica,) = {line["replica"] for line in logged}
    assert replica.startswith(f"{socket.gethostname()}-")
    assert {"app.web.server", "uvicorn.error", "app.jobs.runner", "app.jobs.child"} <= {
        line["logger"] for line in logged
    }


def test_every_line_about_a_report_has_its_id(served: Log) -> None:
    logged = [line for line in lines(served.text) if line["logger"].startswith("app.") or line["level"] != "debug"]
    about = [line for line in logged if served.report_id in line["event"]]
    assert about
    assert {line["report_id"] for line in about} == {served.report_id}
    (child,) = [line for line in logged if line["logger"] == "app.jobs.child"]
    assert child["report_id"] == served.report_id


def test_no_line_of_a_server_shows_a_secret(served: Log) -> None:
    assert any("X-Amz" in line for line in served.text.splitlines())  # it was talkative enough
    for secret in served.secrets:
        assert secret not in served.text


def test_servers_that_refuse_the_connection_make_no_line_show_a_secret(tmp_path: Path) -> None:
    address, dead = f"http://127.0.0.1:{free_port()}", free_port()
    report_id = "0" * 32
    with (
        started(
            tmp_path / "home",
            *("serve", "--port", address.rpartition(":")[2]),
            OPENHOURS_DATABASE_URL=f"postgresql://me:geheim-1@127.0.0.1:{dead}/none",
            OPENHOURS_REDIS_URL=f"redis://:geheim-2@127.0.0.1:{dead}/0",
            OPENHOURS_S3_ENDPOINT_URL=f"http://127.0.0.1:{dead}",
            OPENHOURS_LOG_LEVEL="debug",
            AWS_ACCESS_KEY_ID="known",
            AWS_SECRET_ACCESS_KEY="geheim-3",
            AWS_SESSION_TOKEN="geheim-4",
        ) as process,
        ThreadPoolExecutor(1) as pool,
    ):
        written = pool.submit(process.communicate)  # more than a pipe holds
        wait_until(lambda: answers(f"{address}/livez") == 200)
        assert httpx2.get(f"{address}/readyz").status_code == 503
        assert httpx2.get(f"{address}/get_report?report_id={report_id}").status_code == 503
        assert httpx2.post(f"{address}/get_report", json={"report_id": report_id}).status_code == 503
        assert httpx2.post(f"{address}/trigger_report").status_code == 503
        process.send_signal(signal.SIGTERM)
        _, err = written.result(PATIENCE)
    assert "geheim" not in err
    logged = lines(err)
    polls = [line for line in logged if "/get_report: database_unavailable" in line["event"]]
    assert [line["report_id"] for line in polls] == [report_id] * 2
    (trigger,) = [line for line in logged if "/trigger_report: database_unavailable" in line["event"]]
    assert "report_id" not in trigger
