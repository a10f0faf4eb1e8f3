"""Applies a rule, for its owner, in the transaction of what it saw."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.access import audit, owners
from app.access.principal import acting_as
from app.automation.records import Rule
from app.automation.rule_kind import Sighting, Sightings, Told, Tools
from app.automation.tables import episode, rule
from app.deliveries.announcing import announce
from app.errors import BadInput, NotAllowed, NotFound, OpenhoursError
from app.wording.values import iso

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class AppliedRule:
    """What a rule may do; see RuleContext.

    Attributes:
        begun: reports that have begun, by id with their kind: workers are woken for them after the commit.
        did: how many things it did.
    """

    connection: Connection
    tools: Tools
    rule: Rule
    begun: dict[str, str] = field(default_factory=dict)
    did: int = 0

    def raise_alert(self, subject: str, sighting: Sighting) -> None:
        """Something is wrong: told once, until it is right again."""
        row = {"rule_id": self.rule.id, "subject": subject, "told": sighting.recovered}
        made = insert(episode).values(row).on_conflict_do_nothing().returning(episode.c.subject)
        if self.connection.scalar(made) is None:
            return
        self.did += 1
        announce(
            self.connection,
            "alert.raised",
            self.rule.id,
            title=sighting.title,
            facts=[("Rule", self.rule.name), *sighting.facts],
            page=sighting.page or self._page,
            wanted=self.rule.notify,
            rule=self.rule.name,
            about=subject,
            **sighting.data,
        )

    def recover(self, subject: str) -> None:
        """It is right: told if it was wrong."""
        self._end(subject, is_gone=False)

    def lose(self, subject: str) -> None:
        """It is gone: told if it was wrong, without saying that it is right."""
        self._end(subject, is_gone=True)

    def _end(self, subject: str, *, is_gone: bool) -> None:
        over = delete(episode).where(episode.c.rule_id == self.rule.id, episode.c.subject == subject)
        row = self.connection.execute(over.returning(episode.c.told, episode.c.began_at)).one_or_none()
        if row is None:
            return
        self.did += 1
        gone = f"The rule {self.rule.name} watches {subject} no longer: it was removed."
        announce(
            self.connection,
            "alert.recovered",
            self.rule.id,
            title=gone if is_gone else row.told,
            facts=[("Rule", self.rule.name), ("Wrong since", iso(row.began_at))],
            page=self._page,
            wanted=self.rule.notify,
            rule=self.rule.name,
            about=subject,
            began_at=iso(row.began_at),
            is_gone=is_gone,
        )

    def begin(self, kind: str, params: Mapping[str, Any], *, key: str) -> str:
        """Begin a report for the owner of the rule, once for each key; returns its id."""
        report_id = None
        while report_id is None:
            report_id = self.tools.reports.accept(
                self.connection,
                kind,
                params,
                idempotency_key=f"rule:{self.rule.id}:{key}",
                begun_by=f"rule {self.rule.id}",
                notify=self.rule.notify,
            )
        self.begun[report_id] = kind
        self.did += 1
        return report_id

    @property
    def _page(self) -> str:
        return f"/console/rules/{self.rule.name}"


def apply_told(connection: Connection, tools: Tools, one: Rule, told: Told) -> AppliedRule:
    """Have a rule do what it does when this is told. A refusal pauses it, and nothing of it is done.

    Raises:
        TooManyReports, Unavailable: not now.
    """
    context = AppliedRule(connection, tools, one)
    act = one.rule_kind.listens.get(told.type)
    if act is not None:
        _as_owner(context, lambda: act(context, one.read_options, told))
    return context


def apply_look(connection: Connection, tools: Tools, one: Rule) -> AppliedRule:
    """Have a rule look, tell what is wrong by it, and what no longer is. A refusal pauses it."""
    context = AppliedRule(connection, tools, one)
    look = one.rule_kind.look
    if look is not None:
        _as_owner(context, lambda: _tell_sightings(context, look(connection, tools, one.read_options)))
    return context


def _tell_sightings(context: AppliedRule, found: Sightings) -> None:
    mine = set(context.connection.scalars(select(episode.c.subject).where(episode.c.rule_id == context.rule.id)))
    for subject, sighting in found.wrong.items():
        context.raise_alert(subject, sighting)
    for subject in sorted(mine - found.wrong.keys() - found.unknown):
        if found.right is None or subject in found.right:
            context.recover(subject)
        else:
            context.lose(subject)


def _as_owner(context: AppliedRule, act: Callable[[], None]) -> None:
    one = context.rule
    try:
        owner = owners.owner_of(context.connection, one, one.rule_kind.scope, via="rule")
        with context.connection.begin_nested(), acting_as(owner):
            act()
            if context.begun:
                audit.record(context.connection, "rule.run", "rule", one.id, name=one.name, reports=list(context.begun))
    except (BadInput, NotFound, NotAllowed) as error:
        context.begun.clear()
        pause(context.connection, one, error)


def pause(connection: Connection, one: Rule, error: OpenhoursError) -> None:
    """Have a rule do nothing until somebody resumes it, and tell whom it tells."""
    _log.warning("rule %s is paused: %s", one.name, error.message)
    values = {"enabled": False, "paused_reason": error.message, "updated_at": func.now()}
    connection.execute(update(rule).where(rule.c.id == one.id).values(values))
    audit.record(
        connection,
        "rule.pause",
        "rule",
        one.id,
        outcome="failed",
        name=one.name,
        code=error.code,
        reason=error.message,
    )
    announce(
        connection,
        "rule.paused",
        one.id,
        title=f"The rule {one.name} is paused.",
        facts=[("Rule", one.name), ("Why", error.message)],
        page=f"/console/rules/{one.name}",
        wanted=one.notify,
        rule=one.name,
        error={"code": error.code, "message": error.message},
    )
