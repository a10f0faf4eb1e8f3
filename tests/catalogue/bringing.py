"""Brings files in through the API of a running replica and waits for what becomes of them."""

from collections.abc import Mapping
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import text

from app.storage.resources import Resources

HEADER = "store_id,status,timestamp_utc\n"

#: Three polls of two stores.
POLLS = (
    HEADER
    + "s1,active,2023-01-22 12:00:00 UTC\n"
    + "s1,inactive,2023-01-22 13:00:00 UTC\n"
    + "s2,active,2023-01-23 08:30:00 UTC\n"
)


def bring(client: TestClient, content: str | bytes, *, kind: str = "polls", **query: Any) -> Mapping[str, Any]:
    """Bring a file in and wait; how the dataset stands in the end."""
    answer = client.post("/datasets", params={"kind": kind, **query}, content=content)
    assert answer.status_code == 202, answer.text
    return ended(client, answer.json()["dataset_id"])


def ended(client: TestClient, dataset_id: str) -> Mapping[str, Any]:
    """How a dataset stands when nothing is done with it any more."""
    for _ in range(10):
        answer = client.get(f"/datasets/{dataset_id}", params={"wait": 30})
        assert answer.status_code == 200, answer.text
        if answer.json()["status"] in {"ready", "rejected"}:
            return dict(answer.json())
    raise AssertionError(answer.text)


def polls(resources: Resources) -> list[tuple[str, str, bool]]:
    """All polls: key, instant and status, sorted."""
    query = text(
        "SELECT key, to_char(at, 'YYYY-MM-DD HH24:MI'), active FROM poll JOIN entity ON entity.id = entity_id "
        "ORDER BY 1, 2"
    )
    with resources.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def keys_below(resources: Resources, prefix: str) -> list[str]:
    """Keys of all objects below a prefix."""
    return [item.key for page in resources.object_store.pages(prefix) for item in page]
