"""The installation of the version before that record.py has recorded, put into servers and moved to the present."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg2
from psycopg2 import sql
from redis import Redis

from app.storage.object_store import ObjectStore

RECORDED: Final = Path(__file__).parent / "earlier"

#: The queue of the version before.
STREAM: Final = "openhours:queue"
GROUP: Final = "workers"

#: The columns that tell when something happened to the installation, not in its data.
HAPPENED: Final = {
    "report": ("created_at", "started_at", "finished_at", "lease_until", "not_before", "dispatched_at"),
    "dataset": ("created_at", "uploaded_at"),
    "upload": ("created_at", "expires_at", "finished_at", "lost_at", "lock_until", "contested_at"),
}

#: The same in answers of the API.
HAPPENED_IN_ANSWERS: Final = frozenset({"created_at", "uploaded_at", "started_at", "finished_at"})


@dataclass(frozen=True)
class Earlier:
    """What was there.

    Attributes:
        ids: of reports, datasets, an upload and a sample, by their part in the recording.
        answers: of the API, by path, without links.
        objects: of the bucket, by key.
        revision: of the database.
    """

    ids: dict[str, str]
    answers: dict[str, Any]
    objects: dict[str, bytes]
    revision: str

    def artifact(self, report: str, name: str) -> bytes:
        """The bytes of a file of a complete report."""
        (key,) = (key for key in self.objects if key.startswith(f"reports/{self.ids[report]}/") and key.endswith(name))
        return self.objects[key]


def restore(database_url: str, redis: Redis, store: ObjectStore, folder: Path) -> Earlier:
    """Fill an empty database, Redis and bucket as if the recording had ended now; ``folder`` is for passing files."""
    recording = json.loads((RECORDED / "answers.json").read_text(encoding="utf-8"))
    since = datetime.now(UTC) - datetime.fromisoformat(recording["recorded_at"])
    _fill_database(database_url, since)
    _fill_redis(redis, json.loads((RECORDED / "redis.json").read_text(encoding="utf-8")), since)
    return Earlier(
        recording["ids"],
        moved(recording["answers"], since),
        _fill_bucket(store, folder),
        recording["revision"],
    )


def _fill_database(database_url: str, since: timedelta) -> None:
    with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute((RECORDED / "database.sql").read_text(encoding="utf-8"))
        for table, columns in HAPPENED.items():
            moves = sql.SQL(", ").join(
                sql.SQL("{0} = {0} + %(since)s").format(sql.Identifier(name)) for name in columns
            )
            statement = sql.SQL("UPDATE public.{} SET {}").format(sql.Identifier(table), moves)
            cursor.execute(statement, {"since": since})
    connection.close()


def _fill_redis(redis: Redis, recorded: Any, since: timedelta) -> None:
    def moved_id(entry_id: str) -> str:
        milliseconds, _, number = entry_id.partition("-")
        return f"{int(milliseconds) + int(since.total_seconds() * 1000)}-{number}"

    redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    for entry_id, fields in recorded["entries"]:
        redis.xadd(STREAM, fields, id=moved_id(entry_id))
    for entry in recorded["read"]:
        read = redis.xreadgroup(GROUP, entry["consumer"], {STREAM: ">"}, count=1)
        assert moved_id(entry["message_id"]) in str(read)
    for key, kept in recorded["hashes"].items():
        redis.hset(key, mapping=kept["fields"])
        redis.expire(key, kept["ttl"])


def _fill_bucket(store: ObjectStore, folder: Path) -> dict[str, bytes]:
    root = RECORDED / "objects"
    objects = {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    passing = folder / "object"
    for key, content in objects.items():
        passing.write_bytes(content)
        store.put(passing, key, media_type="text/csv")
    return objects


def moved(answer: Any, since: timedelta) -> Any:
    """The same JSON in which everything happened so much later; what happened is a datetime then."""
    match answer:
        case dict():
            return {
                key: datetime.fromisoformat(part) + since
                if key in HAPPENED_IN_ANSWERS and isinstance(part, str)
                else moved(part, since)
                for key, part in answer.items()
            }
        case list():
            return [moved(part, since) for part in answer]
        case _:
            return answer


def shows(answer: Any, recorded: Any) -> bool:
    """Whether an answer says all that was recorded, links apart; it may say more."""
    match recorded:
        case dict():
            return all(key == "url" or (key in answer and shows(answer[key], part)) for key, part in recorded.items())
        case list():
            return len(answer) == len(recorded) and all(map(shows, answer, recorded))
        case datetime():
            return datetime.fromisoformat(answer) == recorded
        case _:
            return bool(answer == recorded)
