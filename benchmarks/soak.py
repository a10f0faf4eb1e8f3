"""An hour of mixed, wrong and slow callers on one ``openhours serve``: does it stay small, and do polls stay fast?

    make soak                        an hour at 50 requests a second
    make soak SOAK_MINUTES=5         a quick look

Ends with exit code 1 when memory or descriptors grew beyond their bound, polls were slower than promised, or an answer
was an error of ours.
"""

import argparse
import asyncio
import json
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from os import environ
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from urllib.parse import urlsplit

import httpx2
import psutil

from benchmarks.poll_load import percentiles

SAMPLE_DATA = Path(__file__).parents[1] / "sample_data"

PER_SECOND = 50

#: Clients that send a byte now and then, for as long as they are let.
SLOW_CALLERS = 10

#: The first part of the run fills caches and pools; growth is counted from its end, as a share of the run.
WARM_UP = 0.2

#: Bounds of the growth after that: memory of the replica and its processes, MiB; open descriptors of the replica.
MAX_GROWTH_MIB = 64
MAX_GROWTH_FDS = 50

#: p99 of polls, milliseconds.
MAX_POLL_MS = 50

#: Errors of ours; a 503 says to come back.
DEFECTS = frozenset({500, 502, 504})


@dataclass(slots=True)
class Seen:
    """What came back."""

    statuses: Counter[str] = field(default_factory=Counter)
    poll_seconds: list[float] = field(default_factory=list)
    report_ids: list[str] = field(default_factory=list)
    slow_ends: int = 0


class Callers:
    """Requests at a fixed rate, whether or not the last were answered."""

    def __init__(self, address: str, *, seed: int) -> None:
        self.seen = Seen()
        self._chance = random.Random(seed)  # noqa: S311 - a load, not a secret
        self._address = address
        self._client = httpx2.AsyncClient(base_url=address, timeout=60, limits=httpx2.Limits(max_connections=64))
        self._makers = {
            self._poll: 60,
            self._wrong: 15,
            self._list: 10,
            self._report: 8,
            self._trigger: 2,
            self._small_file: 1,
            self._summary: 2,
            self._probe: 2,
        }

    async def run(self, seconds: float) -> None:
        tasks: set[asyncio.Task[None]] = set()
        slow = [asyncio.create_task(self._slow(number)) for number in range(SLOW_CALLERS)]
        begin = monotonic()
        for number in range(int(seconds * PER_SECOND)):
            await asyncio.sleep(max(0.0, begin + number / PER_SECOND - monotonic()))
            (make,) = self._chance.choices([*self._makers], [*self._makers.values()])
            task = asyncio.create_task(make())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        await self._client.aclose()

    async def _ask(self, method: str, path: str, **options: object) -> httpx2.Response | None:
        try:
            answer = await self._client.request(method, path, **options)  # type: ignore[arg-type]
        except httpx2.HTTPError as error:
            self.seen.statuses[type(error).__name__] += 1
            return None
        self.seen.statuses[str(answer.status_code)] += 1
        return answer

    def _id(self) -> str:
        return self._chance.choice(self.seen.report_ids[-500:]) if self.seen.report_ids else "0" * 32

    async def _poll(self) -> None:
        begin = monotonic()
        if await self._ask("GET", f"/get_report?report_id={self._id()}") is not None:
            self.seen.poll_seconds.append(monotonic() - begin)

    async def _report(self) -> None:
        await self._ask("GET", f"/reports/{self._id()}")

    async def _summary(self) -> None:
        await self._ask("GET", f"/reports/{self._id()}/summary")

    async def _list(self) -> None:
        pages = ("/reports?limit=50", "/reports?status=failed", "/datasets", "/entities?kind=store", "/reports/kinds")
        await self._ask("GET", self._chance.choice(pages))

    async def _probe(self) -> None:
        await self._ask("GET", self._chance.choice(["/livez", "/readyz", "/metrics", "/openapi.json"]))

    async def _trigger(self) -> None:
        kind, params = self._chance.choice(
            [("uptime", {"lookback_hours": 24}), ("uptime", {"hourly": True}), ("pull_requests", {})]
        )
        answer = await self._ask("POST", "/trigger_report", json={"report": kind, "params": params})
        if answer is not None and answer.status_code == 202:
            self.seen.report_ids.append(answer.json()["report_id"])

    async def _small_file(self) -> None:
        store, minute = self._chance.randrange(50), self._chance.randrange(60)
        row = f"store_id,status,timestamp_utc\nsoak-{store},active,2023-01-25 10:{minute:02}:00.000000 UTC\n"
        await self._ask("POST", "/datasets?kind=polls", content=row.encode())

    async def _wrong(self) -> None:
        wrong = [
            (
                "POST",
                "/trigger_report",
                {"content": b'{"report": "uptime", ', "headers": {"Content-Type": "application/json"}},
            ),
            ("POST", "/trigger_report", {"json": {"report": "uptiem"}}),
            ("POST", "/trigger_report", {"json": {"params": {"stores": [None] * 500, "lookback_hours": "x"}}}),
            ("POST", "/trigger_report", {"json": {"params": {"stores": ["no such store", "x" * 200]}}}),
            ("GET", "/get_report?report_id=7", {}),
            ("GET", "/reports?stauts=complete", {}),
            ("GET", "/no/such/page", {}),
            ("DELETE", f"/reports/{'f' * 32}", {}),
            ("POST", "/datasets?kind=polls", {"content": self._chance.randbytes(2000)}),
            ("PATCH", f"/uploads/{'f' * 32}", {"content": b"x"}),
            ("GET", f"/get_report?report_id={'0' * 32}", {"headers": {"X-Long": "y" * 20_000}}),
        ]
        method, path, options = self._chance.choice(wrong)
        await self._ask(method, path, **options)  # type: ignore[arg-type]

    async def _slow(self, number: int) -> None:
        """One caller after the other that sends a byte a second: of a head, or of a body."""
        url = urlsplit(self._address)
        head = b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: "
        body = b"POST /datasets?kind=polls HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
        while True:
            reader, writer = await asyncio.open_connection(url.hostname, url.port)
            try:
                writer.write(body if number % 2 else head)
                while not reader.at_eof():
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(1)
            except OSError:
                pass
            finally:
                self.seen.slow_ends += 1
                writer.close()
            await asyncio.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Size:
    """Of a replica with its processes, at a moment; ``fds`` of the replica alone."""

    mib: float
    fds: int


async def watch(replica: psutil.Process, sizes: list[Size], *, every_seconds: float) -> None:
    while True:
        mib = 0.0
        for process in [replica, *replica.children(recursive=True)]:
            try:
                if not is_server(process):
                    mib += process.memory_full_info().uss / (1 << 20)
            except psutil.Error:  # it has ended meanwhile
                continue
        sizes.append(Size(mib, replica.num_fds()))
        await asyncio.sleep(every_seconds)


def is_server(process: psutil.Process) -> bool:
    """Postgres, Redis and rclone grow with their data."""
    return not any("python" in part for part in process.cmdline()[:1])


async def soak(address: str, replica: psutil.Process, *, minutes: float) -> tuple[Seen, list[Size]]:
    callers = Callers(address, seed=1)
    sizes: list[Size] = []
    watching = asyncio.create_task(watch(replica, sizes, every_seconds=max(minutes, 1)))
    await callers.run(minutes * 60)
    watching.cancel()
    return callers.seen, sizes


def median(numbers: list[float]) -> float:
    return sorted(numbers)[len(numbers) // 2]


def verdict(seen: Seen, sizes: list[Size]) -> bool:
    """Print what was seen; whether all bounds were kept."""
    settled = sizes[int(len(sizes) * WARM_UP) :]
    tenth = max(len(settled) // 10, 1)
    first, last = settled[:tenth], settled[-tenth:]
    growth_mib = median([size.mib for size in last]) - median([size.mib for size in first])
    growth_fds = median([size.fds for size in last]) - median([size.fds for size in first])
    p50, p99 = percentiles(seen.poll_seconds)
    print(f"{seen.statuses.total():,} requests: " + ", ".join(f"{n:,} x {s}" for s, n in seen.statuses.most_common()))
    print(f"{len(seen.report_ids):,} reports, {seen.slow_ends:,} slow callers were shut out")
    print(f"poll                     p50 {p50:.1f} ms, p99 {p99:.1f} ms  (aim p99 {MAX_POLL_MS})")
    print(
        f"memory after warming up  {median([s.mib for s in first]):.0f} MiB, {growth_mib:+.0f}  (aim {MAX_GROWTH_MIB})"
    )
    print(f"open descriptors         {median([s.fds for s in first]):.0f}, {growth_fds:+.0f}  (aim {MAX_GROWTH_FDS})")
    defects = sum(number for status, number in seen.statuses.items() if status.isdigit() and int(status) in DEFECTS)
    print(f"errors of ours           {defects}  (aim 0)")
    return p99 <= MAX_POLL_MS and growth_mib <= MAX_GROWTH_MIB and growth_fds <= MAX_GROWTH_FDS and not defects


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    minutes = parser.parse_args().minutes
    with TemporaryDirectory(prefix="openhours-soak-") as folder:
        variables = {**environ, "OPENHOURS_HOME": f"{folder}/home"}
        for kind in ("hours", "timezones", "polls", "pull_requests"):
            command = [sys.executable, "-m", "app", "load", kind, str(SAMPLE_DATA / f"{kind}.csv")]
            subprocess.run(command, env=variables, check=True, capture_output=True)
        log = Path(folder) / "log"
        with log.open("wb") as out:
            serving = subprocess.Popen([sys.executable, "-m", "app", "serve", "--port", "0"], env=variables, stderr=out)
        try:
            address = _address(serving, log)
            seen, sizes = asyncio.run(soak(address, psutil.Process(serving.pid), minutes=minutes))
        finally:
            serving.send_signal(signal.SIGINT)
            serving.wait(60)
        is_kept = verdict(seen, sizes)
        loud = Counter(line["event"][:60] for line in _lines(log) if line.get("level") in {"error", "critical"})
        print("errors in the log        " + (json.dumps(loud) if loud else "none"))
    sys.exit(0 if is_kept and not loud else 1)


def _address(serving: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = monotonic() + 60
    while monotonic() < deadline and serving.poll() is None:
        found = re.search(r"listening on (http://[^,\s]+)", log.read_text())
        if found and "0.0.0.0" not in found[1]:  # noqa: S104 - looked for, not listened on
            return found[1]
    raise SystemExit(f"the server did not start:\n{log.read_text()}")


def _lines(log: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


if __name__ == "__main__":
    main()
