"""For each page that is declared, the addresses at which tests open it, made on the sample data."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi.testclient import TestClient

from app.reports.registry import REPORT_KINDS
from tests.asking import reported
from tests.conftest import SAMPLE_DATA

#: What is made once for all pages, by name; what has a slow job is made here.
Made = dict[str, Any]


def make(client: TestClient) -> Made:
    """What examples need besides the sample data."""
    done = reported(client, report="uptime", params={"charts": True, "html": True})
    assert done["status"] == "Complete"
    failed = reported(client, report="uptime", params={"from": "2001-01-01", "to": "2001-01-02"})
    made = {"report": done["report_id"], "failed": failed["report_id"]}
    return made | _files(client) | _repeated(client) | _counted(client)


def _repeated(client: TestClient) -> Made:
    """A schedule, and a source that nobody syncs."""
    schedule = {"name": "weekly", "kind": "uptime", "every": "week", "at": "06:30", "timezone": "Europe/Berlin"}
    assert client.post("/schedules", json=schedule).status_code == 201
    source = {"name": "mine", "kind": "pypistats", "projects": ["openhours"], "address": "http://127.0.0.1:9"}
    answer = client.post("/sources", params={"check": False}, json=source)
    assert answer.status_code == 201, answer.text
    return {}


def _counted(client: TestClient) -> Made:
    """A project whose installs were counted."""
    content = (SAMPLE_DATA / "installs.csv").read_bytes()
    loaded = client.post("/datasets", params={"kind": "installs", "wait": 30}, content=content).json()
    assert loaded["status"] == "ready", loaded
    header, first = content.decode().splitlines()[:2]
    return {"project": dict(zip(header.split(","), first.split(","), strict=True))["project"]}


def _files(client: TestClient) -> Made:
    """A file that was loaded, one with other columns, and one with wrong rows; a mapping with a name."""
    contents = {
        "file": "store_id,status,timestamp_utc\n1,active,2023-01-25T10:00:00Z\n",
        "other_columns": "Filiale,Zustand,Zeit\n1,active,2023-01-25T10:00:00Z\n",
        "wrong_rows": "store_id,status,timestamp_utc\n1,activ,2023-01-25T10:00:00Z\n1,active,yesterday\n",
    }
    made = {}
    for name, text in contents.items():
        query = {"kind": "polls", "filename": f"{name}.csv", "wait": 30}
        made[name] = client.post("/datasets", params=query, content=text.encode()).json()["dataset_id"]
    document = {"kind": "polls", "columns": {"store_id": {"from": "Filiale"}}}
    assert client.put("/mappings/mine", json=document).status_code == 200
    return made


#: By the path of a page the queries and paths at which it is opened, from what was made.
ADDRESSES: Final[Mapping[str, Callable[[Made], list[str]]]] = {
    "/console": lambda made: ["/console"],
    "/console/help": lambda made: ["/console/help"],
    "/console/schedules": lambda made: ["/console/schedules", "/console/schedules?state=failed"],
    "/console/schedules/new": lambda made: [
        "/console/schedules/new",
        "/console/schedules/new?kind=uptime&params=%7B%22charts%22%3Atrue%7D",
    ],
    "/console/schedules/{name}": lambda made: ["/console/schedules/weekly"],
    "/console/schedules/{name}/edit": lambda made: ["/console/schedules/weekly/edit"],
    "/console/sources": lambda made: ["/console/sources"],
    "/console/sources/new": lambda made: ["/console/sources/new", "/console/sources/new?kind=pypistats"],
    "/console/sources/{name}": lambda made: ["/console/sources/mine"],
    "/console/sources/{name}/repositories": lambda made: ["/console/sources/mine/repositories"],
    "/console/activity": lambda made: ["/console/activity"],
    "/console/activity/{kind}/{key:path}": lambda made: [f"/console/activity/project/{made['project']}"],
    "/console/rollups": lambda made: ["/console/rollups"],
    "/console/reports": lambda made: ["/console/reports", "/console/reports?status=failed&kind=uptime"],
    "/console/reports/new": lambda made: [
        "/console/reports/new",
        *(f"/console/reports/new?kind={kind}" for kind in REPORT_KINDS),
        "/console/reports/new?kind=uptime&params=%7B%22stores%22%3A%5B%22a%22%2C%22b%22%5D%2C%22charts%22%3Atrue%7D",
    ],
    "/console/reports/{report_id}": lambda made: [
        f"/console/reports/{made['report']}",
        f"/console/reports/{made['report']}?sort=uptime_last_week&desc=1",
        f"/console/reports/{made['failed']}",
    ],
    "/console/files": lambda made: [
        "/console/files",
        "/console/files?kind=polls&status=rejected",
        "/console/files?kind=table",
    ],
    "/console/files/{dataset_id}": lambda made: [
        f"/console/files/{made[one]}" for one in ("file", "other_columns", "wrong_rows")
    ],
    "/console/files/{dataset_id}/progress": lambda made: [],
    "/console/samples/{name}": lambda made: [],
    "/console/upload": lambda made: ["/console/upload", "/console/upload?kind=installs&on_error=skip_rows"],
    "/console/mappings": lambda made: ["/console/mappings"],
    "/console/mappings/{name}": lambda made: ["/console/mappings/mine", "/console/mappings/uptime-kuma"],
    "/console/reports/{report_id}/progress": lambda made: [],
    "/console/reports/{report_id}/entities/{key:path}": lambda made: [
        f"/console/reports/{made['report']}/entities/1050565545391667097"
    ],
}
