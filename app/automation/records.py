"""Rules as rows: what is known of one, how one is found, what is wrong at the moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from app.automation.registry import RULE_KINDS
from app.automation.rule_kind import RuleKind
from app.automation.tables import episode, rule
from app.deliveries.notify import Notify, stored
from app.errors import UnknownRule
from app.jobs.kind import Params
from app.wording.suggestions import did_you_mean, suggestions
from app.wording.values import repeated, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Something that is done when something happens.

    Attributes:
        id: 32 hexadecimal digits.
        name: by which people know it; unique.
        kind: of RULE_KINDS.
        options: of the kind.
        notify: whom it tells.
        enabled: whether it does anything.
        paused_reason: why not, for people.
        runs_as, runs_as_id: who last set it, for whom it acts; no id: they are no user.
        wrong: how many things are wrong by it at the moment.
    """

    id: str
    name: str
    kind: str
    options: Mapping[str, Any]
    notify: Notify
    enabled: bool
    paused_reason: str | None
    looked_at: datetime | None
    created_by: str
    runs_as: str
    runs_as_id: str | None
    created_at: datetime
    updated_at: datetime
    wrong: int = 0

    @property
    def rule_kind(self) -> RuleKind:
        """Its entry in the registry."""
        return RULE_KINDS[self.kind]

    @property
    def read_options(self) -> Params:
        """Its options as its kind takes them."""
        return self.rule_kind.options.model_validate(dict(self.options))


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that is wrong by a rule, since ``began_at``; ``told`` is what is told when it is right again."""

    subject: str
    told: str
    began_at: datetime


_WRONG = select(func.count()).where(episode.c.rule_id == rule.c.id).correlate(rule).scalar_subquery().label("wrong")

RULES = select(rule, _WRONG)


def rule_of(row: Row[Any]) -> Rule:
    """A row of RULES."""
    known = row._asdict()
    return Rule(**{**known, "notify": stored(known["notify"])})


def listed(connection: Connection) -> list[Rule]:
    """All rules of kinds that are known, by name."""
    query = RULES.where(rule.c.kind.in_(RULE_KINDS)).order_by(rule.c.name)
    return [rule_of(row) for row in connection.execute(query)]


def required(connection: Connection, name: str, *, lock: bool = False) -> Rule:
    """A rule by its name or id; with ``lock`` nobody else changes it until the transaction ends.

    Raises:
        UnknownRule: there is none.
    """
    query = RULES.where(or_(rule.c.name == name, rule.c.id == name))
    query = query.with_for_update(of=rule) if lock else query
    row = None if "\0" in name else connection.execute(query).one_or_none()
    if row is not None:
        return rule_of(row)
    near = suggestions(name, connection.scalars(select(rule.c.name)))
    raise UnknownRule(f"There is no rule {shown(name)}{did_you_mean(near)}.", received=repeated(name), nearest=near)


def episodes(connection: Connection, rule_id: str, *, limit: int) -> list[Episode]:
    """What is wrong by a rule, the longest first."""
    query = (
        select(episode.c.subject, episode.c.told, episode.c.began_at)
        .where(episode.c.rule_id == rule_id)
        .order_by(episode.c.began_at, episode.c.subject)
        .limit(limit)
    )
    return [Episode(*row) for row in connection.execute(query)]
