"""Whatever changes something is recorded: every route and every command, also those that are yet to come."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.main import get_command

from app.access.server_secret import server_secret
from app.cli import app as cli
from app.deliveries import unsubscribing
from app.deliveries.announcing import announce
from app.deliveries.tables import delivery
from app.ids import new_id
from app.routers.dependencies import services_of
from app.routers.needs import need_of
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.access.audit_rows import last_id, rows_of
from tests.commands import REPOSITORY, CommandLine, point_at, wait_until
from tests.conftest import api, fresh_resources, load_file

#: Methods of requests that change nothing by their meaning.
SAFE = {"get", "head", "options"}

#: Requests of other methods that only ask.
ASKING = {("post", "/get_report"), ("post", "/datasets/inspect")}

#: A request that has to be signed: tests/sources/test_events.py looks at its row.
SIGNED = {("post", "/sources/github/events")}

#: Operations whose rows are looked at in tests/access: those of users, keys and sessions themselves.
OF_ACCESS = re.compile(r"/(users|keys|sessions|me|setup|login|logout|reset|invite|api|oidc|second-factor)\b")

#: What whoever has the link may do.
OF_ANYBODY = {"/unsubscribe"}

TUS = {"Tus-Resumable": "1.0.0"}
HOURS = b"store_id,day,start_time_local,end_time_local\n7,0,09:00:00,17:00:00\n"
ICS = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n"
    b"DTSTART;VALUE=DATE:20261224\r\nSUMMARY:Eve\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@dataclass(frozen=True)
class Change:
    """How to make a request that changes something, and what is recorded of it.

    ``before`` makes what it needs, and returns what the address is completed with, or what is ``given_as`` a parameter.
    ``more`` is recorded beside it.
    """

    action: str
    body: Any = None
    content: bytes | None = None
    headers: dict[str, str] | None = None
    params: dict[str, str] | None = None
    before: Callable[[TestClient], str] = lambda _: ""
    given_as: str | None = None
    more: frozenset[str] = frozenset()


def begun_upload(client: TestClient) -> str:
    kind = base64.b64encode(b"hours").decode()
    headers = TUS | {"Upload-Length": str(len(HOURS)), "Upload-Metadata": f"kind {kind}"}
    answer = client.post("/uploads", headers=headers)
    assert answer.status_code == 201
    return answer.headers["Location"].rpartition("/")[2]


def loaded_dataset(client: TestClient) -> str:
    answer = client.post("/datasets?kind=hours&force=true", content=HOURS, headers={"Content-Type": "text/csv"})
    dataset_id: str = answer.json()["dataset_id"]
    wait_until(lambda: client.get(f"/datasets/{dataset_id}").json()["status"] == "ready")
    return dataset_id


def triggered_report(client: TestClient) -> str:
    report_id: str = client.post("/trigger_report", json={"report": "pull_requests"}).json()["report_id"]
    wait_until(lambda: client.get(f"/get_report?report_id={report_id}").json()["status"] != "Running")
    return report_id


def stored_mapping(client: TestClient) -> str:
    put = client.put("/mappings/mine", json=mapping())
    assert put.status_code == 200, put.text
    return "mine"


def stored_metric(client: TestClient) -> str:
    put = client.put("/metrics-definitions/mine", json=definition())
    assert put.status_code == 200, put.text
    return "mine"


def stored_calendar(client: TestClient) -> str:
    assert client.put("/calendars/mine", json={"days": []}).status_code == 200
    return "mine"


def webhook(name: str) -> Any:
    """One that leads to this machine, where nobody listens, and that is told of nothing unasked."""
    return {"name": name, "url": "http://127.0.0.1:1/in"}


def stored_webhook(client: TestClient) -> str:
    client.delete("/webhooks/mine")
    assert client.post("/webhooks", json=webhook("mine")).status_code == 201
    return "mine"


def disabled_webhook(client: TestClient) -> str:
    assert client.post(f"/webhooks/{stored_webhook(client)}/disable").status_code == 200
    return "mine"


def stored_delivery(client: TestClient) -> str:
    made: str = client.post(f"/webhooks/{stored_webhook(client)}/test").json()["delivery_id"]
    return made


def token_of_mail(client: TestClient) -> str:
    """As a mail has it that was sent."""
    services = services_of(client.app)  # type: ignore[arg-type] # the one that create_app() made
    delivery_id = new_id(datetime.now(UTC))
    with services.deliveries._engine.begin() as connection:
        event_id = announce(connection, "webhook.test", delivery_id, title="A mail.")
        row = {"id": delivery_id, "event_id": event_id, "channel": "mail", "address": "ada@example.com"}
        connection.execute(delivery.insert().values(**row, status="delivered"))
    token = unsubscribing.token(server_secret(services.settings), delivery_id)
    assert token is not None
    return token


def unsubscribed_address(client: TestClient) -> str:
    answer = client.post("/unsubscribe", params={"token": token_of_mail(client)})
    address: str = answer.json()["address"]
    return address


def rule(name: str) -> Any:
    return {"name": name, "kind": "report_on_dataset", "options": {"dataset_kind": "polls", "report": "pull_requests"}}


def stored_rule(client: TestClient) -> str:
    client.delete("/rules/mine")
    made = client.post("/rules", json=rule("mine"))
    assert made.status_code == 201, made.text
    return "mine"


def paused_rule(client: TestClient) -> str:
    assert client.post(f"/rules/{stored_rule(client)}/pause").status_code == 200
    return "mine"


def stored_schedule(client: TestClient) -> str:
    client.delete("/schedules/mine")
    assert client.post("/schedules", json=schedule("mine")).status_code == 201
    return "mine"


def paused_schedule(client: TestClient) -> str:
    name = stored_schedule(client)
    assert client.post(f"/schedules/{name}/pause").status_code == 200
    return name


def schedule(name: str) -> Any:
    """A schedule that is not due while these tests run."""
    return {"name": name, "kind": "pull_requests", "every": "month", "at": "03:00", "on": "28", "catch_up": "none"}


def mapping() -> Any:
    """A mapping that is shipped."""
    return json.loads((REPOSITORY / "app/mapping/shipped/uptime-kuma.json").read_text())


def definition() -> Any:
    """A definition of a metric."""
    return {"pillar": "team", "title": "Mine", "from": "commits", "when": "committed_at", "value": {"count": "*"}}


def added_source(client: TestClient) -> str:
    client.delete("/sources/mine")
    assert client.post("/sources?check=false", json=source("mine")).status_code == 201
    return "mine"


def paused_source(client: TestClient) -> str:
    assert client.post(f"/sources/{added_source(client)}/pause").status_code == 200
    return "mine"


def source(name: str) -> Any:
    """One at an address of this machine where nobody listens."""
    return {"name": name, "repositories": ["acme/*"], "address": "http://127.0.0.1:1", "token": "t" * 40}


STORE = "/entities/{kind}/{key}"
CHANGES = {
    ("post", "/trigger_report"): Change("report.trigger", body={"report": "pull_requests"}),
    ("get", "/trigger_report"): Change("report.trigger"),
    ("delete", "/reports/{report_id}"): Change("report.remove", before=triggered_report),
    ("post", "/datasets"): Change(
        "dataset.accept", content=HOURS, headers={"Content-Type": "text/csv"}, params={"kind": "hours", "force": "true"}
    ),
    ("post", "/datasets/{dataset_id}/reload"): Change("dataset.reload", before=loaded_dataset),
    ("delete", "/datasets/{dataset_id}"): Change("dataset.remove", before=loaded_dataset),
    ("post", "/uploads"): Change(
        "upload.begin",
        headers=TUS | {"Upload-Length": "3", "Upload-Metadata": f"kind {base64.b64encode(b'hours').decode()}"},
    ),
    ("patch", "/uploads/{upload_id}"): Change(
        "dataset.accept",
        content=HOURS,
        headers=TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
        before=begun_upload,
    ),
    ("delete", "/uploads/{upload_id}"): Change("upload.remove", headers=TUS, before=begun_upload),
    ("patch", "/entities"): Change("timezone.set", body={"keys": ["7"], "timezone": "Europe/Paris"}),
    ("put", f"{STORE}/hours"): Change("hours.set", body={"hours": []}),
    ("put", f"{STORE}/timezone"): Change("timezone.set", body={"timezone": "Europe/Berlin"}),
    ("put", f"{STORE}/exceptions"): Change("exceptions.set", body={"exceptions": []}),
    ("put", f"{STORE}/calendars"): Change("calendars.set", body={"calendars": []}),
    ("put", STORE): Change("details.set", body={"name": "Seven"}),
    ("put", "/calendars/{name}"): Change("calendar.set", body={"days": []}),
    ("post", "/calendars/{name}/import"): Change(
        "calendar.set", content=ICS, headers={"Content-Type": "text/calendar"}
    ),
    ("delete", "/calendars/{name}"): Change("calendar.remove", before=stored_calendar),
    ("put", "/mappings/{name}"): Change("mapping.set", body=mapping()),
    ("delete", "/mappings/{name}"): Change("mapping.remove", before=stored_mapping),
    ("put", "/metrics-definitions/{name}"): Change("metric.set", body=definition()),
    ("delete", "/metrics-definitions/{name}"): Change("metric.remove", before=stored_metric),
    ("post", "/sources"): Change(
        "source.add", body=source("new"), params={"check": "false"}, more=frozenset({"schedule.add"})
    ),
    ("put", "/sources/{name}"): Change(
        "source.set",
        body={"repositories": ["acme/*"], "address": "http://127.0.0.1:1"},
        params={"check": "false"},
        before=added_source,
    ),
    ("delete", "/sources/{name}"): Change("source.remove", before=added_source, more=frozenset({"schedule.remove"})),
    ("post", "/sources/{name}/reset"): Change("source.reset", before=added_source),
    ("post", "/sources/{name}/reprocess"): Change("source.reprocess", before=added_source),
    ("post", "/sources/{name}/pause"): Change("source.pause", before=added_source),
    ("post", "/sources/{name}/resume"): Change("source.resume", before=paused_source),
    ("post", "/sources/{name}/sync"): Change("source.sync", before=added_source),
    ("post", "/schedules"): Change("schedule.add", body=schedule("new")),
    ("put", "/schedules/{name}"): Change("schedule.set", body=schedule("mine"), before=stored_schedule),
    ("delete", "/schedules/{name}"): Change("schedule.remove", before=stored_schedule),
    ("post", "/schedules/{name}/pause"): Change("schedule.pause", before=stored_schedule),
    ("post", "/schedules/{name}/resume"): Change("schedule.resume", before=paused_schedule),
    ("post", "/schedules/{name}/run"): Change(
        "schedule.run", before=stored_schedule, more=frozenset({"report.trigger"})
    ),
    ("post", "/webhooks"): Change("webhook.add", body=webhook("new")),
    ("put", "/webhooks/{name}"): Change("webhook.set", body=webhook("mine"), before=stored_webhook),
    ("delete", "/webhooks/{name}"): Change("webhook.remove", before=stored_webhook),
    ("post", "/webhooks/{name}/enable"): Change("webhook.enable", before=disabled_webhook),
    ("post", "/webhooks/{name}/disable"): Change("webhook.disable", before=stored_webhook),
    ("post", "/webhooks/{name}/rotate"): Change("webhook.rotate", before=stored_webhook),
    ("post", "/webhooks/{name}/test"): Change("webhook.test", before=stored_webhook),
    ("post", "/webhooks/{name}/send_failed"): Change(
        "delivery.send", body={"since": "2026-01-01T00:00:00Z"}, before=stored_webhook
    ),
    ("post", "/deliveries/{delivery_id}/send"): Change("delivery.send", before=stored_delivery),
    ("post", "/unsubscribe"): Change("mail.unsubscribe", before=token_of_mail, given_as="token"),
    ("delete", "/unsubscribed/{address}"): Change("mail.allow", before=unsubscribed_address),
    ("post", "/rules"): Change("rule.add", body=rule("new")),
    ("put", "/rules/{name}"): Change("rule.set", body=rule("mine"), before=stored_rule),
    ("delete", "/rules/{name}"): Change("rule.remove", before=stored_rule),
    ("post", "/rules/{name}/pause"): Change("rule.pause", before=stored_rule),
    ("post", "/rules/{name}/resume"): Change("rule.resume", before=paused_rule),
}

#: What jobs of the service add meanwhile.
BY_JOBS = {"dataset.load", "dataset.unload"}


@pytest.fixture(scope="module")
def world(
    servers: Addresses, session_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Resources]:
    with fresh_resources(servers, session_settings) as fresh:
        path = tmp_path_factory.mktemp("world") / "polls.csv"
        path.write_text("store_id,status,timestamp_utc\n7,active,2023-01-22 12:09:39 UTC\n")
        load_file(fresh, "polls", path)
        yield replace(fresh, settings=fresh.settings.model_copy(update={"webhook_allow": "127.0.0.0/8"}))


@pytest.fixture(scope="module")
def client(world: Resources) -> Iterator[TestClient]:
    with api(world, slots=1) as client:
        yield client


def test_polls_of_a_report_that_runs_write_nothing(client: TestClient, world: Resources) -> None:
    """It is the first, because what follows adds sources where nobody listens, whose syncs hold the slot for long."""
    report_id = client.post("/trigger_report", json={"report": "pull_requests"}).json()["report_id"]
    answers = []
    while not answers or answers[-1] == "Running":
        before = last_id(world.engine)
        answers.append(client.get("/get_report", params={"report_id": report_id}).json()["status"])
        if answers[-1] == "Running":
            assert [row.action for row in rows_of(world.engine, after=before) if row.action not in BY_JOBS] == []


def test_every_operation_that_changes_something_has_its_test_below(client: TestClient) -> None:
    changing = set()
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        changing |= {(method, path) for method in operations if method not in SAFE}
    declared = [route for route in routes_of(client.app) if (need := need_of(route.endpoint)) and need.changes]
    changing |= {(method.lower(), route.path) for route in declared for method in route.methods}
    changing = {one for one in changing if not OF_ACCESS.match(one[1])}
    assert {(method, path.replace(":path", "")) for method, path in changing} == CHANGES.keys() | ASKING | SIGNED


def routes_of(app: Any) -> Iterator[Any]:
    for route in app.routes:
        if hasattr(route, "endpoint"):
            yield route
        else:
            yield from routes_of(getattr(route, "original_router", route))


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_an_operation_that_changes_something_is_recorded(
    client: TestClient, world: Resources, method: str, path: str
) -> None:
    change = CHANGES[method, path]
    given = change.before(client)
    address = path.replace("{kind}", "store").replace("{key}", "7").replace("{name}", given or "new")
    address = re.sub(r"\{\w+\}", given, address)
    before = last_id(world.engine)
    more = {"content": change.content} if change.body is None else {"json": change.body}
    params = change.params if change.given_as is None else {change.given_as: given}
    answer = client.request(method.upper(), address, headers=change.headers, params=params, **more)
    assert answer.is_success, answer.text
    rows = [row for row in rows_of(world.engine, after=before) if row.action not in BY_JOBS]
    actions = {row.action for row in rows}
    assert change.action in actions
    assert actions <= {change.action, "upload.begin", *change.more}
    who = "anonymous" if path in OF_ANYBODY else "local"
    assert {(row.via, row.actor_name, row.ip, row.outcome) for row in rows} == {(who, who, "127.0.0.1", "done")}
    assert {row.request_id for row in rows} == {answer.headers["x-request-id"]}


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("post", "/datasets/inspect", {"content": HOURS}),
        ("get", "/reports", {}),
        ("get", "/datasets", {}),
        ("get", "/audit", {}),
        ("put", "/mappings/same", {"json": mapping()}),
        ("put", "/metrics-definitions/same", {"json": definition()}),
        ("put", "/metrics-definitions/tried?dry_run=true", {"json": definition()}),
        ("delete", "/metrics-definitions/ci_success", {}),
        ("put", "/entities/store/nobody/hours", {"json": {"hours": []}}),
        ("put", "/entities/store/7/hours", {"json": {"hours": [{"day": 9}]}}),
        ("delete", "/calendars/nobody", {}),
        ("post", "/schedules", {"json": schedule("wrong") | {"kind": "nothing"}}),
        ("post", "/schedules/nobody/run", {}),
        ("post", "/trigger_report", {"json": {"report": "nothing"}}),
    ],
)
def test_what_changes_nothing_writes_nothing(
    client: TestClient, world: Resources, method: str, path: str, more: dict[str, Any]
) -> None:
    if path == "/mappings/same":
        client.put(path, json=mapping())
    if path == "/metrics-definitions/same":
        client.put(path, json=definition())
    before = last_id(world.engine)
    client.request(method.upper(), path, **more)
    assert [row.action for row in rows_of(world.engine, after=before) if row.action not in BY_JOBS] == []


#: Commands that change nothing themselves: they only ask, write files, or leave it to a server, whose routes are above.
OTHER_COMMANDS = {
    *("demo", "serve", "worker", "migrate", "env", "doctor", "demo-data", "dask-scheduler", "dask-worker"),
    *("upload", "datasets", "entities", "reports", "status", "download", "cancel", "explain"),
    *("report uptime", "report pull_requests", "report rollup", "report activity", "report engineering"),
    *(f"schedules {one}" for one in ("add", "set", "list", "show", "pause", "resume", "run", "remove")),
    *(
        f"sources {name}"
        for name in ("add", "set", "list", "show", "sync", "pause", "resume", "gaps", "remove", "events")
    ),
    *(f"webhooks {one}" for one in ("list", "events", "show", "add", "set", "remove", "enable", "disable", "rotate")),
    *("webhooks test", "webhooks send-failed", "deliveries list", "deliveries show", "deliveries send"),
    *(f"rules {one}" for one in ("list", "kinds", "show", "add", "set", "pause", "resume", "remove")),
    *("mail unsubscribed", "mail allow", "mail test"),
    *("sources repositories", "sources reset", "sources reprocess"),
    *("activity hours", "activity backfill", "activity show", "activity gaps"),
    *("metrics list", "metrics show", "metrics facts"),
    *("mappings list", "mappings show", "calendar list", "calendar show", "calendar from-country", "calendar import"),
}

#: Commands that change something, with what is recorded of it. FILE, JSON and DEFINITION stand for files.
CHANGING_COMMANDS = {
    "load": (("load", "hours", "FILE"), ["dataset.accept", "dataset.load"]),
    "inspect": (("inspect", "FILE", "--kind", "hours", "--accept"), ["dataset.accept", "dataset.load"]),
    "seal": (("seal", "--all"), ["polls.seal"]),
    "dashboards refresh": (("dashboards", "refresh"), ["dashboards.refresh"]),
    "dashboards role": (("dashboards", "role", "audited", "--existing"), ["dashboards.allow"]),
    "mappings put": (("mappings", "put", "mine", "JSON"), ["mapping.set"]),
    "mappings remove": (("mappings", "remove", "mine"), ["mapping.remove"]),
    "metrics put": (("metrics", "put", "mine", "DEFINITION"), ["metric.set"]),
    "metrics remove": (("metrics", "remove", "mine"), ["metric.remove"]),
}

#: Commands about users, keys and logins are looked at in their own tests.
COMMANDS_OF_ACCESS = {"users", "keys", "login", "logout"}


def commands_of(group: Any, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        chosen = command.chosen() if hasattr(command, "chosen") else command
        if not before and name in COMMANDS_OF_ACCESS:
            continue
        if hasattr(chosen, "commands"):
            yield from commands_of(chosen, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def test_every_command_is_known_to_change_something_or_not() -> None:
    assert set(commands_of(get_command(cli))) == OTHER_COMMANDS | CHANGING_COMMANDS.keys()


def test_what_a_command_changes_is_recorded_as_done_by_who_typed_it(
    world: Resources,
    servers: Addresses,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    point_at(monkeypatch, world, servers, tmp_path / "home")
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    run = CommandLine(monkeypatch, capsys)
    files = {"JSON": tmp_path / "mapping.json", "DEFINITION": tmp_path / "definition.json"}
    files["DEFINITION"].write_text(json.dumps(definition()))
    files["JSON"].write_bytes((REPOSITORY / "app/mapping/shipped/uptime-kuma.json").read_bytes())
    with world.engine.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE audited")
    for number, (words, actions) in enumerate(CHANGING_COMMANDS.values()):
        files["FILE"] = tmp_path / f"{number}.csv"
        files["FILE"].write_bytes(HOURS.replace(b"17:00", f"1{number}:30".encode()))
        before = last_id(world.engine)
        said = run(*(str(files.get(word, word)) for word in words))
        assert said.code == 0, said.err
        rows = rows_of(world.engine, after=before)
        assert [(row.action, row.via, row.actor_name) for row in rows] == [(one, "command", "ada") for one in actions]
    with world.engine.begin() as connection:  # roles are of the whole server
        connection.exec_driver_sql("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM audited; DROP ROLE audited")


def test_the_page_lists_every_action() -> None:
    """Those that the source names; others about users are in tests/access."""
    page = (REPOSITORY / "docs/audit.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", page.partition("\n## What is recorded\n")[2]))
    named: set[str] = set()
    for path in (REPOSITORY / "app").rglob("*.py"):
        for call in re.findall(r"audit\.record\((.*?)\)\n", path.read_text(encoding="utf-8"), re.DOTALL):
            named |= set(re.findall(r'"([a-z_]+\.[a-z_]+)"', call))
    assert named
    assert named - listed == set()
