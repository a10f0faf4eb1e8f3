"""How long the server takes to make each page of the console, with many reports, datasets and entities in Postgres.

    python -m benchmarks.console --reports 100000 --datasets 10000 --entities 1000000

Postgres itself writes the rows; a report on ten of the stores is made as users make it. A page is asked for within this
process, without a network, and its time is what passes until the answer is whole.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any, Final

from fastapi.testclient import TestClient
from sqlalchemy import Connection, text

from app.console.registry import PAGES
from app.settings import Settings
from app.storage.migrate import migrate
from app.storage.resources import addresses, open_resources
from app.web.application import create_app

#: Longest that a page may take, milliseconds.
AIM_MS: Final = 100

#: Requests of each page that are counted, after one that warms up.
ROUNDS: Final = 9

#: What a browser asks for.
ACCEPT: Final = "text/html,application/xhtml+xml,*/*;q=0.8"

STORE: Final = "store-0000001"

_POLLS: Final = "store_id,status,timestamp_utc\n" + "".join(
    f"store-{number:07},{status},2023-01-25T{hour}:00:00Z\n"
    for number in range(1, 11)
    for hour, status in ((10, "active"), (12, "inactive"), (14, "active"))
)

#: A tenth of what was asked for failed; of the stores every third has hours.
_STATEMENTS: Final = (
    """INSERT INTO report (id, kind, params, params_sha256, status, as_of, created_at, started_at, finished_at,
    artifacts, error_code, error_message)
    SELECT lpad(to_hex(n), 32, '0'), 'uptime', '{{"lookback_hours": 96}}', md5(n::text),
    CASE WHEN n % 10 = 0 THEN 'failed' ELSE 'complete' END, at, at, at, at + interval '3 s', '[]',
    CASE WHEN n % 10 = 0 THEN 'no_polls' END, CASE WHEN n % 10 = 0 THEN 'There are no polls.' END
    FROM (SELECT n, now() - n * interval '1 minute' AS at FROM generate_series(1, {reports}) AS n) AS made""",
    """INSERT INTO dataset (id, kind, filename, options, bytes, sha256, raw_key, outcome, rows_read, rows_accepted,
    rows_rejected, rows_duplicate, rows_contradicting, created_at, uploaded_at)
    SELECT 'f' || lpad(to_hex(n), 31, '0'), 'polls', 'polls-' || n || '.csv', '{{}}', 1000, repeat(md5(n::text), 2),
    'raw/polls/' || n, CASE WHEN n % 10 = 0 THEN 'rejected' ELSE 'ready' END, 100, 90, 10, 0, 0, at, at
    FROM (SELECT n, now() - n * interval '1 minute' AS at FROM generate_series(1, {datasets}) AS n) AS made""",
    """INSERT INTO entity (kind, key) SELECT 'store', 'store-' || lpad(n::text, 7, '0')
    FROM generate_series(1, {entities}) AS n ON CONFLICT DO NOTHING""",
    """INSERT INTO hours_window (entity_id, weekday, opens, closes, recorded_at)
    SELECT id, day, '09:00', '17:00', now() FROM entity, generate_series(0, 6) AS day WHERE id % 3 = 0""",
)


def fill(connection: Connection, **counts: int) -> None:
    """Rows as a service has them after years."""
    for statement in _STATEMENTS:
        connection.execute(text(statement.format(**counts)))


def made(client: TestClient) -> dict[str, str]:
    """What pages of one thing show, by the name of the part of their address."""
    answer = client.post("/datasets", params={"kind": "polls", "wait": 30}, content=_POLLS.encode())
    answer.raise_for_status()
    report_id = client.post("/trigger_report", json={"params": {"charts": True}}).json()["report_id"]
    while client.get("/get_report", params={"report_id": report_id}).json()["status"] == "Running":
        sleep(0.2)
    client.put("/calendars/mine", json={"days": [{"date": "2026-12-25", "name": "Christmas"}]}).raise_for_status()
    user = _sent(client, "/users", name="robot", role="operator", kind="service")["id"]
    key = _sent(client, "/keys", name="nightly", user_id=user, scopes=["data:read"])["id"]
    _sent(client, "/schedules", name="weekly", kind="uptime", every="week", at="06:30", timezone="UTC")
    return {
        "report_id": report_id,
        "dataset_id": answer.json()["dataset_id"],
        "user_id": user,
        "key_id": key,
        "{kind}/{key:path}": f"store/{STORE}",
        "{key:path}": STORE,
        "{name:path}": "mine",
        "schedules/{name}": "schedules/weekly",
        "mappings/{name}": "mappings/uptime-kuma",
    }


def _sent(client: TestClient, path: str, **body: Any) -> Any:
    answer = client.post(path, json=body)
    answer.raise_for_status()
    return answer.json()


def opened(names: dict[str, str]) -> Iterator[str]:
    """The address of each page that can be opened with what was made, and lists narrowed down."""
    for page in [page for pages in PAGES for page in pages.pages]:
        address = page.path
        for name, value in names.items():
            address = address.replace(name if "{" in name else f"{{{name}}}", value)
        if "{" not in address and not address.endswith("/progress"):
            yield address
    yield from (
        *("/console/reports?kind=uptime&status=failed", "/console/reports?status=queued"),
        *("/console/files?kind=polls&status=rejected", "/console/files?kind=hours"),
        *("/console/entities?prefix=store-09999", "/console/entities?prefix=nothing"),
        "/console/reports/new?kind=uptime",
    )


def measured(client: TestClient, address: str) -> list[float]:
    """Milliseconds of each request; none if there is no such page for what was made."""
    took = []
    for _ in range(ROUNDS + 1):
        began = perf_counter()
        answer = client.get(address, headers={"accept": ACCEPT})
        took.append(1000 * (perf_counter() - began))
        if answer.status_code >= 500:
            raise SystemExit(f"{address}: {answer.text}")
        if answer.status_code != 200:
            return []
    return took[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", type=int, default=100_000)
    parser.add_argument("--datasets", type=int, default=10_000)
    parser.add_argument("--entities", type=int, default=1_000_000)
    counts = vars(parser.parse_args())
    with TemporaryDirectory(prefix="openhours-bench-") as home:
        own = {"database_url": None, "redis_url": None, "s3_endpoint_url": None}
        settings = Settings(home=Path(home), access_log=False, **own)
        with addresses(settings) as where, open_resources(settings, where) as resources:
            migrate(resources.engine)
            app = create_app(resources, slots=1)
            with TestClient(app, base_url="http://localhost", client=("127.0.0.1", 50_000)) as client:
                names = made(client)
                with resources.engine.begin() as connection:
                    fill(connection, **counts)
                with resources.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text("VACUUM ANALYZE"))
                print(", ".join(f"{count:,} {name}" for name, count in counts.items()), f"medians of {ROUNDS}\n")
                slow = show(client, names)
    print(f"\npages slower than {AIM_MS} ms: {', '.join(slow) or 'none'}")


def show(client: TestClient, names: dict[str, str]) -> list[str]:
    """Print a line for each page; those that are slower than they should be."""
    slow = []
    for address in opened(names):
        took = measured(client, address)
        if not took:
            print(f"{address[:72]:<72}     not opened")
            continue
        print(f"{address[:72]:<72}{median(took):>8.1f} ms  (aim {AIM_MS})", flush=True)
        if median(took) > AIM_MS:
            slow.append(address)
    return slow


if __name__ == "__main__":
    main()
