"""Answers as pypistats.org does: the same paths, parameters and members, 404 for what it has no row of.

It keeps the days that lie at most 180 before its own today; a day is there once the night after it is over. A day on
which nobody has installed a package has no row, and neither has one that the site has lost: the two look the same.
"""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

#: Days that the site keeps.
KEPT_DAYS = 180

#: Of each way to count, the parameter that asks for one category only, and the type that the answer names.
_BROKEN_DOWN = {
    "python_major": ("version", "python_major_downloads"),
    "python_minor": ("version", "python_minor_downloads"),
    "system": ("os", "system_downloads"),
}


@dataclass(slots=True)
class Pypistats:
    """A running site.

    Attributes:
        now: its clock.
        installs, mirrored: by package and day, without those by mirrors, and those by mirrors.
        shares: by way to count, the parts of each category, which add up to 1.
        lost: days that the site has lost.
        lag_days: how long it takes until a day is there, beside the night after it.
        refusals: status and headers of the answers that come next instead of what was asked for.
        asked: paths with their queries, in order.
    """

    now: datetime
    installs: dict[str, dict[date, int]] = field(default_factory=dict)
    mirrored: dict[str, dict[date, int]] = field(default_factory=dict)
    shares: dict[str, dict[str, float]] = field(
        default_factory=lambda: {
            "python_major": {"2": 0.25, "3": 0.75},
            "python_minor": {"2.7": 0.25, "3.12": 0.5, "null": 0.25},
            "system": {"Darwin": 0.25, "Linux": 0.5, "null": 0.25},
        }
    )
    lost: set[date] = field(default_factory=set)
    lag_days: int = 0
    refusals: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)
    address: str = ""

    def days(self) -> Iterator[date]:
        """The days that it can tell of, oldest first."""
        latest = self.now.date() - timedelta(days=1 + self.lag_days)
        for before in range(KEPT_DAYS - 1, -1, -1):
            if (day := latest - timedelta(days=before)) not in self.lost:
                yield day

    def answer(self, target: str) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body."""
        self.asked.append(target)
        if self.refusals:
            status, headers = self.refusals.popleft()
            return status, headers, {"message": "RATE LIMIT EXCEEDED"} if status == 429 else None
        split = urlsplit(target)
        parts, query = split.path.strip("/").split("/"), dict(parse_qsl(split.query))
        if len(parts) != 4 or parts[:2] != ["api", "packages"]:
            return 404, {}, None
        package = parts[2].replace(".", "-").replace("_", "-")
        body = self._body(package, parts[3], query)
        return (404, {}, None) if body is None else (200, {}, body)

    def _body(self, package: str, endpoint: str, query: dict[str, str]) -> dict[str, Any] | None:
        if package not in self.installs:
            return None
        if endpoint == "recent":
            return {"data": self._recent(package, query), "package": package, "type": "recent_downloads"}
        if endpoint == "overall":
            data, kind = self._overall(package, query.get("mirrors")), "overall_downloads"
        elif endpoint in _BROKEN_DOWN:
            parameter, kind = _BROKEN_DOWN[endpoint]
            data = self._broken_down(package, self.shares[endpoint], query.get(parameter))
        else:
            return None
        return {"data": data, "package": package, "type": kind} if data else None

    def _recent(self, package: str, query: dict[str, str]) -> dict[str, int]:
        latest = self.now.date() - timedelta(days=1 + self.lag_days)
        spans = {"last_day": 1, "last_week": 7, "last_month": 30}
        sums = {
            name: sum(n for day, n in self.installs[package].items() if latest - timedelta(days=span) < day <= latest)
            for name, span in spans.items()
        }
        return sums if (period := query.get("period")) is None else {f"last_{period}": sums[f"last_{period}"]}

    def _overall(self, package: str, mirrors: str | None) -> list[dict[str, Any]]:
        own, theirs = self.installs[package], self.mirrored.get(package, {})
        wanted = {"true": ("with_mirrors",), "false": ("without_mirrors",)}.get(
            mirrors or "", ("with_mirrors", "without_mirrors")
        )
        return [
            {"category": category, "date": day.isoformat(), "downloads": count}
            for category in wanted
            for day in self.days()
            if (count := own.get(day, 0) + (theirs.get(day, 0) if category == "with_mirrors" else 0))
        ]

    def _broken_down(self, package: str, shares: dict[str, float], only: str | None) -> list[dict[str, Any]]:
        return [
            {"category": category, "date": day.isoformat(), "downloads": count}
            for category, share in shares.items()
            if only in {None, category}
            for day in self.days()
            if (count := round(self.installs[package].get(day, 0) * share))
        ]


@contextmanager
def serve(site: Pypistats) -> Iterator[Pypistats]:
    """The site on a free port of loopback, with its address, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = site.answer(self.path)
            content = b"<h1>Not Found</h1>" if body is None else json.dumps(body).encode()
            self.send_response_only(status)
            for name, value in {"Date": format_datetime(site.now, usegmt=True), **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "text/html" if body is None else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        site.address = f"http://127.0.0.1:{server.server_address[1]}/api"
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


def noon(day: date) -> datetime:
    """Noon of a day, in UTC."""
    return datetime.combine(day, time(12), UTC)
