"""What tests of upgrades ask of a running replica and of the database."""

from typing import Any

import httpx2
from sqlalchemy import text

from app.storage.resources import Resources


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


def columns_of_before(table: bytes, before: bytes) -> bytes:
    """A CSV file without the columns that this version has added behind those of the version before."""
    header, *_ = before.split(b"\n")
    return b"".join(b",".join(line.split(b",")[: header.count(b",") + 1]) + b"\n" for line in table.splitlines())
