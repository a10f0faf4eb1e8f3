"""The command explain: why the figures of one store are what they are, in words and as an image."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from app.commands import opening
from app.commands.explained_text import lines
from app.commands.instants import as_iso
from app.commands.opening import Server
from app.commands.report import dashed, instants_of, parameter_options
from app.commands.terminal import err, out
from app.errors import InvalidParameters
from app.reports.kind import ReportKind
from openhours.whole_files import written_whole

#: Parameters that say which stores and files a report has, and nothing about the time of one store.
_OF_REPORTS: Final = frozenset({"stores", "hourly", "charts", "html", "excel", "target_percent"})

_Store = Annotated[str, typer.Argument(help="Key of the store, as in the loaded files.")]
_ChartFile = Annotated[
    Path | None,
    typer.Option(help="Also draw the days of the store, in its local time, to this PNG file. Default: none."),
]
_Day = Annotated[str | None, typer.Option(help="Draw only this local day, such as 2023-01-20. Default: all days.")]


def _is_device(path: Path) -> bool:
    return path.exists() and not path.is_file()


def explain_command(kind: ReportKind) -> Callable[..., None]:
    """A command whose options are the parameters of a report kind that matter to one store."""
    fields = kind.params.model_fields
    defaults = {name: field.default for name, field in fields.items()}
    instants = set(instants_of(kind))

    def command(
        *, store: str, chart: Path | None = None, date: str | None = None, server: str | None = None, **options: Any
    ) -> None:
        if date is not None and chart is None:
            raise InvalidParameters("--date sets the day that --chart FILE draws; give --chart, too")
        if chart is not None and not chart.parent.is_dir():
            raise InvalidParameters(f"--chart: there is no folder {chart.parent}")
        if chart is not None and chart.suffix.lower() != ".png" and not _is_device(chart):
            raise InvalidParameters(f"--chart: {chart} does not end with .png, and only PNG is drawn; end it with .png")
        params = {name: value for name, value in options.items() if value not in (None, [], defaults[name])}
        params = {fields[name].alias or name: value for name, value in params.items()}
        params |= {name: as_iso(params[name], option=dashed(name)) for name in params.keys() & instants}
        with opening.client(server, slots=1) as client:
            report_id = client.trigger(kind.name, {**params, "stores": [store]})
            client.wait(report_id)
            for line in lines(client.explain(report_id, store)):
                out.print(line, markup=False)
            if chart is not None:
                with written_whole(chart) as drawing:
                    drawing.write(client.entity_chart(report_id, store, date=date))
                err.print(f"{chart}: chart of its days", markup=False)

    own = {"store": (inspect.Parameter.empty, _Store), "chart": (None, _ChartFile), "date": (None, _Day)}
    parameters = [
        *(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
          for name, (default, annotation) in own.items()),
        *(one for one in parameter_options(kind) if one.name not in _OF_REPORTS),
        inspect.Parameter("server", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Server),
    ]  # fmt: skip
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = "Explain the figures of one store: when it was open, every stretch, every outage, and why."
    return command
