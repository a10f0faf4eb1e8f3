"""Speed and memory of the pull-request report at full size, beside a plain pandas loop, in turns, in one run.

    python -m benchmarks.pull_requests --pulls 100000 --teams 200

Trigger to Complete on the real servers, each figure the median of several rounds. The loop is what one would write in a
notebook: one Python call per pull request that walks over the days between two instants; it is given fewer rows, and
what it would take for all of them is told.
"""

import argparse
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from app.demo_data.files import write
from app.ingest.load import load
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.settings import Settings
from app.storage.resources import addresses
from benchmarks.bench import database, engine_of, row, served, timed
from openhours.client import Client

ROUNDS = 5
DAYS = 365
END = date(2025, 1, 1)

#: What is asked for in each round, and the aim, seconds.
ASKED: Mapping[str, tuple[dict[str, Any], float | None]] = {
    "without charts": ({"charts": False}, 2.0),
    "without charts, with hourly.csv": ({"charts": False, "hourly": True}, None),
    "with eight charts": ({}, 8.0),
}

#: From which instant to which a phase lasts, as the loop has it: where the first named is not known, the next counts.
PHASES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "coding_time": (("first_commit_at",), ("created_at",)),
    "pickup_time": (("ready_at", "created_at"), ("first_review_at",)),
    "review_time": (("first_review_at",), ("approved_at", "merged_at")),
    "merge_time": (("approved_at",), ("merged_at",)),
    "cycle_time": (("first_commit_at", "created_at"), ("merged_at",)),
}

#: Rows that the loop is given.
LOOP_ROWS = 2_000


def run(client: Client, params: dict[str, Any]) -> None:
    for _ in client.follow(client.trigger("pull_requests", params)):
        pass


def ends_of(pull: Any, names: tuple[tuple[str, ...], tuple[str, ...]]) -> tuple[datetime, datetime] | None:
    start, end = (next((pull[one] for one in which if pull[one] is not pd.NaT), None) for which in names)
    if start is None or end is None or start > end:
        return None
    return start.to_pydatetime(), end.to_pydatetime()


def plain_loop(folder: Path, rows: int) -> float:
    """Seconds that a pandas loop takes for so many rows: durations of every phase, then figures per team."""
    pulls = pd.read_csv(folder / "pull_requests.csv", nrows=rows)
    for name in pulls.columns[pulls.columns.str.endswith("_at")]:
        pulls[name] = pd.to_datetime(pulls[name], utc=True)
    zones = pd.read_csv(folder / "team_timezones.csv").set_index("team")["timezone_str"].to_dict()
    hours: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for window in pd.read_csv(folder / "team_hours.csv").itertuples():
        times = (window.start_time_local, window.end_time_local)
        hours.setdefault((window.team, window.day), []).append(times)
    with_hours = {team for team, _ in hours}

    def working_seconds(team: str, start: datetime, end: datetime) -> float:
        zone = ZoneInfo(zones.get(team, "America/Chicago"))
        total, day = 0.0, start.astimezone(zone).date() - timedelta(days=1)
        while day <= end.astimezone(zone).date():
            usual = [("09:00:00", "17:00:00")] if team not in with_hours and day.weekday() < 5 else []
            for opens, closes in hours.get((team, day.weekday()), usual):
                opened = datetime.fromisoformat(f"{day}T{opens}").replace(tzinfo=zone)
                closed = datetime.fromisoformat(f"{day}T{closes}").replace(tzinfo=zone)
                if closed <= opened:
                    closed += timedelta(days=1)
                inside = min(closed.astimezone(UTC), end) - max(opened.astimezone(UTC), start)
                total += max(inside.total_seconds(), 0)
            day += timedelta(days=1)
        return total

    def durations(pull: Any) -> dict[str, float | None]:
        ends = {phase: ends_of(pull, names) for phase, names in PHASES.items()}
        return {phase: working_seconds(pull["team"], *found) if found else None for phase, found in ends.items()}

    def everything() -> None:
        found = pulls.apply(durations, axis=1, result_type="expand").astype(float)
        found.groupby(pulls["team"]).agg(["count", "mean", "median", lambda one: one.quantile(0.9)])

    return timed(everything)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pulls", type=int, default=100_000)
    parser.add_argument("--teams", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--port", type=int, default=18769)
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="openhours-bench-") as folder:
        home = Path(folder)
        settings = Settings(home=home, database_url=None, redis_url=None, s3_endpoint_url=None)
        with addresses(settings) as where, database(where) as url:
            measure(url, home, arguments)


def measure(url: str, home: Path, arguments: argparse.Namespace) -> None:
    write(
        home / "data",
        stores=1,
        days=DAYS,
        size=None,
        seed=1,
        end=END,
        force=False,
        progress=lambda *_: None,
        pull_requests=arguments.pulls,
        team_count=arguments.teams,
    )
    print(f"{arguments.pulls:,} pull requests of {arguments.teams} teams; medians of {arguments.rounds} rounds\n")
    with engine_of(url) as engine:
        for name, kind in (
            ("team_hours", "hours"),
            ("team_timezones", "timezones"),
            ("pull_requests", "pull_requests"),
        ):
            file = FileSource(home / "data" / f"{name}.csv")
            begin = perf_counter()
            load(engine, DATASET_KINDS[kind], file, now=datetime.now(UTC))
            seconds = perf_counter() - begin
    row("load of the pull requests: check, stage, merge", f"{seconds:.2f} s")
    rows = min(LOOP_ROWS, arguments.pulls)
    took: dict[str, list[float]] = {name: [] for name in ASKED}
    loops: list[float] = []
    peaks: dict[str, int] = {}
    with served(url, home, arguments.port) as (client, log):
        run(client, {"charts": False})  # warms up
        for _ in range(arguments.rounds):
            for name, (params, _) in ASKED.items():
                took[name].append(timed(partial(run, client, params)))
                peaks[name] = max(peaks.get(name, 0), int(re.findall(r"peak memory (\d+) MiB", log.read_text())[-1]))
            loops.append(plain_loop(home / "data", rows))
    for name, (_, aim) in ASKED.items():
        row(f"trigger to Complete {name}", f"{median(took[name]):.2f} s", f"(aim {aim:g})" if aim else "")
        row("    peak memory of the report's process", f"{peaks[name]} MiB", "(aim 500)")
    whole = median(loops) * arguments.pulls / rows
    times = whole / median(took["without charts"])
    row(f"plain pandas loop over {rows:,} of them", f"{median(loops):.2f} s", f"all: {whole:.0f} s, {times:.0f} x ours")


if __name__ == "__main__":
    main()
