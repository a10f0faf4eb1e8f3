"""report.html: one page that needs no network and no script, to read, print and mail; what all of them have."""

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.files.artifact import Artifact

#: Its name among the files of a report.
PAGE: Final = "report.html"

#: What a table has where there is no figure.
NO_FIGURE: Final = "–"  # noqa: RUF001 - a dash


def write_html(
    path: Path,
    template: Path,
    *,
    rows: int,
    parameters: Mapping[str, Any],
    filters: Mapping[str, Callable[..., Any]],
    **values: Any,
) -> Artifact:
    """Write a page.

    Args:
        path: of the page.
        template: extends page.html.jinja, whose variables are title, subtitle, figures, warnings, charts, tables and
            rules.
        rows: of the report.
        parameters: of the report as they ran, by name.
        filters: functions of the template.
        values: its variables.
    """
    environment = Environment(
        loader=FileSystemLoader([template.parent, Path(__file__).parent]), autoescape=True, undefined=StrictUndefined
    )
    environment.filters |= filters
    named = [(name, _shown(value)) for name, value in parameters.items()]
    page = environment.get_template(template.name).render(**values, parameters=named)
    path.write_text(page, encoding="utf-8")
    return Artifact(path, "text/html", rows=rows)


def embedded(pictures: Sequence[Path], shows: Mapping[str, str]) -> list[dict[str, str]]:
    """PNG files of charts within the page.

    Args:
        pictures: the files.
        shows: by the stem of a file, what it shows, for who cannot see it; a file without is left out.
    """
    return [
        {"name": shows[path.stem], "data": base64.b64encode(path.read_bytes()).decode()}
        for path in pictures
        if path.stem in shows
    ]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "not set" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
