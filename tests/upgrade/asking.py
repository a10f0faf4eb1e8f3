"""What tests of upgrades ask of a running replica and of the database."""

from typing import Any

import httpx2
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.storage.resources import Resources
from tests.commands import wait_until


def report_of(client: TestClient | httpx2.Client, report_id: str) -> Any:
    """How a report stands when it has ended."""

    def ended() -> Any:
        answer = client.get("/get_report", params={"report_id": report_id, "wait": 5}).json()
        return answer["status"] != "Running" and answer

    return wait_until(ended)


def downloaded(answer: Any, name: str) -> bytes:
    """A file of a complete report, by its link."""
    (link,) = (file["url"] for file in answer["files"] if file["name"] == name)
    return httpx2.get(link).raise_for_status().content


def attempts(resources: Resources) -> dict[str, tuple[str, int]]:
    """Status and number of attempts of every job."""
    with resources.engine.connect() as connection:
        rows = connection.execute(text("SELECT id, status, attempt FROM report"))
        return {row.id: (row.status, row.attempt) for row in rows}


def job_of(resources: Resources, dataset_id: str) -> str:
    """The latest job of a dataset."""
    with resources.engine.connect() as connection:
        query = text("SELECT job_id FROM dataset WHERE id = :id")
        return str(connection.execute(query, {"id": dataset_id}).scalar_one())
