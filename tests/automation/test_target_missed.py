"""What is told of a report that is below its target by little."""

from types import SimpleNamespace
from typing import Any

from app.automation.kinds.target_missed import TargetMissed, complete
from app.automation.rule_kind import Sighting, Told
from app.reports.kind import Measured


def test_what_is_below_its_target_does_not_look_as_if_it_had_reached_it() -> None:
    found: list[Sighting] = []
    measured = Measured(what="The availability", percent=99.49999, target=99.5, facts=[])
    context: Any = SimpleNamespace(
        tools=SimpleNamespace(reports=SimpleNamespace(measured=lambda _: measured)),
        raise_alert=lambda _, sighting: found.append(sighting),
    )
    complete(context, TargetMissed(), Told("1", "report.complete", "2", {"schedule": "weekly"}, "schedule 3"))
    (sighting,) = found
    assert sighting.title == "The availability is 99.4999 %, below the target of 99.5 %."
    assert sighting.data["percent"] == 99.49999
