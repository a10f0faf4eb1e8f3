"""Speed of roll-ups against a script for DuckDB alone: the same object of S3 in, the same parts out, the same memory.

    python -m benchmarks.rollup --rows 15000000

Both are made in turns, each in a process of its own below the memory limit of a job. The script downloads the file, has
``read_csv`` read every column as text, checks the numbers, groups, orders, writes parts with Arrow's CSV writer and
uploads each. What both have written is compared.
"""

import argparse
import hashlib
import io
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import IO

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from app.errors import OpenhoursError
from app.files.memory import limit_memory, peak_bytes
from app.files.sha256 import sha256_of
from app.ingest.kind import Raw
from app.ingest.policy import Limits
from app.ingest.rejects import Rejects
from app.ingest.source import FileSource
from app.ingest.table.reading import TableCheck
from app.rollup.database import THREADS, share_of
from app.rollup.grouping import Grouping
from app.rollup.roll_up import roll_up
from app.rollup.work import Work
from app.series.table_files import TableFile
from app.settings import Settings
from app.storage.object_store import ObjectStore, StoreAddress
from app.storage.resources import addresses, open_resources

#: Rows of the file that are made at a time.
CHUNK_ROWS = 500_000

#: Largest part, bytes.
PART_BYTES = 64 << 20

GROUPING = Grouping(by=("Song", "Date"), sum=("Number of Plays",), max_part_bytes=PART_BYTES)


@dataclass(frozen=True, slots=True)
class Took:
    """What one run took, and the SHA-256 of the lines of its parts."""

    seconds: float
    cpu_seconds: float
    peak_mib: int
    parts: int
    sha256: str


def make_plays(path: Path, *, rows: int, groups: int) -> None:
    """A file of plays, by chance from so many groups."""
    chance = np.random.default_rng(1)
    options = arrow_csv.WriteOptions(include_header=False, quoting_style="none")
    with path.open("wb") as file:
        file.write(b"Song,Date,Number of Plays\n")
        for first in range(0, rows, CHUNK_ROWS):
            group = chance.integers(0, groups, min(CHUNK_ROWS, rows - first))
            days = np.datetime64("2020-01-01") + (group % 30).astype("timedelta64[D]")
            song = pc.binary_join_element_wise("Song", pa.array(group // 30).cast(pa.string()), " ")
            plays = pa.array(chance.integers(1, 1000, len(group)))
            table = pa.table({"song": song, "day": pa.array(days).cast(pa.string()), "plays": plays})
            arrow_csv.write_csv(table, file, options)


def ours(
    address: StoreAddress, settings: Settings, table: TableFile, folder: Path, one_go_bytes: int | None
) -> list[str]:
    """The roll-up of this service; returns the keys of its parts."""
    with closing(ObjectStore(address)) as store:
        prefix = f"reports/{uuid.uuid4().hex}/a1/"
        work = Work([table], GROUPING, None, store, prefix, settings, folder, lambda *_: None)
        return [part.key for part in roll_up(work, one_go_bytes=one_go_bytes).parts]


def script(address: StoreAddress, settings: Settings, table: TableFile, folder: Path, _: int | None) -> list[str]:
    """What somebody would write instead."""
    with closing(ObjectStore(address)) as store:
        client = store._client  # noqa: SLF001 - boto3 as it is
        source = folder / "input.csv"
        client.download_file(store.bucket, table.raw_key, str(source))
        limit = f"{share_of(settings.report_memory_limit_mb)}MiB"
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": limit,
            "threads": str(THREADS),
            "temp_directory": str(folder / "spill"),
        }
        with duckdb.connect(":memory:", config=config) as database:
            database.execute("SET enable_progress_bar = false")
            plays = """CASE WHEN regexp_full_match(plays, '[+-]?[0-9]{1,18}') THEN plays::BIGINT
                       ELSE error('bad number: ' || plays) END"""
            query = f"""SELECT song, day, sum({plays})::VARCHAR AS total
                FROM read_csv('{source}', header = true, auto_detect = false, quote = '"', escape = '"',
                    columns = {{song: 'VARCHAR', day: 'VARCHAR', plays: 'VARCHAR'}},
                    force_not_null = ['song', 'day', 'plays'])
                GROUP BY song, day ORDER BY song, day"""
            prefix = f"script/{uuid.uuid4().hex}/"
            keys = []
            for path in _parts(database.sql(query).to_arrow_reader(100_000), folder):
                keys.append(prefix + path.name)
                client.upload_file(str(path), store.bucket, keys[-1])
                path.unlink()
            return keys


def _parts(batches: Iterator[pa.RecordBatch], folder: Path) -> Iterator[Path]:
    """Files of at most PART_BYTES, each with the header; keys must not have line ends."""
    number, file, left = 0, _begun(folder, 0), PART_BYTES - len(GROUPING.header)
    options = arrow_csv.WriteOptions(include_header=False, quoting_style="none")
    for batch in batches:
        sink = io.BytesIO()
        arrow_csv.write_csv(batch, sink, options)
        text = sink.getbuffer()
        while len(text) > left:
            end = bytes(text[: left + 1]).rfind(b"\n", 0, left) + 1
            file.write(text[:end])
            file.close()
            yield folder / f"part-{number}.csv"
            number += 1
            text, file, left = text[end:], _begun(folder, number), PART_BYTES - len(GROUPING.header)
        file.write(text)
        left -= len(text)
    file.close()
    yield folder / f"part-{number}.csv"


def _begun(folder: Path, number: int) -> IO[bytes]:
    file = (folder / f"part-{number}.csv").open("wb")
    file.write(GROUPING.header)
    return file


Way = Callable[[StoreAddress, Settings, TableFile, Path, int | None], list[str]]


def run(way: Way, address: StoreAddress, settings: Settings, table: TableFile, one_go_bytes: int | None) -> Took:
    """One run, in this process below the limit."""
    limit_memory(settings.report_memory_limit_mb << 20)
    with TemporaryDirectory(prefix="openhours-bench-") as folder:
        begin, cpu = perf_counter(), process_time()
        keys = way(address, settings, table, Path(folder), one_go_bytes)
        seconds, cpu_seconds = perf_counter() - begin, process_time() - cpu
    peak = peak_bytes() >> 20
    digest = hashlib.sha256()
    with closing(ObjectStore(address)) as store:
        for key in keys:
            if (store.size(key) or 0) > PART_BYTES:
                raise SystemExit(f"{key} is too large")
            with store.read(key) as stream:
                stream.read(len(GROUPING.header))
                while block := stream.read(1 << 20):
                    digest.update(block)
        store.remove(keys)
    return Took(seconds, cpu_seconds, peak, len(keys), digest.hexdigest())


def in_a_process(way: Way, *arguments: object) -> Took:
    """The same in a process of its own, whose peak is that of this run alone."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(run, way, *arguments).result()  # type: ignore[arg-type]


def stored(store: ObjectStore, path: Path) -> TableFile:
    """A table as its check finds it."""
    check = TableCheck(FileSource(path), columns=None, limits=Limits(), rejects=Rejects())
    for _ in check.blocks():
        pass
    raw = Raw(f"raw/{path.name}", path.name, path.stat().st_size, sha256_of(path))
    store.put(path, raw.key, media_type="text/csv")
    return check.found(uuid.uuid4().hex, raw)


def compare(rows: int, groups: int, *, rounds: int, memory_mb: int) -> None:
    """Print what both took of one shape."""
    with TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home", s3_bucket="bench", report_memory_limit_mb=memory_mb)
        path = Path(folder) / "plays.csv"
        make_plays(path, rows=rows, groups=groups)
        with addresses(settings) as where, open_resources(settings, where) as resources:
            store = resources.object_store
            table = stored(store, path)
            ways: dict[str, tuple[Way, int | None]] = {
                "DuckDB script": (script, 0),
                "roll-up": (ours, None),
                "roll-up in pieces, one after the other": (ours, -1),
            }
            took: dict[str, list[Took]] = {name: [] for name in ways}
            for _ in range(rounds):
                for name, (way, one_go_bytes) in ways.items():
                    try:
                        took[name].append(in_a_process(way, store.address, settings, table, one_go_bytes))
                    except (duckdb.Error, MemoryError, OpenhoursError) as error:
                        print(f"{name} failed: {error!r:.300}")
    print(f"\n{rows:,} rows, {table.bytes >> 20} MiB, {groups:,} possible groups, {memory_mb} MiB, {rounds} rounds")
    took = {name: runs for name, runs in took.items() if runs}
    base = took.get("DuckDB script") or took["roll-up"]
    for name, runs in took.items():
        if {one.sha256 for one in runs} != {base[0].sha256}:
            raise SystemExit(f"{name} wrote other lines")
        seconds, cpu = median(one.seconds for one in runs), median(one.cpu_seconds for one in runs)
        ratio = median(one.seconds / other.seconds for one, other in zip(runs, base, strict=True))
        work = median(one.cpu_seconds / other.cpu_seconds for one, other in zip(runs, base, strict=True))
        print(
            f"{name:<40}{seconds:6.1f} s {ratio:5.2f} x   processor {cpu:6.1f} s {work:5.2f} x   "
            f"{max(one.peak_mib for one in runs):5} MiB   {runs[0].parts} parts"
        )


def compare_as_asked(description: str | None, compare: Callable[..., None]) -> None:
    """Compare what the command line asks for: tables of so many rows, for each number of possible groups."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rows", type=int, default=15_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory-mb", type=int, default=1024)
    parser.add_argument("--groups", type=int, nargs="*", help="default: 40 a row, which are nearly all unique; 200,000")
    given = parser.parse_args()
    for number in given.groups or (40 * given.rows, 200_000):
        compare(given.rows, number, rounds=given.rounds, memory_mb=given.memory_mb)


if __name__ == "__main__":
    compare_as_asked(__doc__, compare)
