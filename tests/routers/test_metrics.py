"""What Prometheus reads."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.jobs.backlog import backlog_registry
from app.storage.postgres import build_engine
from app.storage.resources import Resources
from app.web.application import create_app
from tests.commands import wait_until
from tests.conftest import api
from tests.kinds import KINDS


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
        monkeypatch.setattr(state, "services", replace(state.services, backlog=backlog_registry(gone)))
        response = client.get("/metrics")
    assert response.status_code == 200
    assert "openhours_slots" in response.text
    assert "openhours_reports_queued" not in response.text


def test_a_worker_answers_probes_and_metrics_and_nothing_else(resources: Resources) -> None:
    with TestClient(create_app(resources, slots=1, api=False, kinds=KINDS)) as client:
        assert client.get("/livez").status_code == client.get("/readyz").status_code == 200
        assert "openhours_slots 1.0" in client.get("/metrics").text
        assert client.post("/trigger_report").status_code == 404
        assert client.get("/reports").status_code == 404
