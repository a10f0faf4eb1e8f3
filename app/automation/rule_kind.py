"""What a kind of rule declares, and what it may do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Connection

from app.access.scopes import Scope
from app.deliveries.announcing import Facts
from app.jobs.kind import Params
from app.reports.service import ReportService
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Tools:
    """What rules look at.

    Attributes:
        reports: the service of reports.
        settings: of this process.
    """

    reports: ReportService
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Something that is wrong.

    Attributes:
        title: a sentence that says so.
        recovered: the sentence for when it is right again.
        facts: more for people.
        page: path of a page.
        data: more for programs.
    """

    title: str
    recovered: str
    facts: Facts = ()
    page: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sightings:
    """What a look has found.

    Attributes:
        wrong: by what it is about, such as the key of a store.
        unknown: what could not be judged: what was wrong with it before stays so.
        right: what is right; None: whatever is neither wrong nor unknown. What is none of the three is gone: nobody
            will see it right again, and what was wrong with it ends without that.
    """

    wrong: Mapping[str, Sighting]
    unknown: frozenset[str] = frozenset()
    right: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it is about to be told.

    Attributes:
        id: of the event.
        type: of TYPES.
        subject: id of what it happened to.
        data: of its payload.
        begun_by: what began the report, such as ``schedule`` and its id; None: somebody asked for it.
    """

    id: str
    type: str
    subject: str
    data: Mapping[str, Any]
    begun_by: str | None = None


class RuleContext(Protocol):
    """What a rule may do, in the transaction of what it saw."""

    @property
    def connection(self) -> Connection: ...

    @property
    def tools(self) -> Tools: ...

    def raise_alert(self, subject: str, sighting: Sighting) -> None:
        """Something is wrong: told once, until it is right again."""

    def recover(self, subject: str) -> None:
        """It is right: told if it was wrong."""

    def begin(self, kind: str, params: Mapping[str, Any], *, key: str) -> str:
        """Begin a report for the owner of the rule, once for each key; returns its id. Raises as the service does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKind:
    """A named kind of rule: what it watches, and what it does.

    Attributes:
        name: as in the table of rules, addresses and commands.
        summary: one line for people.
        options: model of its options; each has a description.
        scope: what somebody must have for whom it acts.
        check: refuses options that could do nothing. Raises BadInput, NotFound.
        listens: what it does when an event of a type is told.
        look: what it finds when it looks by itself; None: it only listens. Raises NotFound: what it watches is gone,
            and the rule is to be paused.
        alerts: whether it tells somebody, so that a rule of this kind needs recipients.
        example: options of one.
    """

    name: str
    summary: str
    options: type[Params]
    scope: Scope = Scope.REPORTS_READ
    check: Callable[[Connection, Tools, Any], None] = lambda *_: None
    listens: Mapping[str, Callable[[RuleContext, Any, Told], None]] = field(default_factory=dict)
    look: Callable[[Connection, Tools, Any], Sightings] | None = None
    alerts: bool = True
    example: Mapping[str, Any] = field(default_factory=dict)
