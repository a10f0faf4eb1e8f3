"""Rule kind ``target_missed``: a report of a schedule is below its target."""

import math
from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection

from app.automation.rule_kind import RuleContext, RuleKind, Sighting, Sightings, Told, Tools
from app.jobs.kind import Params
from app.reports.kind import Measured
from app.schedules import records
from app.wording.wrong_values import WrongValue, invalid_parameters


class TargetMissed(Params):
    """Options."""

    schedule: Annotated[
        str | None,
        Field(description="Name of the schedule. Default: any.", examples=["monthly-uptime"], max_length=100),
    ] = None
    target_percent: Annotated[
        float | None,
        Field(
            gt=0,
            le=100,
            description="The target, percent. Default: `target_percent` of the report.",
            json_schema_extra={"unit": "percent"},
        ),
    ] = None


def check(connection: Connection, tools: Tools, options: TargetMissed) -> None:
    """Raises UnknownSchedule; InvalidParameters: what the schedule begins has no figure that a target is for."""
    if options.schedule is None:
        return
    one = records.required(connection, options.schedule)
    if one.does == "report" and tools.reports.kind(one.kind).measured is not None:
        if options.target_percent is None and one.params.get("target_percent") is None:
            reason = "is missing, and the schedule's report has no target_percent of its own"
            raise invalid_parameters(
                [WrongValue(parameter="target_percent", received=None, reason=reason, is_shown=False)]
            )
        return
    able = [kind.name for kind in tools.reports.kinds() if kind.measured is not None]
    reason = f"begins a {one.does} of kind {one.kind}, which has no figure with a target"
    allowed = f"a schedule of a report of kind {', '.join(able)}"
    raise invalid_parameters(
        [WrongValue(parameter="schedule", received=options.schedule, reason=reason, allowed=allowed)]
    )


def look(connection: Connection, _: Tools, options: TargetMissed) -> Sightings:
    """Which schedules are still there: how their reports are is told by the reports. Raises UnknownSchedule."""
    if options.schedule is not None:
        records.required(connection, options.schedule)
    there = frozenset(one.id for one in records.listed(connection, state=None))
    return Sightings({}, there, right=frozenset())


def complete(context: RuleContext, options: TargetMissed, told: Told) -> None:
    """A report is complete: below its target or not, where that is known."""
    what, _, schedule_id = (told.begun_by or "").partition(" ")
    if what != "schedule":
        return
    name = str(told.data.get("schedule") or schedule_id)
    if options.schedule not in (None, name, schedule_id):
        return
    measured = context.tools.reports.measured(told.subject)
    if measured is None or measured.percent is None:
        return  # nothing was observed: neither wrong nor right
    target = measured.target if options.target_percent is None else options.target_percent
    if target is None:
        return  # nobody has said what is right
    if measured.percent >= target:
        context.recover(schedule_id)
    else:
        context.raise_alert(schedule_id, _sighting(name, told, measured, measured.percent, target))


def _sighting(name: str, told: Told, measured: Measured, found: float, target: float) -> Sighting:
    # Rounded down: what is below a target is not to look as if it had reached it.
    percent = f"{math.floor(found * 10_000) / 10_000:.4f} %"
    return Sighting(
        title=f"{measured.what} is {percent}, below the target of {target:g} %.",
        recovered=f"The report of {name} has reached its target again.",
        facts=[("Schedule", name), (measured.what, percent), ("Target", f"{target:g} %"), *measured.facts],
        page=f"/console/reports/{told.subject}",
        data={"report_id": told.subject, "schedule": name, "percent": found, "target_percent": target},
    )


KIND = RuleKind(
    name="target_missed",
    summary="a report of a schedule is below its target",
    options=TargetMissed,
    check=check,
    listens={"report.complete": complete},
    look=look,
    example={"target_percent": 99.5},
)
