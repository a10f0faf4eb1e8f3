"""Draws store-week.svg: one store's week in local time, from the sample data and the report's hourly.parquet.

``make picture`` makes that file and calls this script with its path.
"""

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

STORE: Final = "6077660293503601866"
SAMPLE_DATA: Final = Path(__file__).parents[2] / "sample_data"
PICTURE: Final = Path(__file__).with_name("store-week.svg")

#: Places and sizes, pixels of the picture.
LEFT, TOP, HOUR_WIDTH, ROW, BAR = 92, 66, 28.5, 30, 18
WIDTH: Final = 800

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

#: Light colours, and dark ones for viewers that prefer them.
STYLE: Final = """
    text { font: 13px sans-serif; fill: #1f2933; }
    .title { font-weight: bold; } .muted { fill: #52606d; }
    .paper { fill: #ffffff; stroke: #cbd2d9; } .grid { stroke: #e4e7eb; }
    .up { fill: #4a90c2; } .down { fill: #c2500f; }
    .carried { fill: url(#hatch); } .hatch { stroke: #ffffff; }
    .counted { fill: #1f2933; } .discarded { fill: none; stroke: #7b8794; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e4e7eb; } .muted { fill: #9aa5b1; }
      .paper { fill: #161b22; stroke: #3e4c59; } .grid { stroke: #323f4b; }
      .up { fill: #5ba3d6; } .down { fill: #e8743a; } .hatch { stroke: #161b22; }
      .counted { fill: #161b22; stroke: #e4e7eb; } .discarded { stroke: #9aa5b1; }
    }
"""


@dataclass(frozen=True, slots=True)
class Store:
    """What the sample data say of the store: opening windows by weekday (0 = Monday), in minutes of the local day."""

    zone: ZoneInfo
    windows: list[tuple[int, int, int]]
    polls: list[datetime]

    def open_parts(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The parts of ``[start, end)``, which lies within one local day, in which the store is open."""
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        for weekday, opens, closes in self.windows:
            if weekday == start.weekday():
                opening = max(start, midnight + timedelta(minutes=opens))
                closing = min(end, midnight + timedelta(minutes=closes))
                if opening < closing:
                    yield opening, closing


def read_store() -> Store:
    (zone,) = (row["timezone_str"] for row in _rows("timezones", STORE))
    windows = [
        (int(row["day"]), _minutes(row["start_time_local"]), _minutes(row["end_time_local"]))
        for row in _rows("hours", STORE)
    ]
    local = ZoneInfo(zone)
    polls = [_instant(row).astimezone(local) for row in _rows("polls", STORE)]
    return Store(local, windows, sorted(polls))


def draw(hourly: Path) -> str:
    """The picture as SVG, from ``hourly.parquet`` of an uptime report of the sample data, as of the latest poll."""
    store, as_of = read_store(), max(_instant(row) for row in _rows("polls"))
    first, last = (as_of - timedelta(days=7)).astimezone(store.zone), as_of.astimezone(store.zone)
    days = [first.date() + timedelta(days=day) for day in range((last.date() - first.date()).days + 1)]
    top = {day: TOP + ROW * number for number, day in enumerate(days)}
    shapes, totals = [], {"active": timedelta(), "inactive": timedelta()}
    for hour, status, polls in _hours(hourly):
        start = hour.astimezone(store.zone)
        for opening, closing in store.open_parts(max(start, first), min(start + timedelta(hours=1), last)):
            totals[status] += closing - opening
            style = "up" if status == "active" else "down"
            shapes.append(_bar(opening, closing, top[opening.date()], style))
            if not polls:
                shapes.append(_bar(opening, closing, top[opening.date()], "carried"))
    for poll in store.polls:
        if first.replace(minute=0, second=0, microsecond=0) <= poll < last:  # the first hour counts all of its polls
            is_open = any(store.open_parts(poll, poll + timedelta(microseconds=1)))
            shapes.append(_dot(_x(poll), top[poll.date()] + BAR / 2, "counted" if is_open else "discarded"))
    caption = f"{_in_hours(totals['active'])} h up, {_in_hours(totals['inactive'])} h down while open"
    return _page([*_axes(top), *shapes, *_legend(TOP + ROW * len(days) + 24)], store, caption, len(days))


def _page(shapes: list[str], store: Store, caption: str, days: int) -> str:
    height = TOP + ROW * days + 44
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>One store's week in local time: {caption}</title>",
        f"<style>{STYLE}</style>",
        '<defs><pattern id="hatch" width="5" height="5" patternTransform="rotate(45)" patternUnits="userSpaceOnUse">',
        '<line class="hatch" x1="0" y1="0" x2="0" y2="5" stroke-width="4"/></pattern></defs>',
        f'<rect class="paper" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6"/>',
        f'<text class="title" x="16" y="26">Store {STORE}, one week in {store.zone.key}: {caption}</text>',
        *shapes,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _axes(top: dict[date, int]) -> Iterator[str]:
    bottom = max(top.values()) + BAR + 4
    for hour in range(0, 25, 3):
        x = LEFT + HOUR_WIDTH * hour
        yield f'<line class="grid" x1="{x:g}" y1="{TOP - 6}" x2="{x:g}" y2="{bottom}"/>'
        yield f'<text class="muted" x="{x:g}" y="{TOP - 12}" text-anchor="middle">{hour:02}:00</text>'
    for day, y in top.items():
        yield f'<text x="16" y="{y + 14}">{_WEEKDAYS[day.weekday()]} {day.day}</text>'


def _legend(y: int) -> Iterator[str]:
    entries = (
        (16, "up", "up"),
        (74, "down", "down"),
        (150, "carried", "hatched: last known status carried forward"),
        (457, "counted", "poll"),
        (520, "discarded", "poll while closed, not counted"),
    )
    for x, style, words in entries:
        if style in {"counted", "discarded"}:
            yield _dot(x + 8, y - 4.5, style)
            yield f'<text x="{x + 18}" y="{y}">{words}</text>'
            continue
        for layer in ("up", "carried") if style == "carried" else (style,):
            yield f'<rect class="{layer}" x="{x}" y="{y - 12}" width="16" height="14"/>'
        yield f'<text x="{x + 22}" y="{y}">{words}</text>'


def _bar(start: datetime, end: datetime, y: float, style: str) -> str:
    width = (end - start) / timedelta(hours=1) * HOUR_WIDTH
    return f'<rect class="{style}" x="{_x(start):.2f}" y="{y}" width="{width:.2f}" height="{BAR}"/>'


def _dot(x: float, y: float, style: str) -> str:
    return f'<circle class="{style}" cx="{x:.2f}" cy="{y:g}" r="3"/>'


def _x(instant: datetime) -> float:
    midnight = instant.replace(hour=0, minute=0, second=0, microsecond=0)
    return LEFT + (instant - midnight) / timedelta(hours=1) * HOUR_WIDTH


def _hours(hourly: Path) -> Iterator[tuple[datetime, str, int]]:
    rows = pq.read_table(hourly, filters=[("store_id", "=", STORE)]).to_pylist()
    for row in rows:
        yield row["hour_utc"].astimezone(UTC), row["status"], row["polls"]


def _rows(name: str, store: str | None = None) -> Iterator[dict[str, str]]:
    with (SAMPLE_DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from (row for row in csv.DictReader(file) if store in (None, row["store_id"]))


def _instant(poll: dict[str, str]) -> datetime:
    return datetime.fromisoformat(poll["timestamp_utc"].replace(" UTC", "+00:00"))


def _minutes(time: str) -> int:
    hours, minutes, _ = map(int, time.split(":"))
    return hours * 60 + minutes


def _in_hours(total: timedelta) -> str:
    return f"{total / timedelta(hours=1):.2f}"


if __name__ == "__main__":
    PICTURE.write_text(draw(Path(sys.argv[1])), encoding="utf-8")
