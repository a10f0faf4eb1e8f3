"""What Prometheus reads."""

import platform
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from prometheus_client import REGISTRY

from app import __version__
from app.jobs.backlog import backlog_metrics
from app.replica.reachability import Reachability
from app.storage.postgres import build_engine
from app.storage.redis_client import build_redis
from app.storage.resources import Resources
from app.storage.scraping import postgres_registry
from app.web.application import create_app
from tests.commands import wait_until
from tests.conftest import api, load_file
from tests.kinds import KINDS
from tests.local_client import LocalClient


def samples(text: str) -> dict[str, float]:
    """The value of each sample by its name and labels."""
    return {name: float(value) for name, value in re.findall(r"^([^#\s]\S*(?:{.*?})?) (\S+)$", text, re.MULTILINE)}


def test_the_life_of_reports_shows_in_the_metrics(resources: Resources, tmp_path: Path) -> None:
    with api(resources, slots=1, kinds=KINDS) as client:
        before = samples(client.get("/metrics").text)
        client.post("/trigger_report", params={"wait": 30}, json={"report": "dummy"})
        poison = {"report": "segfault", "params": {"folder": str(tmp_path)}}
        client.post("/trigger_report", params={"wait": 30}, json=poison)
        # The last request is answered as soon as its report has ended, a moment before the slot is free.
        wait_until(lambda: samples(client.get("/metrics").text)["openhours_slots_busy"] == 0)
        response = client.get("/metrics")
    after = samples(response.text)
    assert response.headers["content-type"].startswith("text/plain")

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grown('openhours_attempts_total{kind="dummy",outcome="complete"}') == 1
    assert grown('openhours_attempts_total{kind="segfault",outcome="crashed"}') == 3
    assert grown('openhours_crashes_total{kind="segfault"}') == 3
    assert grown('openhours_uploaded_bytes_total{kind="dummy"}') == len("word\n" + 3 * "dummy\n")
    for stage in ("queued", "loading", "computing", "uploading", "total"):
        assert grown(f'openhours_report_seconds_count{{kind="dummy",stage="{stage}"}}') == 1, stage
    assert grown('openhours_http_request_seconds_count{method="POST",route="/trigger_report?wait",status="200"}') == 2
    assert grown('openhours_failures_total{code="worker_crashed",kind="segfault"}') == 1
    assert (after["openhours_slots"], after["openhours_slots_busy"]) == (1, 0)


def test_the_backlog_is_that_of_the_whole_installation(resources: Resources) -> None:
    with api(resources, slots=0, kinds=KINDS) as client, api(resources, slots=0, kinds=KINDS) as other:
        for _ in range(3):
            client.post("/trigger_report", json={"report": "dummy"})
        for replica in (client, other):
            shown = samples(replica.get("/metrics").text)
            assert shown["openhours_reports_queued"] == 3
            assert shown["openhours_reports_running"] == 0
            assert 0 < shown["openhours_oldest_queued_age_seconds"] < 60


def test_metrics_come_without_the_backlog_while_postgres_is_away(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = build_engine("postgresql://nobody@127.0.0.1:1/none", pool_size=1)
    with api(resources, slots=0, kinds=KINDS) as client:
        state = client.app.state  # type: ignore[attr-defined]
        without = replace(state.services, installation=postgres_registry(gone, backlog_metrics))
        monkeypatch.setattr(state, "services", without)
        response = client.get("/metrics")
    assert response.status_code == 200
    assert "openhours_slots" in response.text
    assert "openhours_reports_queued" not in response.text


def test_a_worker_answers_probes_and_metrics_and_nothing_else(resources: Resources) -> None:
    with LocalClient(create_app(resources, slots=1, api=False, kinds=KINDS)) as client:
        assert client.get("/livez").status_code == client.get("/readyz").status_code == 200
        assert "openhours_slots 1.0" in client.get("/metrics").text
        assert client.post("/trigger_report").status_code == 404
        assert client.get("/reports").status_code == 404


def test_a_rejected_file_is_counted_with_its_reason(resources: Resources) -> None:
    name = 'openhours_rejected_datasets_total{code="wrong_header",kind="polls"}'
    with api(resources, slots=1) as client:
        before = samples(client.get("/metrics").text).get(name, 0)
        sent = client.post(
            "/datasets", params={"kind": "polls"}, content=b"a,b\n1,2\n", headers={"X-Filename": "x.csv"}
        )
        dataset = client.get(sent.headers["Location"], params={"wait": 30}).json()
        assert (dataset["status"], dataset["error"]["code"]) == ("rejected", "wrong_header")
        wait_until(lambda: samples(client.get("/metrics").text).get(name, 0) == before + 1)


def test_a_report_that_failed_is_counted_by_its_code(resources: Resources, tmp_path: Path) -> None:
    name = 'openhours_failures_total{code="internal_error",kind="raise_defect"}'
    defect = {"report": "raise_defect", "params": {"folder": str(tmp_path)}}
    with api(resources, slots=1, kinds=KINDS) as client:
        before = samples(client.get("/metrics").text).get(name, 0)
        ended = client.post("/trigger_report", params={"wait": 30}, json=defect).json()
        assert ended["error"]["code"] == "internal_error"
        wait_until(lambda: samples(client.get("/metrics").text).get(name, 0) == before + 1)


def test_the_version_and_each_server_show_in_the_metrics(resources: Resources) -> None:
    with api(resources, slots=0) as client:
        wait_until(lambda: 'openhours_server_up{server="s3"}' in samples(client.get("/metrics").text))
        shown = samples(client.get("/metrics").text)
    assert f'openhours_build_info{{python="{platform.python_version()}",version="{__version__}"}}' in shown
    assert {name: shown[f'openhours_server_up{{server="{name}"}}'] for name in ("postgres", "redis", "s3")} == {
        "postgres": 1, "redis": 1, "s3": 1,
    }  # fmt: skip


def test_a_server_that_went_away_is_told_once_and_shows_as_down(
    resources: Resources, caplog: pytest.LogCaptureFixture
) -> None:
    nobody = build_redis("redis://127.0.0.1:1/0", timeout_seconds=0.2)
    watch = Reachability(replace(resources, redis=nobody))
    for _ in range(2):
        watch.look(Event(), None)
    told = [record.getMessage() for record in caplog.records if record.name == "app.replica.reachability"]
    assert len(told) == 1
    assert told[0].startswith("redis cannot be reached: ")
    assert REGISTRY.get_sample_value("openhours_server_up", {"server": "redis"}) == 0
    assert REGISTRY.get_sample_value("openhours_server_up", {"server": "postgres"}) == 1
    again = Reachability(resources)
    again.look(Event(), None)
    assert REGISTRY.get_sample_value("openhours_server_up", {"server": "redis"}) == 1


def test_the_age_of_the_newest_poll_is_shown_once_there_is_one(resources: Resources, tmp_path: Path) -> None:
    name = "openhours_newest_poll_age_seconds"
    with api(resources, slots=0) as client:
        assert name not in samples(client.get("/metrics").text)
        at = datetime.now(UTC) - timedelta(hours=3)
        file = tmp_path / "polls.csv"
        file.write_text(f"store_id,status,timestamp_utc\nx,active,{at:%Y-%m-%d %H:%M:%S.%f} UTC\n")
        load_file(resources, "polls", file, now=datetime.now(UTC))
        assert 3 * 3600 <= samples(client.get("/metrics").text)[name] < 3 * 3600 + 120
