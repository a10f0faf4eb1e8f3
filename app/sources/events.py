"""Events that GitHub sends (https://docs.github.com/webhooks): signed, and no more than a hint that something is new.

Nothing of an event becomes a row. GitHub does not send again what did not arrive, so that syncs go on by themselves.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.access import audit
from app.errors import EventNotSigned, InvalidParameters, SetupError
from app.sources import hints, register
from app.sources.options import Repositories
from app.sources.register import Source
from app.sources.secrets import source_secrets
from app.storage.postgres import database_errors
from app.storage.resources import Resources

#: Of what a source may read something new; others are ignored.
EVENTS: Final = (
    *("push", "create", "delete", "repository", "release", "issues", "issue_comment", "member", "membership", "team"),
    *("pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread"),
    *("workflow_run", "workflow_job", "deployment", "deployment_status"),
)

_KIND: Final = "github"
_SCHEME: Final = "sha256="


@dataclass(frozen=True, slots=True)
class EventSetup:
    """What is entered where GitHub sends events.

    Attributes:
        path: of this service, that events are sent to.
        secret: that they are signed with.
        events: that are worth sending.
    """

    path: str
    secret: str
    events: Sequence[str]


class EventService:
    """Takes events; stateless, so any replica can serve them."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._engine = resources.engine
        self._settings = resources.settings

    def setup(self, name: str) -> EventSetup:
        """What is entered at GitHub for a source.

        Raises:
            UnknownSource.
            SetupError: there is no secret key, from which the secret would be derived.
        """
        with database_errors(), self._engine.connect() as connection:
            found = register.named(connection, name)
        secrets = source_secrets(self._settings).event_secrets(found.id)
        if not secrets:
            raise SetupError(
                "Events are signed with a secret that is derived from the secret key of the installation. Set "
                "OPENHOURS_SECRET_KEY to 32 random characters or more, the same for all replicas."
            )
        return EventSetup(f"/sources/{_KIND}/events", secrets[0], EVENTS)

    def receive(self, event: str | None, signature: str | None, body: bytes) -> Sequence[str]:
        """Take an event; returns the names of the sources that are to be synced sooner for it.

        Raises:
            EventNotSigned: no source has the secret that it is signed with, or it is not signed.
            InvalidParameters: it is signed, but is no JSON object.
        """
        with database_errors(), self._engine.connect() as connection:
            known = register.listed(connection, _KIND)
        signed = self._signed(known, signature, body)
        if not signed:
            raise EventNotSigned(
                "The event is not signed with the secret of a source (X-Hub-Signature-256). To see the secret to "
                "enter at GitHub: openhours sources events NAME"
            )
        payload = _object(body)
        if event not in EVENTS:
            return []
        meant = [one for one in signed if one.enabled and _concerns(one, payload)]
        for one in meant:
            with database_errors(), self._engine.begin() as connection:
                if hints.hint(connection, one.id):
                    audit.record(connection, "source.hint", "source", one.id, name=one.name, event=event)
        if meant:
            hints.look(self._resources)
        return [one.name for one in meant]

    def _signed(self, known: Sequence[Source], signature: str | None, body: bytes) -> list[Source]:
        """The sources with whose secret it is signed: all are compared, each in constant time."""
        secrets, given = source_secrets(self._settings), (signature or "").encode()
        signed = []
        for one in known:
            expected = [
                f"{_SCHEME}{hmac.digest(secret.encode(), body, 'sha256').hex()}".encode()
                for secret in secrets.event_secrets(one.id)
            ]
            if any([hmac.compare_digest(text, given) for text in expected]):  # noqa: C419 - none is left out
                signed.append(one)
        return signed


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidParameters(
            "The body of the event is not a JSON object; at GitHub, choose the content type application/json."
        )
    return found


def _concerns(one: Source, payload: Mapping[str, Any]) -> bool:
    """Whether an event is of a repository that the source reads; one of no repository may concern all."""
    repository = payload.get("repository")
    if not isinstance(repository, dict):
        return True
    return str(repository.get("full_name", "")) in Repositories(one.options.repositories)
