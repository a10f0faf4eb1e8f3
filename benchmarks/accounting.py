"""Exact against hourly accounting on the same polls, in turns, and explaining single stores over HTTP."""

from collections.abc import Sequence
from statistics import median
from time import perf_counter
from typing import Any, Final

from app.settings import Settings
from benchmarks.one_report import Measured, measured
from openhours.client import Client

#: Of what, and the parameters of the report but for its accounting.
Asked = tuple[str, dict[str, Any]]

#: Stores that are explained.
EXPLAINED: Final = 20

ACCOUNTINGS: Final = ("hourly", "exact")


def compare(url: str, settings: Settings, asked: Sequence[Asked], rounds: int) -> None:
    """Make each report some times in both accountings, all in turns; print medians and their ratios."""
    found: dict[tuple[str, str], list[Measured]] = {}
    for _ in range(rounds):
        for what, params in asked:
            for accounting in ACCOUNTINGS:
                one = measured(url, settings, {**params, "accounting": accounting})
                found.setdefault((what, accounting), []).append(one)
    for (what, accounting), of_rounds in found.items():
        wall, processor = (median(getattr(one, name) for one in of_rounds) for name in ("seconds", "cpu_seconds"))
        print(
            f"{what:>13}, {accounting:<6} {wall:7.2f} s {processor:7.2f} s of processor "
            f"{max(one.peak_mib for one in of_rounds):6,} MiB {of_rounds[0].rows:9,} rows",
            flush=True,
        )
    for what, _ in asked:
        wall, processor = (
            median(getattr(one, name) for one in found[what, "exact"])
            / median(getattr(one, name) for one in found[what, "hourly"])
            for name in ("seconds", "cpu_seconds")
        )
        print(f"{what:>13}: exact takes {wall:.2f} x hourly, {processor:.2f} x of the processor (aim 1.5)", flush=True)


def explain(client: Client, asked: Sequence[Asked]) -> None:
    """Ask why, over HTTP, of some stores of each report; print medians."""
    keys = [one["key"] for one in client.page("entities", kind="store", limit=EXPLAINED)["entities"]]
    for what, params in asked:
        for accounting in ACCOUNTINGS:
            report_id = client.trigger("uptime", {**params, "accounting": accounting, "stores": keys})
            client.wait(report_id)
            seconds = [_explained(client, report_id, key) for key in keys]
            print(
                f"{what:>13}, {accounting:<6} explain one store: median {1000 * median(seconds):.0f} ms, "
                f"longest of {len(keys)} {1000 * max(seconds):.0f} ms (aim 300)",
                flush=True,
            )


def _explained(client: Client, report_id: str, key: str) -> float:
    begin = perf_counter()
    client.explain(report_id, key)
    return perf_counter() - begin
