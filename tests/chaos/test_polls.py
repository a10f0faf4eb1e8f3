"""Polls are answered quickly while every slot computes."""

import asyncio
from itertools import cycle
from pathlib import Path
from statistics import median
from time import sleep

import pytest

from benchmarks.poll_load import percentiles, poll_latencies
from tests.chaos.conftest import Stage
from tests.chaos.ledger import RUNNING
from tests.chaos.test_poison import trigger_trouble

PER_SECOND = 200
SECONDS = 8

#: The median of so many rounds counts.
ROUNDS = 3


@pytest.mark.chaos
def test_polls_are_quick_while_every_slot_computes(stage: Stage, tmp_path: Path) -> None:
    with stage(replicas=1, slots=2, report_time_limit_seconds=ROUNDS * SECONDS + 15) as scene:
        done = scene.clients.trigger("parcel")
        scene.clients.settle(30)
        busy: list[str] = []
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
            busy.append(trigger_trouble(scene, "loop", tmp_path / name))
        sleep(2)
        paths = cycle(f"/get_report?report_id={report_id}" for report_id in [*busy, done])
        address = scene.cluster.replicas[0].address
        rounds = [
            asyncio.run(poll_latencies(address, lambda: next(paths), per_second=PER_SECOND, seconds=SECONDS))
            for _ in range(ROUNDS)
        ]
        p50, p99 = (median(figures) for figures in zip(*map(percentiles, rounds), strict=True))
        assert {scene.clients.poll(report_id) for report_id in busy} == {RUNNING}
        scene.promises.tell(
            "poll p99 with all slots busy",
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms at {PER_SECOND} polls/s, median of {ROUNDS} rounds",
        )
        scene.finish()
    assert p99 <= 50
