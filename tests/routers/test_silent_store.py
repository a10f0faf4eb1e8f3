"""An S3 that takes connections and never answers stops nothing but what needs it."""

import asyncio
import socket
from dataclasses import replace

import httpx2
from sqlalchemy import update

from app.jobs.tables import job
from app.reports.service import ReportService
from app.routers.store_threads import QUEUE, THREADS
from app.storage.object_store import ObjectStore
from app.storage.resources import Resources
from app.web.server import serving
from tests.kinds import KINDS

#: More requests than Starlette has threads.
REQUESTS = 50

FIT = THREADS + QUEUE


def ended_reports(resources: Resources, count: int) -> list[str]:
    """Reports that have failed: to remove one removes what it may have left in S3."""
    service = ReportService(resources, KINDS)
    ids = [service.trigger("dummy", {}) for _ in range(count)]
    with resources.engine.begin() as connection:
        connection.execute(update(job).values(kind="uptime", status="failed", error_code="x", error_message="y"))
    return ids


async def asked(address: str, ids: list[str]) -> tuple[list[int], list[httpx2.Response]]:
    """Statuses of polls and probes while all threads wait for S3, and the answers of what did not have to wait."""
    limits = httpx2.Limits(max_connections=2 * REQUESTS)
    async with httpx2.AsyncClient(base_url=address, timeout=60, limits=limits) as http:
        waiting = {asyncio.create_task(http.delete(f"/reports/{one}")) for one in ids[1:]}
        answers: list[httpx2.Response] = []
        while len(answers) < REQUESTS - FIT:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            answers += [one.result() for one in done]
        polls = [await http.get("/get_report", params={"report_id": ids[0]}) for _ in range(3)]
        others = [await http.get(path) for path in ("/readyz", "/livez", "/reports")]
        assert not any(one.done() for one in waiting), "S3 has been silent all the time"
        for one in waiting:
            one.cancel()
        return [answer.status_code for answer in polls + others], answers


def test_a_silent_s3_stops_no_poll_and_refuses_what_does_not_fit_into_its_queue(resources: Resources) -> None:
    ids = ended_reports(resources, REQUESTS + 1)
    with socket.create_server(("127.0.0.1", 0), backlog=2 * REQUESTS) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        silent = ObjectStore(replace(resources.object_store.address, endpoint_url=url))
        with serving(replace(resources, object_store=silent), slots=0) as address:
            statuses, answers = asyncio.run(asked(address, ids))
            listener.close()  # or the threads would wait until their time limits
    silent.close()
    assert statuses == [200] * 6
    assert len(answers) == REQUESTS - FIT
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "object_store_unavailable")
        assert answer.headers["retry-after"] == "2"
