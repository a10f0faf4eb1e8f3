"""What a poll of a complete report costs by the number of its files, whose links are signed at each poll.

    python -m benchmarks.many_files

The application answers in this process, without a socket, and both reports are polled in turns: their ratio counts.
"""

import asyncio
import json
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

from fastapi import FastAPI
from sqlalchemy import text

from app.jobs import lifecycle
from app.settings import Settings
from app.storage.migrate import migrate
from app.storage.resources import Resources, addresses, open_resources
from app.web.application import create_app

#: Numbers of files that are compared.
FILES: Final = (1, 19)

ROUNDS: Final = 600

#: Polls of each before the first that counts.
WARM_UP: Final = 50

_COMPLETE: Final = text("UPDATE report SET status = 'complete', artifacts = CAST(:files AS jsonb) WHERE id = :id")


def complete_report(resources: Resources, count: int) -> str:
    """The id of a report with that many files; nobody downloads them."""
    with resources.engine.begin() as connection:
        report_id = lifecycle.create(
            connection, kind="uptime", params={}, params_sha256="", as_of=None, idempotency_key=None
        )
        files = [
            {
                "name": f"chart-{number}.csv",
                "key": f"reports/{report_id}/a1/chart-{number}.csv",
                "media_type": "text/csv",
                "bytes": 1,
                "rows": 1,
                "sha256": "0" * 64,
            }
            for number in range(count)
        ]
        connection.execute(_COMPLETE, {"files": json.dumps(files), "id": report_id})
    return str(report_id)


async def poll(app: FastAPI, report_id: str) -> float:
    """Seconds of one poll."""
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "root_path": "",
        "path": "/get_report",
        "raw_path": b"/get_report",
        "query_string": f"report_id={report_id}".encode(),
        "headers": [(b"host", b"localhost")],
        "server": ("localhost", 80),
        "client": ("localhost", 1),
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    start = perf_counter()
    await app(scope, receive, send)
    took = perf_counter() - start
    if sent[0]["status"] != 200:
        raise ValueError(f"a poll was answered with {sent[0]['status']}")
    return took


async def measure(app: FastAPI, ids: dict[int, str]) -> dict[int, float]:
    """Median seconds of a poll, by the number of files."""
    seconds: dict[int, list[float]] = {count: [] for count in ids}
    for number in range(WARM_UP + ROUNDS):
        for count, report_id in ids.items():
            took = await poll(app, report_id)
            if number >= WARM_UP:
                seconds[count].append(took)
    return {count: median(values) for count, values in seconds.items()}


def main() -> None:
    """Measure and tell."""
    with TemporaryDirectory() as home:
        settings = Settings(home=Path(home), slots=0)
        with addresses(settings) as where, open_resources(settings, where) as resources:
            migrate(resources.engine)
            ids = {count: complete_report(resources, count) for count in FILES}
            found = asyncio.run(measure(create_app(resources, slots=0), ids))
    few, many = FILES
    print(f"poll with {few} file: {found[few] * 1e3:.2f} ms, with {many}: {found[many] * 1e3:.2f} ms")
    print(f"{found[many] / found[few]:.2f} x (aim 1.3)")


if __name__ == "__main__":
    main()
