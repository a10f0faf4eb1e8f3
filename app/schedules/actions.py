"""What a schedule can begin: a registry, one entry for each word of ``does``."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import Connection

from app.access.scopes import Scope
from app.deliveries.notify import NOBODY, Notify
from app.reports.service import ReportService
from app.schedules.records import Does
from app.schedules.timing import AsOf, Timing
from app.sources import register
from app.sources.service import SourceService
from app.timeline.period_words import RELATIVE, fixed
from app.wording.wrong_values import WrongValue, invalid_parameters

#: Names of parameters that the instant of a run decides.
_AS_OF: Final = "as_of"
_PERIOD: Final = "period"


@dataclass(frozen=True, slots=True)
class Run:
    """What is to begin, for one instant.

    Attributes:
        kind, params: of the schedule.
        timing, as_of: of the schedule, which make the instant that a report speaks for.
        due: the instant.
        key: the same for the same instant of the same schedule; None: it begins whatever began before.
        notify: who is told when it ends.
        begun_by: the schedule, as a job knows it.
    """

    kind: str
    params: Mapping[str, Any]
    timing: Timing
    as_of: AsOf
    due: datetime
    key: str | None = None
    notify: Notify = NOBODY
    begun_by: str | None = None


class Action(Protocol):
    """One word of ``does``; ``scope`` is what somebody must have for whom it is done."""

    @property
    def scope(self) -> Scope: ...

    def check(self, connection: Connection, run: Run) -> None:
        """Refuse what begin() would refuse. Raises BadInput, NotFound."""

    def begin(self, connection: Connection, run: Run) -> str:
        """Record the job, in the caller's transaction; returns its id.

        Raises:
            BadInput, NotFound: it never can.
            SourcePaused: it is not to begin.
            TooManyReports, Unavailable: it cannot now.
        """

    def begun(self, job_id: str, kind: str) -> None:
        """Wake a worker; to be called after the commit."""


class Reports:
    """Begins reports of every kind."""

    scope: Final = Scope.REPORTS_RUN

    def __init__(self, service: ReportService) -> None:
        self._service = service

    def check(self, connection: Connection, run: Run) -> None:
        """Raises UnknownReportKind, InvalidParameters, NoPolls."""
        self._require_free(run)
        self._service.check(connection, run.kind, self._params(run), notify=run.notify)

    def begin(self, connection: Connection, run: Run) -> str:
        """Raises as ReportService.accept."""
        params = self._params(run)
        while True:
            report_id = self._service.accept(
                connection, run.kind, params, idempotency_key=run.key, begun_by=run.begun_by, notify=run.notify
            )
            if report_id is not None:
                return report_id

    def begun(self, job_id: str, kind: str) -> None:
        self._service.dispatch(job_id, kind)

    def _require_free(self, run: Run) -> None:
        """Refuse an instant in the parameters, which would be the same for every run."""
        if _AS_OF in run.params and _AS_OF in self._service.kind(run.kind).params.model_fields:
            reason = "cannot be a parameter of a schedule, because each of its reports has another instant"
            allowed = "as_of of the schedule itself"
            wrong = WrongValue(parameter=_AS_OF, received=run.params[_AS_OF], reason=reason, allowed=allowed)
            raise invalid_parameters([wrong], subject=run.kind)

    def _params(self, run: Run) -> dict[str, Any]:
        """The parameters of the report: its instant, and words that depend on the day as the day makes them."""
        params, fields = dict(run.params), self._service.kind(run.kind).params.model_fields
        as_of = run.timing.as_of(run.due, run.as_of)
        if _AS_OF in fields:
            params[_AS_OF] = as_of.isoformat()
        if _PERIOD in fields and isinstance(params.get(_PERIOD), str) and params[_PERIOD] in RELATIVE:
            params[_PERIOD] = fixed(params[_PERIOD], run.timing.local_date(as_of))
        return params


class Syncs:
    """Begins syncs of sources."""

    scope: Final = Scope.SOURCES_WRITE

    def __init__(self, service: SourceService) -> None:
        self._service = service

    def check(self, connection: Connection, run: Run) -> None:
        """Raises UnknownSource; InvalidParameters, because a sync has no parameters."""
        register.named(connection, run.kind)
        if not run.notify.is_nobody:
            reason = "is for reports; for syncs, use a webhook for sync.failed or a rule of kind source_lag"
            wrong = WrongValue(parameter="notify", received=list(run.notify.to), reason=reason)
            raise invalid_parameters([wrong], subject=run.kind)
        if run.params:
            reason, allowed = "are for reports; the source itself defines what to read", "{}"
            wrong = WrongValue(parameter="params", received=run.params, reason=reason, allowed=allowed)
            raise invalid_parameters([wrong], subject=run.kind)

    def begin(self, connection: Connection, run: Run) -> str:
        """A sync that waits already is the one; raises UnknownSource, SourcePaused."""
        return self._service.begin_sync(connection, run.kind)

    def begun(self, job_id: str, _: str) -> None:
        self._service.dispatch(job_id)


def every_action(reports: ReportService, sources: SourceService) -> dict[Does, Action]:
    """What can begin, by the word for it."""
    return {"report": Reports(reports), "sync": Syncs(sources)}
