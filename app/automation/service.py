"""The service of rules: make, list, change, pause, resume, remove; what is wrong by them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, delete, func, insert, update

from app.access import audit, owners
from app.access.principal import actor
from app.automation import records
from app.automation.records import Episode, Rule
from app.automation.registry import RULE_KINDS
from app.automation.rule_kind import RuleKind, Tools
from app.automation.tables import episode, rule
from app.deliveries.notify import NOBODY, Notify, require_known
from app.ids import new_id
from app.jobs.kind import Params, most_items
from app.storage.names import require_free, wrong_name
from app.storage.postgres import database_errors
from app.wording.suggestions import suggestions
from app.wording.validation import invalid
from app.wording.wrong_values import WrongValue, invalid_parameters

#: Names that are addresses of their own.
_RESERVED = frozenset({"kinds"})

#: Things that are wrong by a rule that one answer names.
MOST_EPISODES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpec:
    """What a rule is to be; see Rule for what the parts mean."""

    name: str
    kind: str
    options: Mapping[str, Any]
    notify: Notify = NOBODY
    enabled: bool = True


class RuleService:
    """Operations on rules; stateless, so any replica can serve them. A rule goes by its name or its id."""

    def __init__(self, engine: Engine, tools: Tools) -> None:
        self._engine = engine
        self._tools = tools

    def kinds(self) -> Sequence[RuleKind]:
        """What rules there can be."""
        return list(RULE_KINDS.values())

    def add(self, spec: RuleSpec) -> Rule:
        """Make a rule, which acts for whoever makes it.

        Raises:
            InvalidParameters: of the name, the kind, the options or the recipients.
            NotFound: something that the options name.
            NotAllowed: whoever makes it may not do that themselves.
            NameTaken: there is one of this name.
        """
        with database_errors(), self._engine.begin() as connection:
            columns = self._columns(connection, spec)
            rule_id = new_id(datetime.now(UTC))
            made = {"created_by": actor().name}
            require_free(connection, insert(rule).values(id=rule_id, **columns, **made), of="rule", name=spec.name)
            audit.record(connection, "rule.add", "rule", rule_id, **_told(spec))
            return records.required(connection, rule_id)

    def replace(self, name: str, spec: RuleSpec) -> Rule:
        """Set a rule anew; from now on it acts for whoever does so, and what was wrong by it begins anew.

        Raises:
            UnknownRule, and as add().
        """
        with database_errors(), self._engine.begin() as connection:
            before = records.required(connection, name, lock=True)
            columns = self._columns(connection, spec) | {"updated_at": func.now(), "looked_at": None}
            require_free(
                connection, update(rule).where(rule.c.id == before.id).values(columns), of="rule", name=spec.name
            )
            if (spec.kind, dict(spec.options)) != (before.kind, dict(before.options)):
                connection.execute(delete(episode).where(episode.c.rule_id == before.id))
            audit.record(connection, "rule.set", "rule", before.id, **_told(spec))
            return records.required(connection, before.id)

    def listed(self) -> list[Rule]:
        """All rules by name."""
        with database_errors(), self._engine.connect() as connection:
            return records.listed(connection)

    def get(self, name: str) -> tuple[Rule, list[Episode]]:
        """One of them, and what is wrong by it, the longest first. Raises UnknownRule."""
        with database_errors(), self._engine.connect() as connection:
            found = records.required(connection, name)
            return found, records.episodes(connection, found.id, limit=MOST_EPISODES)

    def remove(self, name: str) -> None:
        """Remove a rule; the reports and messages that it started stay. Raises UnknownRule."""
        with database_errors(), self._engine.begin() as connection:
            before = records.required(connection, name, lock=True)
            connection.execute(delete(rule).where(rule.c.id == before.id))
            audit.record(connection, "rule.remove", "rule", before.id, name=before.name)

    def pause(self, name: str) -> Rule:
        """Pause a rule until it is resumed. Raises UnknownRule."""
        with database_errors(), self._engine.begin() as connection:
            before = records.required(connection, name, lock=True)
            if before.enabled:
                values = {"enabled": False, "paused_reason": f"Paused by {actor().name}.", "updated_at": func.now()}
                connection.execute(update(rule).where(rule.c.id == before.id).values(values))
                audit.record(connection, "rule.pause", "rule", before.id, name=before.name)
            return records.required(connection, before.id)

    def resume(self, name: str) -> Rule:
        """Have a rule go on, for whoever resumes it; what happened meanwhile is not made up for.

        Raises:
            UnknownRule, and as add(): it could not go on.
        """
        with database_errors(), self._engine.begin() as connection:
            before = records.required(connection, name, lock=True)
            if not before.enabled:
                spec = RuleSpec(name=before.name, kind=before.kind, options=before.options, notify=before.notify)
                values = self._columns(connection, spec) | {"updated_at": func.now(), "looked_at": None}
                connection.execute(update(rule).where(rule.c.id == before.id).values(values))
                audit.record(connection, "rule.resume", "rule", before.id, name=before.name)
            return records.required(connection, before.id)

    def _columns(self, connection: Connection, spec: RuleSpec) -> dict[str, Any]:
        """What is stored of a rule that could act now, for whoever sets it."""
        if refused := wrong_name(spec.name, of="rule", reserved=_RESERVED):
            raise invalid_parameters(refused)
        kind = _kind(spec.kind)
        options = self._options(kind, spec.options)
        owners.require(actor(), kind.scope, what=f"A rule of kind {kind.name}")
        kind.check(connection, self._tools, options)
        notify = require_known(connection, spec.notify, self._tools.settings)
        if kind.alerts and notify.is_nobody:
            reason = "is missing: a rule of this kind only notifies somebody"
            allowed = "names of webhooks, and addresses that may get mail"
            wrong = WrongValue(parameter="notify", received=None, reason=reason, allowed=allowed, is_shown=False)
            raise invalid_parameters([wrong], subject=kind.name)
        return {
            "name": spec.name,
            "kind": kind.name,
            "options": options.model_dump(mode="json"),
            "notify": {} if notify.is_nobody else notify.model_dump(mode="json"),
            "enabled": spec.enabled,
            "paused_reason": None if spec.enabled else f"Paused by {actor().name}.",
            **owners.setter(),
        }

    def _options(self, kind: RuleKind, given: Mapping[str, Any]) -> Params:
        context = most_items(self._tools.settings.max_list_items)
        try:
            return kind.options.model_validate(dict(given), context=context)
        except ValidationError as error:
            raise invalid(error, kind.options.model_json_schema(), whole="options", subject=kind.name) from error


def _kind(name: str) -> RuleKind:
    if name not in RULE_KINDS:
        known = list(RULE_KINDS)
        near = suggestions(name, known)
        wrong = WrongValue(parameter="kind", received=name, reason="is not known", allowed=known, nearest=near)
        raise invalid_parameters([wrong])
    return RULE_KINDS[name]


def _told(spec: RuleSpec) -> dict[str, Any]:
    """What the audit keeps."""
    return {"name": spec.name, "kind": spec.kind, "notify": list(spec.notify.to), "enabled": spec.enabled}
