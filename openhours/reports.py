"""Reports: trigger, poll, wait, download, read into a DataFrame."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import quote

from openhours.connection import Connection
from openhours.errors import InvalidInput, ReportFailed, StillRunning
from openhours.files import File, download
from openhours.parameters import as_json, recipients
from openhours.waiting import POLL_SECONDS, WAIT_SECONDS, answers, interval

if TYPE_CHECKING:
    import pandas as pd


#: How the names of the parts of a roll-up begin.
_ROLLUP_PART = "rollup-"


class ReportWarning(TypedDict):
    """What is probably not meant in a report that was made all the same; plain JSON.

    ``count`` is the number of cases, ``examples`` has up to five of them.
    """

    code: str
    message: str
    count: int
    examples: list[str]


class Reports(Connection):
    """What a client asks of reports."""

    def report(
        self,
        kind: str = "uptime",
        /,
        *,
        timeout_seconds: float = WAIT_SECONDS,
        notify: str | Sequence[str] = (),
        **params: Any,
    ) -> "pd.DataFrame":
        """Trigger a report, wait for it, download its first file.

        Args:
            kind: report kind, such as ``uptime`` or ``pull_requests``.
            timeout_seconds: how long to wait for its end.
            notify: as trigger() takes it.
            params: parameters of the kind; instants may be datetimes, lists may be arrays or columns.

        Returns:
            The rows; ``attrs`` has ``report_id``, ``as_of`` (ISO 8601), ``files``, the names for frame() and read(),
            and ``warnings``, a list of ReportWarning.

        Raises:
            ReportFailed: it ended without a result.
            StillRunning: it has not ended in time, and goes on.
        """
        return self.frame(self.trigger(kind, params, notify=notify), timeout_seconds=timeout_seconds)

    def trigger(
        self,
        kind: str = "uptime",
        params: Mapping[str, Any] | None = None,
        *,
        notify: str | Sequence[str] | Mapping[str, Any] = (),
    ) -> str:
        """Start a report; returns its id.

        Args:
            kind: report kind.
            params: of the kind.
            notify: who is told when it has ended: names of webhooks, and addresses that may get mail; or an object
                with ``to`` and ``attach``, what mails carry.
        """
        given = {name: as_json(name, value) for name, value in (params or {}).items()}
        told = {"notify": recipients(notify)} if notify else {}  # servers of before know no such member
        answer = self._ask("POST", "/trigger_report", json={"report": kind, "params": given, **told})
        return str(answer["report_id"])

    def poll(self, report_id: str, *, wait_seconds: float = 0) -> Mapping[str, Any]:
        """How a report stands, as answered: at its end, or after that long."""
        query = {"report_id": report_id, "wait": wait_seconds}
        return self._ask("GET", "/get_report", params=query)

    def follow(self, report_id: str, *, every_seconds: float = POLL_SECONDS) -> Iterator[Mapping[str, Any]]:
        """Answers to polls until the report has ended; the last one is Complete.

        Raises:
            ReportFailed: it failed or was cancelled.
        """
        for answer in answers(lambda: self.poll(report_id, wait_seconds=every_seconds), every_seconds=every_seconds):
            if answer["status"] != "Running":
                break
            yield answer
        if answer["status"] != "Complete":
            error = answer.get("error", {"code": "cancelled", "message": "The report was cancelled."})
            raise ReportFailed(f"{error['message']} ({error['code']})", report_id=report_id, error=error)
        yield answer

    def wait(self, report_id: str, *, timeout_seconds: float = WAIT_SECONDS) -> Mapping[str, Any]:
        """The last answer for a report, with ``as_of`` and links to its ``files``.

        Raises:
            ReportFailed, StillRunning: as report().
        """
        deadline = monotonic() + timeout_seconds
        for answer in self.follow(report_id, every_seconds=interval(timeout_seconds)):
            if answer["status"] == "Running" and monotonic() >= deadline:
                raise StillRunning(
                    f"Report {report_id} is still running ({answer['stage']}, {answer['progress']:.0%}) after "
                    f"{timeout_seconds:g} seconds. It goes on: wait for it again, or delete it.",
                    report_id=report_id,
                )
        return answer

    def files(self, report_id: str, *, timeout_seconds: float = WAIT_SECONDS) -> list[File]:
        """The files of a report, with links that were made just now; waits for its end."""
        return [File.of(one) for one in self.wait(report_id, timeout_seconds=timeout_seconds)["files"]]

    def frame(
        self, report_id: str, name: str | None = None, *, timeout_seconds: float = WAIT_SECONDS
    ) -> "pd.DataFrame":
        """A table of a report, CSV or Parquet, as report() returns it; waits for its end.

        Args:
            report_id: which report.
            name: which of its files. Default: the first.
            timeout_seconds: how long to wait for its end.

        Raises:
            InvalidInput: it has no such file, or that is no table.
            ReportFailed, StillRunning: as report().
        """
        from openhours import frames  # noqa: PLC0415 - pandas takes half a second to import

        answer = self.wait(report_id, timeout_seconds=timeout_seconds)
        files = [File.of(one) for one in answer["files"]]
        with tempfile.TemporaryDirectory(prefix="openhours-") as folder:
            file = _named(name or files[0].name, files)
            frame = frames.read(self.download(file, folder), self._columns(report_id, file))
        # Plain JSON: pandas writes attrs into Parquet files.
        warnings: list[ReportWarning] = list(answer["warnings"])
        names = [file.name for file in files]
        frame.attrs = {"report_id": report_id, "as_of": answer["as_of"], "files": names, "warnings": warnings}
        return frame

    def read(self, report_id: str, name: str) -> bytes:
        """A file of a report as it is, such as a chart; waits for its end."""
        with tempfile.TemporaryDirectory(prefix="openhours-") as folder:
            return self.download(_named(name, self.files(report_id)), folder).read_bytes()

    def download(self, file: File, path: Path | str) -> Path:
        """Download a file to a path, or under its own name into a folder; it appears only when it is whole.

        Raises:
            DownloadFailed: other bytes came, or none.
        """
        target = Path(path)
        target = target / file.name if target.is_dir() else target
        download(self._http, file, target, address=self.address)
        return target

    def details(self, report_id: str) -> Mapping[str, Any]:
        """A report as reports() lists it, and its ``params``."""
        return self._ask("GET", f"/reports/{quote(report_id, safe='')}")

    def summary(self, report_id: str) -> Mapping[str, Any]:
        """What the rows of a complete report come to, for kinds that say so."""
        return self._ask("GET", f"/reports/{quote(report_id, safe='')}/summary")

    def explain(self, report_id: str, key: str) -> Mapping[str, Any]:
        """Why the figures of one entity of a report are what they are, for kinds that can say so."""
        return self._ask("GET", f"/reports/{quote(report_id, safe='')}/entities/{quote(key, safe='')}")

    def entity_chart(self, report_id: str, key: str, *, date: str | None = None) -> bytes:
        """The days of one entity of a report as PNG, or the one local day that is given (ISO 8601)."""
        path = f"/reports/{quote(report_id, safe='')}/entities/{quote(key, safe='')}/chart.png"
        return self._response("GET", path, params={} if date is None else {"date": date}).content

    def delete(self, report_id: str) -> Mapping[str, Any]:
        """Cancel or remove a report; what became of it, as answered."""
        return self._ask("DELETE", f"/reports/{quote(report_id, safe='')}")

    def reports(
        self, *, kind: str | None = None, status: str | None = None, limit: int | None = None
    ) -> "pd.DataFrame":
        """Reports, newest first, a row each.

        Args:
            kind: only of this report kind.
            status: only ``queued``, ``running``, ``complete``, ``failed`` or ``cancelled``.
            limit: at most so many. Default: all.
        """
        from openhours import frames  # noqa: PLC0415 - as above

        return frames.of_rows(self._rows("reports", kind=kind, status=status, most=limit))

    def _columns(self, report_id: str, file: File) -> Mapping[str, str]:
        """What is known of the columns of a file of a report."""
        from openhours import frames  # noqa: PLC0415 - as above

        if file.name.startswith(_ROLLUP_PART):
            details = self.details(report_id)
            if details["report"] == "rollup":
                return frames.of_rollup(details["params"])
        return self._declared()

    def _declared(self) -> Mapping[str, str]:
        """What the columns are that reports take over from files: as the dataset kinds declare them."""
        from openhours import frames  # noqa: PLC0415 - as above

        found = {}
        for kind in self._list("/datasets/kinds"):
            for column in kind["columns"]:
                meant = frames.declared(column)
                found.update(dict.fromkeys((column["name"], *column["aliases"]), meant) if meant else {})
        return found


def _named(name: str, files: list[File]) -> File:
    for file in files:
        if file.name == name:
            return file
    raise InvalidInput(f"The report has no file {name!r}; it has {', '.join(file.name for file in files)}")
