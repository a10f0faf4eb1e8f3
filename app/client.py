"""A client of the HTTP API, as the commands and the demo use it."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final
from urllib.parse import quote

import httpx2

from app.errors import OpenhoursError, ReportFailed, ServerUnreachable, Unavailable

#: How long the server may hold back a poll of a report that runs; it answers at once when the report ends, seconds.
POLL_SECONDS: Final = 0.5

#: While a report is followed the server may be away for this long, as during a roll-out, seconds.
PATIENCE_SECONDS: Final = 30

#: Wait before a server that was away is asked again, seconds.
RETRY_SECONDS: Final = 1.0

#: A server that does not answer within this is not there, seconds.
TIMEOUT_SECONDS: Final = 30.0


class Problem(OpenhoursError):
    """A problem document that a server answered, with its own code and status."""

    def __init__(self, document: Mapping[str, Any], status: int) -> None:
        super().__init__(str(document.get("detail") or f"The server answered {status}."))
        self.code = str(document.get("code", "http_error"))
        self.status = status


@dataclass(frozen=True, slots=True)
class File:
    """A file of a complete report."""

    name: str
    url: str
    bytes: int
    rows: int
    sha256: str


class Client:
    """Talks to one server; close it after use."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._http = httpx2.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def trigger(self, kind: str, params: Mapping[str, Any]) -> str:
        """Start a report; returns its id."""
        answer = self._ask("POST", "/trigger_report", json={"report": kind, "params": dict(params)})
        return str(answer["report_id"])

    def poll(self, report_id: str, *, wait_seconds: float = 0) -> Mapping[str, Any]:
        """How a report stands, as answered: at its end, or after that long."""
        return self._ask("GET", "/get_report", params={"report_id": report_id, "wait": wait_seconds})

    def delete(self, report_id: str) -> Mapping[str, Any]:
        """Cancel or remove a report; what became of it, as answered."""
        return self._ask("DELETE", f"/reports/{quote(report_id, safe='')}")

    def follow(self, report_id: str, *, every_seconds: float = POLL_SECONDS) -> Iterator[Mapping[str, Any]]:
        """Answers to polls until the report has ended; the last one is Complete.

        Raises:
            ReportFailed: it failed or was cancelled.
        """
        while True:
            next_at = monotonic() + every_seconds
            answer = self._patiently(lambda: self.poll(report_id, wait_seconds=every_seconds))
            if answer["status"] != "Running":
                break
            yield answer
            sleep(max(next_at - monotonic(), 0))  # a server that stops answers sooner
        if answer["status"] != "Complete":
            error = answer.get("error", {"code": "cancelled", "message": "The report was cancelled."})
            raise ReportFailed(f"{error['message']} ({error['code']})")
        yield answer

    def _patiently(self, ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """The answer; a server that is away for a while does not end work that goes on."""
        deadline = monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return ask()
            except OpenhoursError as error:
                if error.status != Unavailable.status or monotonic() > deadline:
                    raise
            sleep(RETRY_SECONDS)

    def reports(self, **query: Any) -> Mapping[str, Any]:
        """One page of the list of reports, as answered."""
        return self._page("/reports", query)

    def datasets(self, **query: Any) -> Mapping[str, Any]:
        """One page of the list of datasets, as answered."""
        return self._page("/datasets", query)

    def follow_dataset(self, dataset_id: str, *, every_seconds: float = POLL_SECONDS) -> Iterator[Mapping[str, Any]]:
        """Answers to polls until the dataset is ready or rejected."""
        path = f"/datasets/{quote(dataset_id, safe='')}"
        while True:
            next_at = monotonic() + every_seconds
            answer = self._patiently(lambda: self._ask("GET", path, params={"wait": every_seconds}))
            yield answer
            if answer["status"] in {"ready", "rejected"}:
                return
            sleep(max(next_at - monotonic(), 0))

    def entities(self, **query: Any) -> Mapping[str, Any]:
        """One page of the list of entities, as answered."""
        return self._page("/entities", query)

    def download(self, file: File, path: Path) -> None:
        """Download a file of a report; it appears under its name only when it is whole."""
        digest = hashlib.sha256()
        part = path.with_name(path.name + ".part")
        try:
            with (
                client_errors(file.url.split("?")[0]),
                self._http.stream("GET", file.url) as response,
                part.open("wb") as out,
            ):
                if response.status_code != 200:
                    raise Unavailable(f"The object store answered {response.status_code} for {file.name}.")
                for block in response.iter_bytes():
                    digest.update(block)
                    out.write(block)
            if digest.hexdigest() != file.sha256:
                raise Unavailable(f"{file.name} did not arrive whole: its SHA-256 differs. Poll and download again.")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _page(self, path: str, query: Mapping[str, Any]) -> Mapping[str, Any]:
        """A list as answered; what is None is not asked for."""
        return self._ask("GET", path, params={name: value for name, value in query.items() if value is not None})

    def _ask(self, method: str, path: str, **options: Any) -> Mapping[str, Any]:
        with client_errors(self.address):
            response = self._http.request(method, self.address + path, **options)
        if not response.is_success:
            raise problem_of(response, self.address)
        return _body(response, self.address)


def problem_of(response: httpx2.Response, address: str) -> OpenhoursError:
    """What an answer other than success means."""
    try:
        return Problem(_body(response, address), response.status_code)
    except ServerUnreachable as error:
        return error


def _body(response: httpx2.Response, address: str) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ServerUnreachable(f"{address} answers {response.status_code}, but not as an Openhours server.")
    return body


@contextmanager
def client_errors(address: str) -> Iterator[None]:
    """Turn a server that does not answer into ServerUnreachable."""
    try:
        yield
    except (httpx2.TransportError, httpx2.InvalidURL) as error:
        raise ServerUnreachable(f"{address} does not answer: {error}") from error
