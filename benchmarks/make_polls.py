"""Writes a poll log of a real size and shape for the stores of benchmarks/data.

Eight days, roughly one poll an hour and store with jitter and gaps, outages that last some hours, a few instants
without a fraction, a few rows that repeat an instant with the other status. The same arguments give the same bytes.

    python -m benchmarks.make_polls OUT.csv [--scale 1.0] [--seed 7]

At scale 1 it is 1.94 million polls of 13,891 stores; beyond the real stores others are made up, without hours or zone.
"""

import argparse
import csv
import gzip
from pathlib import Path

import numpy as np
import numpy.typing as npt

DATA = Path(__file__).parent / "data"
END = np.datetime64("2023-01-25T18:13:22.479220", "us").astype(np.int64)
HOUR = 3_600_000_000
DAYS = 8
STORES = 13_891

#: Rows formatted at a time.
BLOCK = 200_000


def store_ids(scale: float, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """The real stores first, then made-up ones."""
    ids: dict[int, None] = {}
    for name in ("timezones", "hours"):
        with gzip.open(DATA / f"{name}.csv.gz", "rt", newline="") as file:
            ids |= dict.fromkeys(int(row["store_id"]) for row in csv.DictReader(file))
    real = np.fromiter(ids, np.int64)
    wanted = max(1, round(STORES * scale))
    made_up = rng.integers(1, 2**63 - 1, size=max(0, wanted - len(real)), dtype=np.int64)
    return np.concatenate([real, made_up])[:wanted]


def poll_log(
    stores: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """(store, microseconds since the epoch, active) in no order."""
    hours = DAYS * 24
    seen = rng.random((stores, hours)) < rng.beta(8, 3, size=(stores, 1))
    usual = rng.integers(0, HOUR, size=stores)[:, None]
    offset = np.clip(usual + rng.normal(0, 240e6, size=(stores, hours)).astype(np.int64), 0, HOUR - 1)
    at = END - hours * HOUR + np.arange(hours)[None, :] * HOUR + offset
    fails = rng.random((stores, hours)) < rng.beta(1.2, 60, size=(stores, 1))
    heals = rng.random((stores, hours)) < 0.3
    active = np.empty((stores, hours), bool)
    now = rng.random(stores) > 0.05
    for past in range(hours):
        now = np.where(now, ~fails[:, past], heals[:, past])
        active[:, past] = now
    store, hour = np.nonzero(seen & (at <= END))
    instant, up = at[store, hour], active[store, hour]
    instant = np.where(rng.random(len(instant)) < 0.01, instant - instant % 1_000_000, instant)
    again = rng.choice(len(instant), size=len(instant) // 500, replace=False)
    order = rng.permutation(len(instant) + len(again))
    parts = (store, store[again]), (instant, instant[again]), (up, ~up[again])
    store, instant, up = (np.concatenate(part)[order] for part in parts)
    return store, instant, up


def write(path: Path, *, scale: float, seed: int = 7, by_day: bool = False) -> tuple[int, list[Path]]:
    """Write the log as one file, or as one file a UTC day in time order; returns its rows and the files."""
    rng = np.random.default_rng(seed)
    ids = store_ids(scale, rng)
    store, instant, up = poll_log(len(ids), rng)
    days = [np.arange(len(instant))]
    if by_day:
        order = np.argsort(instant, kind="stable")
        day = instant[order] // (24 * HOUR)
        days = np.split(order, np.flatnonzero(np.diff(day)) + 1)
    paths = []
    for number, rows in enumerate(days):
        paths.append(path.with_name(f"{path.stem}-{number}{path.suffix}") if by_day else path)
        _write_rows(paths[-1], ids[store[rows]], instant[rows], up[rows])
    return len(instant), paths


def _write_rows(
    path: Path, ids: npt.NDArray[np.int64], instant: npt.NDArray[np.int64], up: npt.NDArray[np.bool_]
) -> None:
    with path.open("w") as file:
        file.write("store_id,status,timestamp_utc\n")
        for low in range(0, len(ids), BLOCK):
            part = slice(low, low + BLOCK)
            stamps = np.datetime_as_string(instant[part].astype("datetime64[us]"))
            file.writelines(
                f"{store},{'active' if active else 'inactive'},{at[:10]} {at[11:].removesuffix('.000000')} UTC\n"
                for store, active, at in zip(ids[part], up[part], stamps, strict=True)
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    written, _ = write(arguments.out, scale=arguments.scale, seed=arguments.seed)
    print(f"{written} polls")
