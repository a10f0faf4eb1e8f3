"""The two extremes of a roll-up below a small memory limit: one group of all rows, and a group for nearly every row.

    python -m benchmarks.rollup_extremes --rows 10000000 --memory-mb 256

The sums are compared with those that numpy has of the numbers while it makes the files, and the order of the lines with
Python's. Numbers have up to 18 digits, so that the sum of the one group is beyond 64 bits. It ends with a status other
than 0 if a line is wrong.
"""

import argparse
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from app.files.memory import limit_memory, peak_bytes
from app.rollup.grouping import Grouping
from app.rollup.roll_up import roll_up
from app.rollup.work import Work
from app.series.table_files import TableFile
from app.settings import Settings
from app.storage.object_store import ObjectStore, StoreAddress
from app.storage.resources import addresses, open_resources
from benchmarks.rollup import CHUNK_ROWS, PART_BYTES, stored

GROUPING = Grouping(by=("key",), sum=("amount",), max_part_bytes=PART_BYTES)

#: Sums are kept as two numbers of 64 bits: so many of the one are one of the other.
BASE = 10**9

#: So many rows come to each that has the key of another one.
REPEATS = 10


class Sums:
    """The sums of numbered groups, beyond 64 bits."""

    def __init__(self, groups: int) -> None:
        self._high, self._low = np.zeros((2, groups), np.int64)
        self.has = np.zeros(groups, bool)

    def add(self, group: npt.NDArray[np.int64], amount: npt.NDArray[np.int64]) -> None:
        high, low = np.divmod(amount, BASE)
        np.add.at(self._high, group, high)
        np.add.at(self._low, group, low)
        self.has[group] = True

    def of(self, group: int) -> int:
        return int(self._high[group]) * BASE + int(self._low[group])


def make(path: Path, *, rows: int, groups: int) -> Sums:
    """A file of so many rows, and what they add up to: each group once, as far as there are rows, then by chance."""
    chance, sums = np.random.default_rng(14), Sums(groups)
    order = chance.permutation(groups)
    options = arrow_csv.WriteOptions(include_header=False, quoting_style="none")
    with path.open("wb") as file:
        file.write(b"key,amount\n")
        for first in range(0, rows, CHUNK_ROWS):
            count = min(CHUNK_ROWS, rows - first)
            some = order[first : first + count]
            group = np.concatenate([some, chance.integers(0, groups, count - len(some))])
            amount = chance.integers(1, 10**18, count)
            sums.add(group, amount)
            arrow_csv.write_csv(pa.table({"key": keys_of(group), "amount": amount}), file, options)
    return sums


def keys_of(group: npt.NDArray[np.int64]) -> pa.Array:
    """Keys of different lengths, whose order as text is not that of their numbers."""
    return pc.binary_join_element_wise("k", pa.array(group).cast(pa.string()), "")


def run(address: StoreAddress, settings: Settings, table: TableFile) -> tuple[list[str], float, int]:
    """The roll-up in this process below the limit: the keys of its parts, seconds, and peak memory in MiB."""
    limit_memory(settings.report_memory_limit_mb << 20)
    with TemporaryDirectory(prefix="openhours-bench-") as folder, closing(ObjectStore(address)) as store:
        begin = perf_counter()
        prefix = f"reports/{uuid.uuid4().hex}/a1/"
        work = Work([table], GROUPING, None, store, prefix, settings, Path(folder), lambda *_: None)
        keys = [part.key for part in roll_up(work).parts]
        return keys, perf_counter() - begin, peak_bytes() >> 20


def lines(store: ObjectStore, keys: list[str]) -> Iterator[tuple[str, str]]:
    """The lines of parts, one part after the other."""
    for key in keys:
        header, *rows = store.get_bytes(key).decode().splitlines()
        if header != GROUPING.header.decode().rstrip("\n"):
            raise SystemExit(f"{key} begins with {header!r}")
        for row in rows:
            name, _, amount = row.partition(",")
            yield name, amount


def require_right(found: Iterator[tuple[str, str]], sums: Sums) -> int:
    """How many lines there are; ends the program unless each group has its one line, in order, with its sum."""
    before, count = "", 0
    for name, amount in found:
        if name <= before:
            raise SystemExit(f"{name} comes after {before}")
        group = int(name[1:])
        if not sums.has[group] or amount != str(sums.of(group)):
            raise SystemExit(f"{name} has {amount} in place of {sums.of(group)}")
        before, count = name, count + 1
    if count != (wanted := int(sums.has.sum())):
        raise SystemExit(f"there are {count:,} groups in place of {wanted:,}")
    return count


def measure(rows: int, groups: int, *, memory_mb: int) -> None:
    """Print what one shape took, and that it is right."""
    with TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home", s3_bucket="bench", report_memory_limit_mb=memory_mb)
        path = Path(folder) / "amounts.csv"
        sums = make(path, rows=rows, groups=groups)
        with addresses(settings) as where, open_resources(settings, where) as resources:
            store = resources.object_store
            table = stored(store, path)
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                keys, seconds, peak = pool.submit(run, store.address, settings, table).result()
            count = require_right(lines(store, keys), sums)
    print(
        f"{rows:,} rows, {table.bytes >> 20} MiB, {count:,} groups, {memory_mb} MiB: {seconds:.1f} s, "
        f"peak {peak} MiB, {len(keys)} parts, every sum right",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--memory-mb", type=int, default=256)
    given = parser.parse_args()
    measure(given.rows, 1, memory_mb=given.memory_mb)
    measure(given.rows + given.rows // REPEATS, given.rows, memory_mb=given.memory_mb)


if __name__ == "__main__":
    main()
