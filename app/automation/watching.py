"""Lets rules look that look by themselves, and finds keys that end soon: whichever replica is first."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Final

from sqlalchemy import Engine, exists, func, or_, select, update

from app.access.tables import token
from app.access.tables import user as users
from app.automation import records
from app.automation.applying import apply_look
from app.automation.registry import RULE_KINDS
from app.automation.rule_kind import Tools
from app.automation.tables import rule
from app.deliveries.announcing import announce
from app.deliveries.receivers import mail_of
from app.errors import DatabaseUnavailable
from app.events.tables import event
from app.storage.postgres import database_errors
from app.wording.values import iso

#: Between two looks of a process, and of a rule, seconds.
LOOK_SECONDS: Final = 15
RULE_SECONDS: Final = 60

#: How long before its end a key is told of.
BEFORE_END: Final = timedelta(days=7)

_TELLS_OF_KEY: Final = event.c.type == "key.expiring"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watching:
    """Of one process."""

    engine: Engine
    tools: Tools

    def look(self, stopping: Event) -> None:
        """Let each rule look that has not for a while.

        Raises:
            DatabaseUnavailable: Postgres does not answer.
        """
        self.tell_of_keys()
        passed: set[str] = set()
        while not stopping.is_set() and self._look_next(passed):
            pass

    def _look_next(self, passed: set[str]) -> bool:
        """Whether there was one, but for those that were ``passed`` over."""
        kinds = [name for name, kind in RULE_KINDS.items() if kind.look is not None]
        long_ago = rule.c.looked_at < func.now() - timedelta(seconds=RULE_SECONDS)
        with database_errors(), self.engine.begin() as connection:
            query = (
                records.RULES.where(
                    rule.c.enabled,
                    rule.c.kind.in_(kinds),
                    rule.c.id.not_in(passed),
                    or_(rule.c.looked_at.is_(None), long_ago),
                )
                .order_by(rule.c.looked_at.nulls_first(), rule.c.id)
                .limit(1)
                .with_for_update(of=rule, skip_locked=True)
            )
            row = connection.execute(query).one_or_none()
            if row is None:
                return False
            one = records.rule_of(row)
            passed.add(one.id)
            try:
                with connection.begin_nested():
                    context = apply_look(connection, self.tools, one)
            except DatabaseUnavailable:
                raise
            except Exception:  # noqa: BLE001 - a defect that one rule meets must not keep the others from looking
                _log.exception("the rule %s could not look", one.name)
                context = None
            connection.execute(update(rule).where(rule.c.id == one.id).values(looked_at=func.now()))
        for report_id, kind in ({} if context is None else context.begun).items():
            self.tools.reports.dispatch(report_id, kind)
        return True

    def tell_of_keys(self) -> None:
        """Tell of each key that ends soon, once, and whose it is."""
        told = exists().where(_TELLS_OF_KEY, event.c.subject == token.c.id)
        with database_errors(), self.engine.begin() as connection:
            ending = (
                select(token.c.id, token.c.name, token.c.expires_at, token.c.user_id, users.c.name.label("owner"))
                .join(users, users.c.id == token.c.user_id)
                .where(
                    token.c.kind == "key",
                    token.c.revoked_at.is_(None),
                    token.c.expires_at.between(func.now(), func.now() + BEFORE_END),
                    ~told,
                )
                .with_for_update(of=token, skip_locked=True)
            )
            for row in connection.execute(ending).all():
                # Once more, now that it is locked: another replica may have told of it since the query began.
                if connection.scalar(select(event.c.id).where(_TELLS_OF_KEY, event.c.subject == row.id).limit(1)):
                    continue
                announce(
                    connection,
                    "key.expiring",
                    row.id,
                    title=f"The key {row.name} of {row.owner} ends on {row.expires_at:%Y-%m-%d}.",
                    facts=[("Key", row.name), ("Owner", row.owner), ("Ends at", iso(row.expires_at))],
                    page="/console/keys",
                    wanted=mail_of(connection, row.user_id, self.tools.settings),
                    key_id=row.id,
                    name=row.name,
                    owner=row.owner,
                    expires_at=iso(row.expires_at),
                )
