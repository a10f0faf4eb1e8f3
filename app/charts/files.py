"""Charts as files; the only place that draws."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import vl_convert

from app.charts.style import Chart
from app.work import Artifact

SPECIFICATION_TYPE: Final = "application/vnd.vegalite.v6+json"


def write_charts(charts: Mapping[str, Chart], folder: Path) -> list[Artifact]:
    """Two files for each chart: ``<name>.png``, 800 pixels wide, and ``<name>.vl.json``, its specification.

    Needs no browser, display or network. The JavaScript engine starts at the first chart, in about a second, and
    reserves 600 MiB that count against a limit of data memory although it uses a fifth of them.
    """
    artifacts = []
    for name, chart in charts.items():
        specification = json.dumps(chart.spec, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        drawing, source = folder / f"{name}.png", folder / f"{name}.vl.json"
        # Nothing may be fetched: a specification has all its data in itself.
        drawing.write_bytes(vl_convert.vegalite_to_png(specification, allowed_base_urls=[]))
        source.write_text(specification, encoding="utf-8")
        artifacts.append(Artifact(drawing, "image/png", rows=chart.observations))
        artifacts.append(Artifact(source, SPECIFICATION_TYPE, rows=chart.observations))
    return artifacts
