"""Rules whose polls, source or schedule are gone: nobody says that what was wrong is right."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, update

from app.automation.tables import episode
from app.schedules.actions import every_action
from app.schedules.forms import When
from app.schedules.service import ScheduleService, ScheduleSpec
from app.sources.service import GivenToken, SourceService
from app.sources.tables import source
from tests.automation.watched import add, look, payloads, poll, told
from tests.deliveries.scene import Scene


def test_a_store_whose_polls_are_gone_has_not_recovered(scene: Scene, load_text: Any) -> None:
    add(scene, "store_down", minutes=10)
    load_text("polls", poll("inactive", 60))
    look(scene)
    with scene.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM poll")
    look(scene)
    assert told(scene) == [("alert.raised", "17")]
    load_text("polls", poll("active", 0.01))
    look(scene)
    assert told(scene)[1:] == [("alert.recovered", "17")]


def lagging(scene: Scene, rule_source: str | None) -> SourceService:
    """A source ``hub`` that lags, which a rule has told."""
    sources = SourceService(scene.resources)
    params = {"repositories": ["a/b"], "address": "http://127.0.0.1:9"}
    sources.add("hub", "github", params, GivenToken(), checked=False)
    with scene.engine.begin() as connection:
        connection.execute(update(source).values(created_at=datetime.now(UTC) - timedelta(hours=3)))
    add(scene, "source_lag", source=rule_source, hours=2)
    look(scene)
    assert told(scene) == [("alert.raised", "hub")]
    return sources


def test_a_source_that_is_paused_has_not_recovered(scene: Scene) -> None:
    sources = lagging(scene, None)
    sources.pause("hub")
    look(scene)
    assert told(scene) == [("alert.raised", "hub")]
    sources.resume("hub")
    with scene.engine.begin() as connection:
        connection.execute(update(source).values(created_at=datetime.now(UTC)))
    look(scene)
    assert told(scene)[1:] == [("alert.recovered", "hub")]


def test_of_a_source_that_is_removed_nobody_says_that_it_is_right(scene: Scene) -> None:
    lagging(scene, None).remove("hub")
    look(scene)
    look(scene)
    assert told(scene)[1:] == [("alert.recovered", "hub")]
    (payload,) = payloads(scene, "alert.recovered")
    assert payload["data"]["title"] == "The rule watch watches hub no longer: it was removed."
    assert payload["data"]["is_gone"]
    assert scene.rules.get("watch")[0].wrong == 0


def test_a_rule_whose_source_or_schedule_is_removed_is_paused_and_says_so(scene: Scene) -> None:
    sources = lagging(scene, "hub")
    sources.remove("hub")
    schedules = ScheduleService(scene.engine, every_action(scene.reports, sources))
    params = {"period": "last_week", "target_percent": 99}
    schedules.add(
        ScheduleSpec(name="daily", does="report", kind="uptime", params=params, when=When(every="day", at="06:00"))
    )
    add(scene, "target_missed", name="low", schedule="daily")
    schedules.remove("daily")
    look(scene)
    reasons = {one.name: str(one.paused_reason) for one in scene.rules.listed() if not one.enabled}
    assert reasons.keys() == {"watch", "low"}
    assert reasons["watch"].startswith("There is no source 'hub'")
    assert reasons["low"] == "There is no schedule 'daily'."
    assert [one["data"]["rule"] for one in payloads(scene, "rule.paused")] == ["watch", "low"]


def test_of_a_schedule_that_is_removed_nobody_says_that_its_report_is_right(scene: Scene) -> None:
    add(scene, "target_missed", target_percent=99)
    watch = scene.rules.get("watch")[0]
    with scene.engine.begin() as connection:
        connection.execute(insert(episode).values(rule_id=watch.id, subject="0" * 32, told="It has reached it again."))
    look(scene)
    assert told(scene) == [("alert.recovered", "0" * 32)]
    assert "removed" in payloads(scene, "alert.recovered")[0]["data"]["title"]
