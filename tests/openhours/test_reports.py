"""The client while the server comes and goes."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.storage.resources import Resources
from app.web.server import serving
from openhours import (
    Client,
    DownloadFailed,
    File,
    OpenhoursError,
    ReportFailed,
    ServerUnreachable,
    StillRunning,
    waiting,
)


class Answers(Client):
    """A client whose polls have these outcomes, one after the other."""

    def __init__(self, *outcomes: Mapping[str, Any] | OpenhoursError) -> None:
        super().__init__("http://127.0.0.1:1")
        self._outcomes = list(outcomes)

    def poll(self, report_id: str, *, wait_seconds: float = 0) -> Mapping[str, Any]:  # noqa: ARG002 - the outcomes are given
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, OpenhoursError):
            raise outcome
        return outcome


RUNNING = {"status": "Running", "stage": "loading", "progress": 0.5}
COMPLETE = {"status": "Complete", "files": []}


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "RETRY_SECONDS", 0.0)


def test_a_server_that_is_away_for_a_while_does_not_end_a_report() -> None:
    client = Answers(RUNNING, ServerUnreachable("gone"), ServerUnreachable("still"), RUNNING, COMPLETE)
    assert list(client.follow("x", every_seconds=0)) == [RUNNING, RUNNING, COMPLETE]
    client.close()


def test_a_server_that_stays_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", -1.0)
    client = Answers(RUNNING, ServerUnreachable("gone"))
    with pytest.raises(ServerUnreachable):
        list(client.follow("x", every_seconds=0))
    client.close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            {"status": "Failed", "error": {"code": "worker_crashed", "message": "It died."}},
            r"It died. \(worker_crashed",
        ),
        ({"status": "Cancelled"}, "cancelled"),
    ],
)
def test_a_report_that_ends_without_a_result_is_an_error(answer: Mapping[str, Any], words: str) -> None:
    client = Answers(RUNNING, answer)
    with pytest.raises(ReportFailed, match=words):
        list(client.follow("x", every_seconds=0))
    client.close()


def test_a_file_of_which_a_byte_is_another_one_is_not_kept(resources: Resources, tmp_path: Path) -> None:
    resources.object_store.put_bytes(b"1,2\n", "reports/x/a1/x.csv", media_type="text/csv")
    url = resources.object_store.link("reports/x/a1/x.csv", media_type="text/csv", seconds=60)
    client = Client("http://127.0.0.1:1")
    wrong, right = (File("x.csv", url, 4, 1, hashlib.sha256(content).hexdigest()) for content in (b"1,3\n", b"1,2\n"))
    with pytest.raises(DownloadFailed, match="SHA-256 differs"):
        client.download(wrong, tmp_path / "x.csv")
    assert list(tmp_path.iterdir()) == []
    client.download(right, tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_bytes() == b"1,2\n"
    client.close()


def test_a_wait_has_an_end_and_the_report_goes_on(resources: Resources) -> None:
    with serving(resources, slots=0) as address, Client(address) as nobody_works:
        with pytest.raises(StillRunning, match=r"still running \(queued, 0%\) after 0\.2 seconds") as caught:
            nobody_works.report("uptime", as_of="2023-01-25T18:00:00Z", timeout_seconds=0.2)
        report_id = caught.value.details["report_id"]
        assert nobody_works.poll(report_id)["status"] == "Running"
        assert nobody_works.delete(report_id)["status"] == "Cancelled"
        with pytest.raises(ReportFailed, match="cancelled") as ended:
            nobody_works.wait(report_id)
        assert ended.value.details["error"]["code"] == "cancelled"
