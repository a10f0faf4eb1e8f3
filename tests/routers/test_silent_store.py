"""An S3 that takes connections and never answers stops nothing but what needs it."""

import asyncio
import socket
from dataclasses import replace

import httpx2
import pytest
from sqlalchemy import update

from app.catalogue.intake import upload_hooks
from app.catalogue.service import DatasetService
from app.jobs.tables import job
from app.reports.service import ReportService
from app.routers.store_threads import QUEUE, THREADS
from app.storage.object_store import ObjectStore
from app.storage.resources import Resources
from app.uploads.hooks import Announced
from app.uploads.service import UploadService
from app.uploads.threads import QUEUE as UPLOAD_QUEUE
from app.uploads.threads import THREADS as UPLOAD_THREADS
from app.web.server import serving
from tests.kinds import KINDS

#: More requests than Starlette has threads.
REQUESTS = 50

FIT = THREADS + QUEUE

TUS = {"Tus-Resumable": "1.0.0"}


def ended_reports(resources: Resources, count: int) -> list[str]:
    """Reports that have failed: to remove one removes what it may have left in S3."""
    service = ReportService(resources, KINDS)
    ids = [service.trigger("dummy", {}) for _ in range(count)]
    with resources.engine.begin() as connection:
        connection.execute(update(job).values(kind="uptime", status="failed", error_code="x", error_message="y"))
    return ids


def begun_uploads(resources: Resources, count: int) -> list[str]:
    """Uploads that have begun: to terminate one removes what it may have left in S3."""
    hooks = upload_hooks(DatasetService(resources))
    uploads = UploadService(resources, ("polls",), hooks)
    values = {"length_bytes": 9, "locked": False, "kind": "polls", "filename": None, "options": {}}
    return [uploads._record(Announced(""), **values).id for _ in range(count)]


async def asked(address: str, report_id: str, paths: list[str], *, fit: int) -> tuple[list[int], list[httpx2.Response]]:
    """Statuses of polls and probes while all threads wait for S3, and the answers of what did not have to wait."""
    limits = httpx2.Limits(max_connections=2 * len(paths))
    async with httpx2.AsyncClient(base_url=address, timeout=60, limits=limits, headers=TUS) as http:
        waiting = {asyncio.create_task(http.delete(path)) for path in paths}
        answers: list[httpx2.Response] = []
        while len(answers) < len(paths) - fit:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            answers += [one.result() for one in done]
        polls = [await http.get("/get_report", params={"report_id": report_id}) for _ in range(3)]
        others = [await http.get(path) for path in ("/readyz", "/livez", "/reports")]
        assert not any(one.done() for one in waiting), "S3 has been silent all the time"
        for one in waiting:
            one.cancel()
        return [answer.status_code for answer in polls + others], answers


@pytest.mark.parametrize("what", ["reports", "uploads"])
def test_a_silent_s3_stops_no_poll_and_refuses_what_does_not_fit_into_its_queue(
    resources: Resources, what: str
) -> None:
    report_id, *ids = ended_reports(resources, REQUESTS + 1)
    fit = FIT
    if what == "uploads":
        fit = UPLOAD_THREADS + UPLOAD_QUEUE
        ids = begun_uploads(resources, fit + 5)
    paths = [f"/{what}/{one}" for one in ids]
    with socket.create_server(("127.0.0.1", 0), backlog=2 * len(paths)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        silent = ObjectStore(replace(resources.object_store.address, endpoint_url=url))
        with serving(replace(resources, object_store=silent), slots=0) as address:
            statuses, answers = asyncio.run(asked(address, report_id, paths, fit=fit))
            listener.close()  # or the threads would wait until their time limits
    silent.close()
    assert statuses == [200] * 6
    assert len(answers) == len(paths) - fit
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "object_store_unavailable")
        assert answer.headers["retry-after"] == "2"
