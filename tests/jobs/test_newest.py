"""A page of the list of jobs is what sorting all of them gives."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert

from app.jobs import records
from app.jobs.records import JobStatus
from app.jobs.tables import job
from app.storage.resources import Resources

KINDS = ("a", "b", "c")
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


def jobs(chance: Random, count: int) -> list[dict[str, Any]]:
    """Many of them were created at the same instant."""
    return [
        {
            "id": f"{chance.getrandbits(128):032x}",
            "kind": chance.choice(KINDS),
            "params": {},
            "params_sha256": "",
            "status": chance.choice(list(JobStatus)),
            "created_at": BEGIN + timedelta(seconds=chance.randrange(max(count // 3, 1))),
        }
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", range(20))
def test_a_page_is_what_sorting_gives(resources: Resources, seed: int) -> None:
    chance = Random(seed)
    rows = jobs(chance, chance.choice([1, 10, 60]))
    order = sorted(rows, key=lambda row: (row["created_at"], row["id"]), reverse=True)
    with resources.engine.begin() as connection:
        connection.execute(insert(job), rows)
        for _ in range(20):
            kinds = chance.sample(KINDS, chance.randint(0, 3))
            status = chance.choice([None, *JobStatus])
            one = chance.choice(rows)
            before = chance.choice([None, (one["created_at"], one["id"]), (BEGIN, "")])
            limit = chance.randint(1, 20)
            found = records.newest(connection, kinds=kinds, status=status, before=before, limit=limit)
            expected = [
                row["id"]
                for row in order
                if row["kind"] in kinds
                and status in (None, row["status"])
                and (before is None or (row["created_at"], row["id"]) < before)
            ]
            assert [record.id for record in found] == expected[:limit]
