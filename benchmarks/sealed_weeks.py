"""The time and memory of reports on weeks that all are sealed, and what a poll takes in the bucket.

    python -m benchmarks.sealed_weeks --weeks 52

The polls are those of ``benchmarks.ranges``, written straight into files of sealed weeks: 52 weeks of 1,000 stores are
102 million, and take half a gigabyte in the folder of temporary files. With ``--home`` they stay in a folder, and the
next run makes only what is missing.

With ``--rounds`` each report is also made on two workers of a cluster on this machine, in turns with one process, so
many times; both must have the same bytes.
"""

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import psutil
from sqlalchemy import func, insert, select

from app.series.sealed import records
from app.series.sealed.format import MEDIA_TYPE, write
from app.series.sealed.reading import placed
from app.series.tables import poll_week, sealed_object
from app.settings import Settings
from app.storage.migrate import migrate
from app.storage.object_store import ObjectStore, StoreAddress
from app.storage.postgres import build_engine
from app.storage.resources import Addresses, addresses
from app.timeline import from_micros
from benchmarks.accounting import ACCOUNTINGS
from benchmarks.one_report import Measured, measured
from benchmarks.ranges import END, PROCESSES, asked, fill, week_of_polls
from benchmarks.rollup_cluster import WORKERS, cluster, peak_mib


def fill_sealed(url: str, address: StoreAddress, stores: int, weeks: range) -> None:
    """Make these weeks as sealed ones."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for future in [pool.submit(_fill_week, url, address, stores, week) for week in weeks]:
            future.result()


def _fill_week(url: str, address: StoreAddress, stores: int, week: int) -> None:
    engine, monday = build_engine(url, pool_size=1), END - timedelta(weeks=week + 1)
    with TemporaryDirectory() as folder, closing(ObjectStore(address)) as store, engine.begin() as connection:
        polls = week_of_polls(connection, stores, week)
        first, last = (from_micros(int(edge(polls["at"]))) for edge in (np.min, np.max))
        connection.execute(insert(poll_week).values(week=monday, first_at=first, last_at=last))
        block = {**polls, "active": polls["active"].astype(np.int8)}
        for number, file in enumerate(write([block], Path(folder))):
            key = records.file_key(monday, "bench", number)
            store.put(file.path, key, media_type=MEDIA_TYPE)
            records.add_file(connection, monday, placed(file, key), sha256=file.sha256, entities=file.entities)
        records.mark_sealed(connection, monday)
    engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--stores", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=0, help="also on a cluster, so many times each; default: not")
    parser.add_argument("--home", type=Path, help="folder in which the polls stay; default: none stay")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        home = arguments.home or Path(stack.enter_context(TemporaryDirectory(prefix="openhours-bench-")))
        settings = Settings(home=home, database_url=None, redis_url=None, s3_endpoint_url=None)
        where = stack.enter_context(addresses(settings))
        keys = {"access_key": where.s3_access_key, "secret_key": where.s3_secret_key}
        address = StoreAddress(settings.s3_bucket, settings.s3_region, where.s3_endpoint_url, **keys)
        with closing(ObjectStore(address)) as store:
            store.ensure_bucket()
        engine = build_engine(where.database_url, pool_size=2)
        stack.callback(engine.dispose)
        migrate(engine)
        with engine.connect() as connection:
            there = connection.scalar(select(func.count()).select_from(poll_week)) or 0
        with TemporaryDirectory(prefix="openhours-bench-") as folder:
            fill(where.database_url, arguments.stores, 0, Path(folder))
        begin = perf_counter()
        fill_sealed(where.database_url, address, arguments.stores, range(there, arguments.weeks))
        made = perf_counter() - begin
        with engine.connect() as connection:
            rows, size = connection.execute(
                select(func.sum(sealed_object.c.rows), func.sum(sealed_object.c.bytes))
            ).one()
        print(f"{arguments.stores:,} stores, {arguments.weeks} sealed weeks, {rows:,} polls; made in {made:.0f} s")
        print(f"{size / rows:.2f} bytes a poll (aim 8)")
        (_, params) = asked(arguments.weeks)[-1]
        for accounting in ACCOUNTINGS:
            one = measured(where.database_url, settings, {**params, "accounting": accounting}, address)
            print(
                f"{arguments.weeks} weeks, {accounting:<6} {one.seconds:7.2f} s (aim 60) "
                f"{one.cpu_seconds:7.2f} s of processor {one.peak_mib:6,} MiB (aim 1,000)",
                flush=True,
            )
        if arguments.rounds:
            compare_with_cluster(where, settings, params, address, arguments.rounds)


def compare_with_cluster(
    where: Addresses, settings: Settings, params: dict[str, Any], address: StoreAddress, rounds: int
) -> None:
    """Make the report in one process and on a cluster, in turns; print medians."""
    with (
        TemporaryDirectory(prefix="openhours-bench-") as name,
        cluster(Path(name), where, settings) as (scheduler, nannies),
    ):
        for accounting in ACCOUNTINGS:
            found: dict[str | None, list[Measured]] = {None: [], scheduler: []}
            of_workers: list[float] = []
            for _ in range(rounds):
                for place, several in found.items():
                    before, load = processor_seconds(nannies), os.getloadavg()[0]
                    own = settings.model_copy(update={"dask_scheduler": place})
                    several.append(measured(where.database_url, own, {**params, "accounting": accounting}, address))
                    where_made = "here" if place is None else "on a cluster"
                    print(
                        f"{accounting:<6} {where_made}: {several[-1].seconds:.2f} s, load before {load:.1f}", flush=True
                    )
                of_workers.append(processor_seconds(nannies) - before)
            here, there = found.values()
            if len({one.sha256 for one in (*here, *there)}) != 1:
                raise SystemExit("they have different bytes")
            ratio = median(other.seconds / one.seconds for one, other in zip(here, there, strict=True))
            print(
                f"{accounting:<6}: one process {_of(here)}; {WORKERS} workers ({ratio:.2f} x) {_of(there)} of the "
                f"job's, and {median(of_workers):.1f} s of processor and {peak_mib(nannies)} MiB of the workers",
                flush=True,
            )


def processor_seconds(process: int) -> float:
    """What the processes that this one has started have used."""
    times = (child.cpu_times() for child in psutil.Process(process).children(recursive=True))
    return sum(one.user + one.system for one in times)


def _of(several: Sequence[Measured]) -> str:
    return (
        f"{median(one.seconds for one in several):.1f} s, {median(one.cpu_seconds for one in several):.1f} s of "
        f"processor, {max(one.peak_mib for one in several):,} MiB"
    )


if __name__ == "__main__":
    main()
