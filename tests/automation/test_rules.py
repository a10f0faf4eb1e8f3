"""Rules: what each kind watches, what it does, once per episode, and for whom."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.access.principal import Principal, acting_as
from app.access.scopes import SCOPES_OF, Role
from app.access.tables import token
from app.access.tables import user as users
from app.automation.registry import RULE_KINDS
from app.automation.service import RuleSpec
from app.automation.tables import episode, rule
from app.deliveries.notify import Notify
from app.errors import (
    InvalidParameters,
    NameTaken,
    NotAllowed,
    UnknownDatasetKind,
    UnknownReportKind,
    UnknownRule,
    UnknownSchedule,
    UnknownSource,
)
from app.jobs.tables import job
from app.schedules.actions import every_action
from app.schedules.forms import When
from app.schedules.service import ScheduleService, ScheduleSpec
from app.sources.service import GivenToken, SourceService
from app.sources.tables import source
from tests.automation.watched import OPS, add, load, look, minutes_ago, payloads, poll, serving, told
from tests.deliveries.scene import NEVER, Scene

VIEWER = Principal(name="vic", via="local", scopes=SCOPES_OF[Role.VIEWER])

GOOD = "store_id,status,timestamp_utc\n1,active,2024-01-01T10:00:00Z\n"
BAD = "store_id,status,timestamp_utc\n1,perhaps,2024-01-01T10:00:00Z\n"


def test_a_loaded_file_begins_a_report_once(scene: Scene) -> None:
    add(scene, "report_on_dataset", notify=OPS, dataset_kind="polls", report="dummy", params={"lines": 1})
    with serving(scene) as client:
        dataset = load(client, GOOD)
        for _ in range(100):
            reports = client.get("/reports", params={"kind": "dummy"}).json()["reports"]
            if reports:
                break
            client.get(f"/datasets/{dataset['dataset_id']}?wait=0.1")
            NEVER.wait(0.05)
        scene.relay.handle_waiting(NEVER)
        (report,) = client.get("/reports", params={"kind": "dummy"}).json()["reports"]
        details = client.get(f"/reports/{report['report_id']}").json()
    assert details["params"]["lines"] == 1
    assert details["begun_by"].startswith("rule ")
    with scene.engine.connect() as connection:
        (found,) = connection.execute(select(job.c.begun_by).where(job.c.kind == "dummy")).all()
    assert found.begun_by == f"rule {scene.rules.get('watch')[0].id}"


def test_the_id_of_the_file_is_put_where_it_is_named(scene: Scene) -> None:
    params = {"word": "{dataset}"}
    add(scene, "report_on_dataset", dataset_kind="polls", report="dummy", params=params)
    with serving(scene) as client:
        dataset = load(client, GOOD)
    scene.relay.handle_waiting(NEVER)
    with scene.engine.connect() as connection:
        found = connection.execute(select(job.c.params).where(job.c.kind == "dummy")).scalar_one()
    assert found["word"] == dataset["dataset_id"]


def test_the_shipped_rule_leaves_files_of_others_alone(scene: Scene) -> None:
    with serving(scene) as client:
        load(client, "team,date,review_time,merge_time\nweb,2024-01-01,10,20\n", kind="review_times")
    scene.relay.handle_waiting(NEVER)
    with scene.engine.connect() as connection:
        assert connection.scalars(select(job.c.id).where(job.c.kind == "pull_requests")).all() == []
    assert scene.rules.get("review-times-samples")[0].enabled


def test_other_files_begin_nothing(scene: Scene) -> None:
    add(scene, "report_on_dataset", dataset_kind="hours", report="dummy")
    with serving(scene) as client:
        load(client, GOOD)
        load(client, BAD)
    scene.relay.handle_waiting(NEVER)
    with scene.engine.connect() as connection:
        assert connection.scalars(select(job.c.id).where(job.c.kind == "dummy")).all() == []


def test_rejected_files_are_told_once_and_so_is_the_recovery(scene: Scene) -> None:
    add(scene, "dataset_rejected", dataset_kind="polls")
    with serving(scene) as client:
        for number in range(3):
            load(client, BAD + f"{number},what,x\n")
        load(client, "store_id,timezone_str\n1,Nowhere\n", kind="timezones")
        assert told(scene) == [("alert.raised", "polls")]
        load(client, GOOD)
        assert told(scene)[1:] == [("alert.recovered", "polls")]
        load(client, BAD)
    assert told(scene)[2:] == [("alert.raised", "polls")]


def test_a_store_that_is_down_is_told_once_and_so_is_the_recovery(scene: Scene, load_text: Any) -> None:
    add(scene, "store_down", minutes=30, max_gap_minutes=60)
    load_text("polls", poll("active", 120) + f"17,inactive,{minutes_ago(20)}\n18,active,{minutes_ago(5)}\n")
    look(scene)
    assert told(scene) == []  # down for 20 minutes
    load_text("polls", poll("inactive", 50) + f"17,inactive,{minutes_ago(1)}\n")
    look(scene)
    look(scene)
    assert told(scene) == [("alert.raised", "17")]
    assert scene.rules.get("watch")[0].wrong == 1
    load_text("polls", poll("active", 0.01))
    look(scene)
    assert told(scene)[1:] == [("alert.recovered", "17")]


def test_a_store_that_nobody_sees_any_more_has_not_recovered(scene: Scene, load_text: Any) -> None:
    add(scene, "store_down", minutes=10, max_gap_minutes=200)
    load_text("polls", poll("inactive", 120))
    look(scene)
    scene.rules.replace(
        "watch", RuleSpec(name="watch", kind="store_down", options={"minutes": 10, "max_gap_minutes": 200}, notify=OPS)
    )
    with scene.engine.begin() as connection:
        connection.execute(update(rule).values(options={"minutes": 10, "max_gap_minutes": 60, "stores": None}))
    look(scene)
    assert told(scene) == [("alert.raised", "17")]


def test_a_closed_store_is_not_down(scene: Scene, load_text: Any) -> None:
    weekday = (datetime.now(UTC) - timedelta(days=3)).weekday()
    load_text("hours", f"store_id,day,start_time_local,end_time_local\n17,{weekday},09:00:00,10:00:00\n")
    load_text("timezones", "store_id,timezone_str\n17,UTC\n")
    load_text("polls", poll("inactive", 300) + f"17,inactive,{minutes_ago(1)}\n")
    add(scene, "store_down", minutes=1)
    look(scene)
    assert told(scene) == []


def test_a_source_that_lags_is_told_once(scene: Scene) -> None:
    SourceService(scene.resources).add(
        "hub", "github", {"repositories": ["a/b"], "address": "http://127.0.0.1:9"}, GivenToken(), checked=False
    )
    add(scene, "source_lag", source="hub", hours=2)
    look(scene)
    assert told(scene) == []
    with scene.engine.begin() as connection:
        connection.execute(update(source).values(created_at=datetime.now(UTC) - timedelta(hours=3)))
    look(scene)
    look(scene)
    assert told(scene) == [("alert.raised", "hub")]
    with scene.engine.begin() as connection:
        connection.execute(update(source).values(created_at=datetime.now(UTC)))
    look(scene)
    assert told(scene)[1:] == [("alert.recovered", "hub")]


def test_a_report_below_its_target_is_told_once(scene: Scene) -> None:
    with serving(scene) as client:
        load(
            client,
            "store_id,status,timestamp_utc\n"
            + "".join(f"1,{'in' * (h < 3)}active,2024-01-01T{h:02}:30:00Z\n" for h in range(24)),
        )
        actions = every_action(scene.reports, SourceService(scene.resources))
        schedules = ScheduleService(scene.engine, actions)
        params = {"from": "2024-01-01", "to": "2024-01-02", "zone": "UTC", "charts": False, "target_percent": 99}
        schedules.add(
            ScheduleSpec(name="daily", does="report", kind="uptime", params=params, when=When(every="day", at="06:00"))
        )
        add(scene, "target_missed", schedule="daily")
        add(scene, "target_missed", name="low", target_percent=50)

        def run() -> None:
            report_id = schedules.run("daily")
            assert client.get(f"/get_report?report_id={report_id}&wait=30").json()["status"] == "Complete"

        run()
        run()
        daily = schedules.get("daily").id
        assert told(scene) == [("alert.raised", daily)]
        schedules.replace(
            "daily",
            ScheduleSpec(
                name="daily",
                does="report",
                kind="uptime",
                params={**params, "target_percent": 20},
                when=When(every="day", at="06:00"),
            ),
        )
        run()
        assert told(scene)[1:] == [("alert.recovered", daily)]
        payload = payloads(scene, "alert.raised")[0]["data"]
    assert payload["schedule"] == "daily"
    assert payload["target_percent"] == 99


def test_a_report_that_somebody_asked_for_is_not_compared(scene: Scene) -> None:
    add(scene, "target_missed", target_percent=100)
    with serving(scene) as client:
        load(client, GOOD)
        body = {"report": "uptime", "params": {"charts": False}}
        assert client.post("/trigger_report?wait=30", json=body).status_code == 200
    assert told(scene) == []


def test_what_is_refused_pauses_the_rule_and_is_told(scene: Scene) -> None:
    add(scene, "report_on_dataset", notify=OPS, dataset_kind="polls", report="dummy")
    with scene.engine.begin() as connection:
        connection.execute(
            update(rule)
            .where(rule.c.name == "watch")
            .values(options={"dataset_kind": "polls", "report": "gone", "params": {}, "founding_clients": False})
        )
    with serving(scene) as client:
        load(client, GOOD)
    scene.relay.handle_waiting(NEVER)
    found, _ = scene.rules.get("watch")
    assert not found.enabled
    assert "gone" in str(found.paused_reason)
    (payload,) = payloads(scene, "rule.paused")
    assert payload["data"]["error"]["code"] == "unknown_report_kind"


def test_a_rule_acts_for_its_owner_and_pauses_without_them(scene: Scene) -> None:
    with scene.engine.begin() as connection:
        connection.execute(users.insert().values(id="a" * 32, name="olga", kind="person", role="operator"))
    olga = Principal(name="olga", via="key", scopes=SCOPES_OF[Role.OPERATOR], user_id="a" * 32, role=Role.OPERATOR)
    with acting_as(olga):
        add(scene, "report_on_dataset", dataset_kind="polls", report="dummy")
    with scene.engine.begin() as connection:
        connection.execute(update(users).values(role="viewer"))
    with serving(scene) as client:
        load(client, GOOD)
    scene.relay.handle_waiting(NEVER)
    found, _ = scene.rules.get("watch")
    assert (found.runs_as, found.enabled) == ("olga", False)
    assert "reports:run" in str(found.paused_reason)


def test_nobody_makes_a_rule_do_what_they_may_not(scene: Scene) -> None:
    with acting_as(VIEWER), pytest.raises(NotAllowed):
        add(scene, "report_on_dataset", dataset_kind="polls", report="dummy")


POLLS = {"dataset_kind": "polls", "report": "dummy"}


@pytest.mark.parametrize(
    ("kind", "options", "error"),
    [
        ("report_on_dataset", {"dataset_kind": "pols", "report": "dummy"}, UnknownDatasetKind),
        ("report_on_dataset", {"dataset_kind": "polls", "report": "dumy"}, UnknownReportKind),
        ("report_on_dataset", {"dataset_kind": "polls", "report": "dummy", "params": {"lines": 99}}, InvalidParameters),
        (
            "report_on_dataset",
            {"dataset_kind": "polls", "report": "dummy", "params": {"a": "{dataset}"}},
            InvalidParameters,
        ),
        ("dataset_rejected", {"dataset_kind": "pols"}, UnknownDatasetKind),
        ("target_missed", {"schedule": "none"}, UnknownSchedule),
        ("source_lag", {"source": "none"}, UnknownSource),
        ("store_down", {"stores": ["none"]}, InvalidParameters),
        ("store_down", {"minutes": 0}, InvalidParameters),
        ("store_down", {"minute": 5}, InvalidParameters),
        ("stores_down", {}, InvalidParameters),
    ],
)
def test_what_could_do_nothing_is_refused(
    scene: Scene, kind: str, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        add(scene, kind, **options)
    assert [one.name for one in scene.rules.listed()] == ["review-times-samples"]


@pytest.mark.parametrize("kind", [kind.name for kind in RULE_KINDS.values() if kind.alerts])
def test_a_rule_that_tells_nobody_is_refused(scene: Scene, kind: str) -> None:
    with pytest.raises(InvalidParameters, match="only notifies"):
        add(scene, kind, notify=Notify(), **RULE_KINDS[kind].example)


def test_a_paused_rule_does_nothing_and_goes_on_when_resumed(scene: Scene, load_text: Any) -> None:
    add(scene, "store_down", minutes=10)
    scene.rules.pause("watch")
    load_text("polls", poll("inactive", 80) + f"17,inactive,{minutes_ago(1)}\n")
    look(scene)
    assert told(scene) == []
    scene.rules.resume("watch")
    look(scene)
    assert told(scene) == [("alert.raised", "17")]


def test_names_are_unique_and_found(scene: Scene) -> None:
    add(scene, "source_lag")
    with pytest.raises(NameTaken):
        add(scene, "source_lag")
    with pytest.raises(UnknownRule, match="did you mean 'watch'"):
        scene.rules.get("wach")
    scene.rules.remove("watch")
    assert [one.name for one in scene.rules.listed()] == ["review-times-samples"]


def test_episodes_go_with_their_rule(scene: Scene, load_text: Any) -> None:
    load_text("polls", poll("inactive", 80) + f"17,inactive,{minutes_ago(1)}\n")
    add(scene, "store_down", minutes=10)
    look(scene)
    scene.rules.remove("watch")
    with scene.engine.connect() as connection:
        assert connection.scalars(select(episode.c.subject)).all() == []


def test_a_key_that_ends_soon_is_told_once(scene: Scene) -> None:
    with scene.engine.begin() as connection:
        connection.execute(users.insert().values(id="a" * 32, name="olga", kind="person", role="operator"))
        for name, days in (("soon", 3), ("later", 20)):
            ends = datetime.now(UTC) + timedelta(days=days)
            values = {"id": f"{name:x<8}", "kind": "key", "user_id": "a" * 32, "sha256": name.encode(), "last4": "abcd"}
            connection.execute(token.insert().values(**values, name=name, expires_at=ends))
    scene.watching.look(NEVER)
    scene.watching.look(NEVER)
    (payload,) = payloads(scene, "key.expiring")
    assert payload["data"]["name"] == "soon"
    assert "sha256" not in payload["data"]
