"""Charts as files; the only place that draws."""

import json
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import vl_convert

from app.charts.style import Chart
from app.files.artifact import Artifact

SPECIFICATION_TYPE: Final = "application/vnd.vegalite.v6+json"

#: Pixels of a picture for each of its specification.
SCALE: Final = 2

#: Data memory that the engine and its threads reserve, bytes: some 600 MiB on two cores, of which it uses a fifth.
#: Where that much is not left the engine does not fail but aborts, and the process with it.
ENGINE_BYTES: Final = 768 << 20


def write_charts(charts: Mapping[str, Chart], folder: Path) -> list[Artifact]:
    """Two files for each chart: ``<name>.png``, 1600 pixels wide, and ``<name>.vl.json``, its specification.

    Needs no browser, display or network. The JavaScript engine starts at the first chart, in about a second.

    Raises:
        MemoryError: this process may not allocate as much as the engine reserves.
    """
    if charts and not _has_room():
        raise MemoryError(f"the engine that draws charts reserves {ENGINE_BYTES >> 20} MiB")
    artifacts = []
    for name, chart in charts.items():
        specification = json.dumps(chart.spec, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        drawing, source = folder / f"{name}.png", folder / f"{name}.vl.json"
        drawing.write_bytes(png(specification))
        source.write_text(specification, encoding="utf-8")
        artifacts.append(Artifact(drawing, "image/png", rows=chart.observations))
        artifacts.append(Artifact(source, SPECIFICATION_TYPE, rows=chart.observations))
    return artifacts


def png(specification: str) -> bytes:
    """The picture of a specification, twice as wide and high as its pixels are: sharp on paper and on good screens."""
    # Nothing may be fetched: a specification has all its data in itself.
    drawn: bytes = vl_convert.vegalite_to_png(specification, scale=SCALE, allowed_base_urls=[])
    return drawn


def _has_room() -> bool:
    """Whether the limit of data memory, if there is one, leaves enough for the engine."""
    limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    statm = Path("/proc/self/statm")
    if limit == resource.RLIM_INFINITY or not statm.exists():
        return True
    held = int(statm.read_text().split()[5]) * resource.getpagesize()
    return limit - held >= ENGINE_BYTES
