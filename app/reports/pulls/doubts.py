"""What is probably not meant in a report on pull requests."""

from typing import Final

import numpy as np
import numpy.typing as npt

from app.flow.course import Course
from app.jobs.kind import JobContext
from app.settings import Settings
from app.wording.warnings import EXAMPLES, warning

#: Of so many pull requests one may be measured in hours, or in a zone, that nobody gave its team.
_TENTH: Final = 10

#: What stands among the teams for none.
_NO_TEAM: Final = "(no team)"


def warn_of_defaults(context: JobContext, course: Course, settings: Settings) -> None:
    """Tell if more than a tenth of the pull requests are of teams without hours or without a time zone of their own."""
    schedule = course.teams.schedule
    no_zone = schedule.zone_of == len(schedule.zones) - 1
    no_hours = np.bincount(schedule.hours.entity, minlength=len(schedule)) == 0
    if schedule.dated is not None:  # hours that hold for some time only
        no_hours[schedule.dated.entities] = False
    _warn(context, "default_team_hours", course, no_hours, hours=settings.team_hours)
    _warn(context, "default_team_zone", course, no_zone, zone=settings.default_timezone)


def _warn(context: JobContext, code: str, course: Course, lacks: npt.NDArray[np.bool_], **words: str) -> None:
    team = np.where(course.team < 0, len(course.teams.names), course.team)
    pulls = np.bincount(team[lacks[team]], minlength=len(lacks))
    if _TENTH * (count := int(pulls.sum())) > len(team):
        names = [*course.teams.names, _NO_TEAM]
        most = np.argsort(-pulls, kind="stable")[:EXAMPLES].tolist()
        examples = [names[one] for one in most if pulls[one]]
        context.warn(warning(code, count, examples, all=f"{len(team):,}", **words).as_json())
