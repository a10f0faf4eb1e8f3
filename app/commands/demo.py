"""The main workflow on sample data, from start to end, as ``make demo`` shows it."""

import csv
from itertools import islice
from pathlib import Path
from typing import Final

from rich.markup import escape
from rich.table import Table

import app
from app.catalogue.foreground import bring_in
from app.catalogue.options import LoadOptions
from app.commands.terminal import out, report_progress
from app.reports.registry import DEFAULT_KIND
from app.settings import Settings
from app.storage.resources import Resources
from app.web.server import serving
from openhours.client import Client
from openhours.files import File

#: Rows of the report that are shown.
SHOWN_ROWS: Final = 5

#: The folder of the demo's own servers, below the home.
HOME: Final = "demo"


def own(settings: Settings) -> Settings:
    """The settings for servers that only the demo uses: it neither sees nor changes what anybody has loaded."""
    addresses = dict.fromkeys(("database_url", "redis_url", "s3_endpoint_url", "s3_public_url"))
    return settings.model_copy(update={"home": settings.home / HOME, "auth": None, **addresses})


def sample_data() -> Path:
    """The folder ``sample_data``: a wheel has it inside the package, a checkout beside it."""
    inside = Path(app.__file__).with_name("sample_data")
    return inside if inside.is_dir() else inside.parent.with_name("sample_data")


def run(resources: Resources, folder: Path) -> None:
    """Load ``sample_data``, trigger over HTTP, poll, download into ``folder``, show."""
    for name in ("hours", "timezones", "polls"):
        file = sample_data() / f"{name}.csv"
        state = bring_in(resources, name, file, options=LoadOptions(), shown_as=file.name, told=lambda *_: None)
        out.print(f"loaded {state.record.rows_read:>6,} rows of sample_data/{name}.csv")
    with serving(resources, slots=1) as address:
        client = Client(address, key="")  # its own server, in local mode
        try:
            _report(client, folder)
        finally:
            client.close()


def _report(client: Client, folder: Path) -> None:
    report_id = client.trigger(DEFAULT_KIND.name, {})
    out.print(f"\nPOST {client.address}/trigger_report → {report_id}")
    with report_progress(DEFAULT_KIND.name) as progress:
        for answer in client.follow(report_id):
            progress(answer.get("stage", "complete"), answer.get("progress", 1.0))
    file = File.of(answer["files"][0])
    out.print(f"GET {client.address}/get_report?report_id={report_id} → Complete")
    out.print(f"GET {escape(file.url[:78])}…")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file.name
    client.download(file, path)
    _show(path, as_of=answer["as_of"])


def _show(path: Path, *, as_of: str) -> None:
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    shown = [at for at, name in enumerate(header) if not name.startswith("carried")]  # as wide as a terminal is
    out.print(f"\n{len(rows)} stores as of {as_of}; minutes for the hour, hours for day and week:\n")
    table = Table(*(header[at].replace("_last_", "\n") for at in shown), box=None)
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    for row in islice(rows, SHOWN_ROWS):
        table.add_row(*(row[at] for at in shown))
    out.print(table)
    week = {
        status: sum(float(row[header.index(f"{status}_last_week")]) for row in rows)
        for status in ("uptime", "downtime", "unknown")
    }
    total = sum(week.values()) or 1
    shares = ", ".join(f"{status} {hours:,.2f} h ({hours / total:.1%})" for status, hours in week.items())
    out.print(f"\nopen hours of the last week: {shares}")
    out.print(f"full report: {path}", markup=False)
