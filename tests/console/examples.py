"""For each page that is declared, the addresses at which tests open it, made on the sample data."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fastapi.testclient import TestClient

from app.automation.registry import RULE_KINDS
from app.reports.registry import REPORT_KINDS
from tests.asking import reported
from tests.conftest import SAMPLE_DATA

#: One of a repository, which no team has.
COMMITS: Final = (
    f"repo,sha,authored_at,committed_at,parents\nopenhours/api,{'a' * 40},2024-10-01T09:00:00Z,2024-10-01T10:00:00Z,1\n"
)

#: Where nobody listens; services that tests open pages of allow webhooks to go there.
NOWHERE: Final = "http://127.0.0.1:1"

#: What is made once for all pages, by name; what has a slow job is made here.
Made = dict[str, Any]


def make(client: TestClient) -> Made:
    """What examples need besides the sample data."""
    told = _told(client)
    done = reported(client, report="uptime", params={"charts": True, "html": True})
    assert done["status"] == "Complete"
    unknown = reported(client, report="uptime", params={"from": "2001-01-01", "to": "2001-01-02"})
    made = {"report": done["report_id"], "unknown": unknown["report_id"]}
    return made | told | _files(client) | _going_on(client) | _people(client) | _measured(client)


def _told(client: TestClient) -> Made:
    """Webhooks whose receivers do not listen, what was sent to one of them, and rules that tell of nothing."""
    ops = {"name": "ops-channel", "url": f"{NOWHERE}/hook?token=t", "events": ["report.failed", "alert.raised"]}
    ops["description"] = "The channel of those on duty"
    assert client.post("/webhooks", json=ops).status_code == 201
    chat = {"name": "chat", "url": f"{NOWHERE}/chat", "format": "slack", "events": ["*"], "enabled": False}
    assert client.post("/webhooks", json=chat).status_code == 201
    down = {"name": "stores-down", "kind": "store_down", "options": {"minutes": 30}, "notify": ["ops-channel"]}
    assert client.post("/rules", json=down).status_code == 201
    options = {"dataset_kind": "polls", "report": "uptime", "params": {"charts": True}}
    follows = {"name": "after-polls", "kind": "report_on_dataset", "options": options, "enabled": False}
    assert client.post("/rules", json=follows).status_code == 201
    return {"delivery": client.post("/webhooks/ops-channel/test").json()["delivery_id"]}


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
    slashes = "store_id,status,timestamp_utc\na/b?c,active,2023-01-25T10:00:00Z\n"
    client.post("/datasets", params={"kind": "polls", "wait": 30}, content=slashes.encode()).raise_for_status()
    days = [{"date": "2026-12-25", "name": "Christmas"}]
    client.put("/calendars/public:DE-BY", json={"days": days}).raise_for_status()
    _ruled(client)
    document = {"kind": "polls", "columns": {"store_id": {"from": "Filiale"}}}
    assert client.put("/mappings/mine", json=document).status_code == 200
    return made


def _ruled(client: TestClient) -> None:
    """A store of which everything is said that can be: hours, exceptions, calendars, zones, details."""
    said = "store_id,timezone_str\nmany rules,Europe/Berlin\n"
    client.post("/datasets", params={"kind": "timezones", "wait": 30}, content=said.encode()).raise_for_status()
    store, soon = "/entities/store/many rules", datetime.now(UTC).date() + timedelta(days=9)
    week = [{"day": day, "start_time_local": "18:00", "end_time_local": "02:00"} for day in range(5)]
    for span in ({}, {"valid_from": "2020-01-01"}, {"valid_from": "2020-06-01", "valid_to": "2020-06-30"}):
        client.put(f"{store}/hours", json={"hours": week}, params=span).raise_for_status()
    what = {"date": str(soon), "what": "hours", "start_time_local": "10:00", "end_time_local": "12:00", "name": "Sale"}
    client.put(f"{store}/exceptions", json={"exceptions": [what]}).raise_for_status()
    holiday = [{"date": str(soon + timedelta(days=1)), "name": "Founding day"}]
    client.put("/calendars/ours", json={"days": holiday}).raise_for_status()
    uses = [{"calendar": "ours"}, {"calendar": "not there yet", "valid_from": "2020-01-01"}]
    client.put(f"{store}/calendars", json={"calendars": uses}).raise_for_status()
    zone = {"timezone": "Europe/Lisbon"}
    client.put(f"{store}/timezone", json=zone, params={"valid_from": "2021-01-01"}).raise_for_status()
    client.put(store, json={"name": "Main Street", "group": "North", "active_from": "2020-01-01"}).raise_for_status()


def _people(client: TestClient) -> Made:
    """A service account with a key."""
    user = client.post("/users", json={"name": "grace", "role": "operator", "kind": "service"}).json()["id"]
    key = client.post("/keys", json={"name": "nightly", "user_id": user, "scopes": ["data:read"]}).json()["id"]
    return {"user": user, "key": key}


#: Pages about whoever opens them: these are opened by somebody who has logged in, the others in local mode.
OF_ONESELF: Final = frozenset(
    {"/console/keys", "/console/account", "/console/account/second-factor", "/console/sessions"}
)


def _going_on(client: TestClient) -> Made:
    """Installs and commits, a roll-up, schedules of each sort, a source that is not read."""
    for kind, path in (("installs", SAMPLE_DATA / "installs.csv"),):
        loaded = client.post("/datasets", params={"kind": kind, "wait": 30}, content=path.read_bytes())
        assert loaded.json()["status"] == "ready", loaded.text
    loaded = client.post("/datasets", params={"kind": "commits", "wait": 30}, content=COMMITS.encode())
    assert loaded.json()["status"] == "ready", loaded.text
    table = {"kind": "table", "filename": "plays.csv", "wait": 30}
    plays = client.post("/datasets", params=table, content=(SAMPLE_DATA / "plays_table.csv").read_bytes()).json()
    columns = {"datasets": [plays["dataset_id"]], "by": ["Song"], "sum": ["Number of Plays"]}
    assert reported(client, report="rollup", params=columns)["status"] == "Complete"
    failed = reported(client, report="rollup", params={**columns, "sum": ["Song"], "by": []})
    assert failed["status"] == "Failed", "a text cannot be added up"
    source = {"name": "nowhere", "kind": "github", "repositories": ["acme/*"], "address": NOWHERE}
    assert client.post("/sources", params={"check": False}, json=source).status_code == 201
    assert client.post("/sources/nowhere/pause").status_code == 200
    weekly = {"name": "weekly", "kind": "uptime", "every": "week", "at": "06:30", "timezone": "Europe/Berlin"}
    weekly |= {"notify": {"to": ["ops-channel"], "attach": ["csv", "page"]}}
    assert client.post("/schedules", json=weekly).status_code == 201
    assert client.post("/schedules", json={**weekly, "name": "paused", "enabled": False}).status_code == 201
    return {"failed": failed["report_id"]}


def _measured(client: TestClient) -> Made:
    """Figures of the sample's pull requests, and a metric in two versions."""
    content = (SAMPLE_DATA / "pull_requests.csv").read_bytes()
    loaded = client.post("/datasets", params={"kind": "pull_requests", "wait": 30}, content=content)
    assert loaded.json()["status"] == "ready", loaded.text
    params = {"since": "2024-09-02", "until": "2024-12-30", "charts": False}
    done = reported(client, report="engineering", params=params)
    assert done["status"] == "Complete"
    merged = {"pillar": "team", "title": "Merged", "from": "pull_requests", "when": "merged_at"}
    for value in ({"count": "*"}, {"distinct": "author"}):
        assert client.put("/metrics-definitions/merged", json={**merged, "value": value}).status_code == 200
    return {"figures": done["report_id"]}


#: By the path of a page the queries and paths at which it is opened, from what was made.
ADDRESSES: Final[Mapping[str, Callable[[Made], list[str]]]] = {
    "/console": lambda made: ["/console"],
    "/console/entities": lambda made: [
        "/console/entities",
        "/console/entities?kind=team",
        "/console/entities?prefix=10",
        "/console/entities?timezone=America%2FChicago&exceptions=true",
    ],
    "/console/entities/{kind}/{key:path}": lambda made: [
        "/console/entities/store/1050565545391667097",
        "/console/entities/store/a/b%3Fc",
        "/console/entities/store/many%20rules",
    ],
    "/console/outages/{key:path}": lambda made: [
        "/console/outages/1050565545391667097",
        "/console/outages/a/b%3Fc",
        "/console/outages/nobody",
    ],
    "/console/calendars": lambda made: ["/console/calendars"],
    "/console/calendars/{name:path}": lambda made: ["/console/calendars/public%3ADE-BY"],
    "/console/calendar-of-country": lambda made: [
        "/console/calendar-of-country",
        "/console/calendar-of-country?country=DE&subdivision=BY&years=2026&show=1",
    ],
    "/console/calendar-of-file": lambda made: ["/console/calendar-of-file"],
    "/console/help": lambda made: ["/console/help"],
    "/console/schedules": lambda made: ["/console/schedules", "/console/schedules?state=failed"],
    "/console/schedules/new": lambda made: [
        "/console/schedules/new",
        "/console/schedules/new?kind=pull_requests&params=%7B%22charts%22%3Afalse%7D",
    ],
    "/console/schedules/{name}": lambda made: [
        f"/console/schedules/{name}" for name in ("weekly", "paused", "sync-nowhere")
    ],
    "/console/schedules/{name}/edit": lambda made: [
        "/console/schedules/weekly/edit",
        "/console/schedules/sync-nowhere/edit",
    ],
    "/console/rules": lambda made: ["/console/rules"],
    "/console/rules/new": lambda made: [
        "/console/rules/new?kind=store_down",
        "/console/rules/new",
        *(f"/console/rules/new?kind={kind}" for kind in RULE_KINDS),
    ],
    "/console/rules/{name}": lambda made: ["/console/rules/stores-down", "/console/rules/after-polls"],
    "/console/rules/{name}/edit": lambda made: ["/console/rules/stores-down/edit", "/console/rules/after-polls/edit"],
    "/console/webhooks": lambda made: ["/console/webhooks"],
    "/console/webhooks/new": lambda made: ["/console/webhooks/new"],
    "/console/webhooks/{name}": lambda made: [
        "/console/webhooks/ops-channel",
        "/console/webhooks/ops-channel?status=delivered",
        "/console/webhooks/chat",
    ],
    "/console/webhooks/{name}/edit": lambda made: ["/console/webhooks/ops-channel/edit", "/console/webhooks/chat/edit"],
    "/console/deliveries": lambda made: [
        "/console/deliveries",
        "/console/deliveries?status=waiting&webhook=ops-channel",
        f"/console/deliveries?subject={made['report']}",
    ],
    "/console/deliveries/{delivery_id}": lambda made: [f"/console/deliveries/{made['delivery']}"],
    "/console/deliveries/{delivery_id}/progress": lambda made: [],
    "/console/sources": lambda made: ["/console/sources"],
    "/console/sources/new/{kind}": lambda made: ["/console/sources/new/github", "/console/sources/new/pypistats"],
    "/console/sources/{name}": lambda made: ["/console/sources/nowhere"],
    "/console/sources/{name}/progress": lambda made: [],
    "/console/sources/{name}/repositories": lambda made: ["/console/sources/nowhere/repositories"],
    "/console/sources/{name}/edit": lambda made: ["/console/sources/nowhere/edit"],
    "/console/activity": lambda made: [
        "/console/activity",
        "/console/activity?kind=repository&prefix=openhours/",
        "/console/activity?prefix=zzz",
    ],
    "/console/activity/gaps": lambda made: ["/console/activity/gaps", "/console/activity/gaps?source=files"],
    "/console/activity/hours": lambda made: ["/console/activity/hours", "/console/activity/hours?months=3"],
    "/console/activity/{kind}/{key:path}": lambda made: [
        "/console/activity/project/openhours",
        "/console/activity/project/openhours?months=4&as_of=2023-01-25T00:00:00Z",
        "/console/activity/repo/openhours/api?by=committed_at",
    ],
    "/console/engineering": lambda made: [
        "/console/engineering",
        f"/console/engineering?report={made['figures']}&group=Payments",
    ],
    "/console/engineering/{metric}": lambda made: [
        "/console/engineering/pickup_time",
        "/console/engineering/merged_without_review?group=Payments&rows=more",
        "/console/engineering/ci_success",
    ],
    "/console/metrics": lambda made: ["/console/metrics"],
    "/console/metrics/{name}": lambda made: [
        "/console/metrics/merged",
        "/console/metrics/merged?version=1",
        "/console/metrics/ci_success",
    ],
    "/console/new-metric": lambda made: ["/console/new-metric", "/console/new-metric?from=ci_success"],
    "/console/rollups": lambda made: ["/console/rollups"],
    "/console/reports": lambda made: [
        "/console/reports",
        "/console/reports?status=failed",
        "/console/reports?status=failed&kind=uptime",
    ],
    "/console/users": lambda made: ["/console/users", "/console/users?limit=1"],
    "/console/users/new": lambda made: ["/console/users/new", "/console/users/new?kind=service"],
    "/console/users/{user_id}": lambda made: [f"/console/users/{made['user']}"],
    "/console/keys": lambda made: [
        "/console/keys",
        "/console/keys?user_id=all",
        f"/console/keys?user_id={made['user']}",
    ],
    "/console/keys/new": lambda made: ["/console/keys/new", f"/console/keys/new?user_id={made['user']}"],
    "/console/keys/{key_id}": lambda made: [f"/console/keys/{made['key']}"],
    "/console/account": lambda made: ["/console/account"],
    "/console/account/second-factor": lambda made: ["/console/account/second-factor"],
    "/console/sessions": lambda made: ["/console/sessions"],
    "/console/audit": lambda made: [
        "/console/audit",
        "/console/audit?action=key.make&from=2026-01-01T00:00:00Z&limit=5",
    ],
    "/console/reports/new": lambda made: [
        "/console/reports/new",
        *(f"/console/reports/new?kind={kind}" for kind in REPORT_KINDS),
        "/console/reports/new?kind=uptime&params=%7B%22stores%22%3A%5B%22a%22%2C%22b%22%5D%2C%22charts%22%3Atrue%7D",
    ],
    "/console/reports/{report_id}": lambda made: [
        f"/console/reports/{made['report']}",
        f"/console/reports/{made['report']}?sort=uptime_last_week&desc=1",
        f"/console/reports/{made['unknown']}",
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
