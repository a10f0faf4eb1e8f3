"""Rules that watch, and what they have told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app.automation.service import RuleSpec
from app.automation.tables import rule
from app.deliveries.notify import Notify
from app.events.tables import event
from tests.conftest import api
from tests.deliveries.scene import EVERY_KIND, NEVER, Scene

OPS = Notify(to=("ops",))


def add(scene: Scene, kind: str, *, notify: Notify = OPS, name: str = "watch", **options: Any) -> None:
    scene.rules.add(RuleSpec(name=name, kind=kind, options=options, notify=notify))


@contextmanager
def serving(scene: Scene) -> Iterator[Any]:
    """An application that loads files, and tells by itself."""
    with api(scene.resources, slots=1, kinds=EVERY_KIND) as client:
        yield client


def load(client: Any, text: str, kind: str = "polls", **options: Any) -> dict[str, Any]:
    """Bring a file and wait until it is loaded or rejected; returns what is told of it."""
    sent = client.post("/datasets", params={"kind": kind, **options}, content=text.encode())
    assert sent.status_code == 202, sent.text
    found = client.get(f"/datasets/{sent.json()['dataset_id']}?wait=20")
    answer: dict[str, Any] = found.json()
    return answer


def told(scene: Scene) -> list[tuple[str, str]]:
    """Types of the alerts so far, each with what it is about."""
    scene.relay.handle_waiting(NEVER)
    with scene.engine.connect() as connection:
        # A server's own relay may have begun with one: the lock waits for its transaction.
        waiting = select(event.c.id).where(event.c.handled_at.is_(None)).with_for_update()
        assert connection.execute(waiting).all() == []
    with scene.engine.connect() as connection:
        query = select(event.c.type, event.c.payload).where(event.c.type.like("alert.%")).order_by(event.c.id)
        return [(row.type, row.payload["data"]["about"]) for row in connection.execute(query)]


def look(scene: Scene) -> None:
    """Have every rule look that looks by itself, however long ago it last did."""
    with scene.engine.begin() as connection:
        connection.execute(update(rule).values(looked_at=None))
    scene.watching.look(NEVER)


def minutes_ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


def poll(status: str, minutes: float, store: str = "17") -> str:
    return f"store_id,status,timestamp_utc\n{store},{status},{minutes_ago(minutes)}\n"


def payloads(scene: Scene, kind: str) -> list[dict[str, Any]]:
    """What was told in events of a type, the first one first."""
    with scene.engine.connect() as connection:
        return list(connection.scalars(select(event.c.payload).where(event.c.type == kind).order_by(event.c.id)))
