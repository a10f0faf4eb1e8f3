"""What it costs to know who asks: polls with a key beside polls in local mode, in turns, without a network.

python -m benchmarks.gate [--polls 4000]

Both applications stand over the same embedded servers, in this process, and their polls read the same report. What is
measured is processor time, which other work on the machine disturbs least.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any, Final

from fastapi import FastAPI
from sqlalchemy import event
from starlette.types import Message

from app.access.keys import KeyService
from app.access.scopes import Role
from app.access.users import UserService
from app.ingest.load import load
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.reports.service import ReportService
from app.settings import Settings
from app.storage.migrate import migrate
from app.storage.resources import Resources, addresses, open_resources
from app.web.application import create_app

SAMPLE: Final = Path(__file__).parents[1] / "sample_data" / "polls.csv"

#: Polls between two changes from one application to the other.
TURN: Final = 100

Headers = list[tuple[bytes, bytes]]


def main() -> None:
    """Measure, and print both medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--polls", type=int, default=4000, help="of each application")
    polls = parser.parse_args().polls
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), slots=0, access_log=False)
        with addresses(settings) as where, open_resources(settings, where) as resources:
            migrate(resources.engine)
            load(resources.engine, DATASET_KINDS["polls"], FileSource(SAMPLE), now=datetime(2025, 1, 1, tzinfo=UTC))
            measure(resources, turns=max(1, polls // TURN))


def measure(resources: Resources, *, turns: int) -> None:
    """Poll one report by both applications in turns."""
    by_key = replace(resources, settings=resources.settings.model_copy(update={"auth": "on"}))
    ada = UserService(resources.engine).add("Ada", role=Role.VIEWER)
    _, key = KeyService(resources.engine).make(ada.id, "benchmark")
    report_id = ReportService(resources).trigger("uptime", {})
    ways: dict[str, tuple[FastAPI, Headers]] = {
        "local mode": (create_app(resources, slots=0), []),
        "with a key": (create_app(by_key, slots=0), [(b"authorization", f"Bearer {key.text}".encode())]),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    statements = dict.fromkeys(ways, 0)

    async def take_turns() -> None:
        for turn in range(2 * turns + 2):
            name = list(ways)[turn % 2]
            app, headers = ways[name]
            with counted(resources) as asked:
                begin = process_time()
                for _ in range(TURN):
                    await poll(app, report_id, headers)
                taken = process_time() - begin
            if turn >= 2:  # the first two are for warming up
                seconds[name].append(taken / TURN)
                statements[name] += len(asked)

    asyncio.run(take_turns())
    for name, taken in seconds.items():
        each = statements[name] / len(taken) / TURN
        print(f"{name}: {median(taken) * 1e6:.0f} us of processor time a poll, {each:.3f} statements")
    first, second = (median(taken) for taken in seconds.values())
    print(f"with a key beside local mode: {second / first:.3f} times as much (aim: at most 1.1)")


@contextmanager
def counted(resources: Resources) -> Iterator[list[str]]:
    """What Postgres is asked meanwhile."""
    statements: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.append(statement)

    event.listen(resources.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(resources.engine, "before_cursor_execute", note)


async def poll(app: FastAPI, report_id: str, headers: Headers) -> None:
    """Ask for a report, until the answer is whole."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/get_report",
        "raw_path": b"/get_report",
        "root_path": "",
        "query_string": f"report_id={report_id}".encode(),
        "headers": [(b"host", b"127.0.0.1:8000"), *headers],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200, message  # noqa: S101 - a benchmark of failures means nothing

    await app(scope, receive, send)


if __name__ == "__main__":
    main()
