"""The commands that follow from the registry of report kinds: report, with a command for each kind, and explain."""

from typing import Final

import typer

from app.commands.explain import explain_command
from app.commands.report import report_command
from app.reports.registry import REPORT_KINDS

report = typer.Typer(no_args_is_help=True)

for _kind in REPORT_KINDS.values():
    report.command(_kind.name)(report_command(_kind))

#: Explains the reports of the kind whose figures can be explained.
explain: Final = next(explain_command(kind) for kind in REPORT_KINDS.values() if kind.drilldown is not None)
