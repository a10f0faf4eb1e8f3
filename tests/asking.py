"""Reports as a patient caller asks for them: however slow the machine is, again and again until they have ended."""

from typing import Any

import httpx2
from fastapi.testclient import TestClient

from tests.commands import wait_until


def reported(client: TestClient | httpx2.Client, **body: Any) -> Any:
    """Trigger a report and wait; how it stands when it has ended, with its id."""
    answer = client.post("/trigger_report", json=body)
    assert answer.status_code == 202, answer.text
    return answer.json() | report_of(client, answer.json()["report_id"])


def report_of(client: TestClient | httpx2.Client, report_id: str) -> Any:
    """How a report stands when it has ended."""

    def ended() -> Any:
        answer = client.get("/get_report", params={"report_id": report_id, "wait": 5}).json()
        return answer["status"] != "Running" and answer

    return wait_until(ended)
