"""The service behind the shares of commits inside the hours of teams."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from app.flow.in_hours import MonthInHours
from app.series import commits_in_hours
from app.storage.postgres import database_errors
from app.timeline.working_hours import Window


class InHoursService:
    """Reads; ``default_zone`` and ``team_windows`` are those of teams without."""

    def __init__(self, engine: Engine, *, default_zone: str, team_windows: Sequence[Window]) -> None:
        self._engine = engine
        self._default_zone = default_zone
        self._team_windows = team_windows

    def months(self, *, as_of: datetime, months: int) -> list[MonthInHours]:
        """The whole months before ``as_of``'s, by team and month; see MonthInHours."""
        with database_errors(), self._engine.connect() as connection:
            return commits_in_hours.read(
                connection,
                as_of=as_of,
                months=months,
                default_zone=self._default_zone,
                default=self._team_windows,
            )
