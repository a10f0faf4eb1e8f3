"""What the tests of dashboards stand on: files that are datasets, views as they are, reports to compare them with."""

import csv
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.catalogue.foreground import bring_in
from app.catalogue.options import load_options
from app.dashboards.refresh import Refreshed, refresh
from app.dashboards.role import add_role, remove_reader
from app.files.artifact import Artifact
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.conftest import SAMPLE_DATA, SAMPLES, fresh_resources
from tests.kinds import context_of

#: After all sample data, and not ten years after it.
NOW = datetime(2025, 6, 15, 12, tzinfo=UTC)

#: Groups of the stores that have one.
GROUPS = ("north", "O'Neill's")

_ENTITIES = f"""store_id,name,group
1050565545391667097,Elm St,{GROUPS[0]}
8358338731902291786,Oak St,{GROUPS[1]}
"""

_PASSWORD = "a long password"

COMMITS = "repo,sha,authored_at,committed_at\n" + "".join(
    f"acme/api,{number},2025-0{1 + number // 28}-{1 + number % 28:02}T10:00:00Z,2025-03-10T00:00:00Z\n"
    for number in range(0, 60, 3)
)


def bring(resources: Resources, kind: str, path: Path, **options: Any) -> str:
    """Load a file as a dataset, as the command does; its id."""
    found = bring_in(resources, kind, path, options=load_options(**options), shown_as=path.name, told=lambda *_: None)
    return found.record.id


def bring_text(resources: Resources, kind: str, content: str, folder: Path, **options: Any) -> str:
    path = folder / f"{kind}.csv"
    path.write_text(content, encoding="utf-8")
    return bring(resources, kind, path, **options)


def bring_samples(resources: Resources, folder: Path) -> None:
    for name, kind in SAMPLES.items():
        if kind != "table":
            bring(resources, kind, SAMPLE_DATA / f"{name}.csv")
    bring(resources, "installs", SAMPLE_DATA / "installs.csv")
    bring_text(resources, "commits", COMMITS, folder)


@contextmanager
def views_of_samples(servers: Addresses, settings: Settings, folder: Path) -> Iterator[tuple[Resources, str]]:
    """The views of sample data, some stores of which have a group, and the address that a role reads them at."""
    role = f"views_{uuid.uuid4().hex[:8]}"
    with fresh_resources(servers, settings) as fresh:
        bring_samples(fresh, folder)
        bring_text(fresh, "entities", _ENTITIES, folder)
        refreshed(fresh, folder)
        add_role(fresh.engine, role, password=_PASSWORD)
        address = make_url(fresh.database_url).set(drivername="postgresql", username=role, password=_PASSWORD)
        yield fresh, address.render_as_string(hide_password=False)
        remove_reader(fresh.engine, role)


def refreshed(resources: Resources, folder: Path, *, now: datetime = NOW, **more: Any) -> Refreshed:
    return refresh(context_of(resources, folder), now=now, **more)


def view(resources: Resources, name: str, where: str = "true", order: str = "1, 2, 3") -> list[dict[str, Any]]:
    """The rows of a view."""
    with resources.engine.connect() as connection:
        rows = connection.execute(text(f"SELECT * FROM {name} WHERE {where} ORDER BY {order}"))
        return [dict(row) for row in rows.mappings()]


def report(resources: Resources, name: str, folder: Path, **params: Any) -> list[dict[str, str]]:
    """The rows of the main table of a report."""
    kind: ReportKind = REPORT_KINDS[name]
    folder.mkdir(exist_ok=True)
    with resources.engine.connect() as connection:
        resolved, _ = kind.resolve(connection, kind.params.model_validate(params))
    made = kind.produce(context_of(resources, folder), resolved)
    with next(one.path for one in made if isinstance(one, Artifact) and one.path.suffix == ".csv").open(
        newline=""
    ) as file:
        return list(csv.DictReader(file))


def as_text(row: Mapping[str, Any]) -> dict[str, str]:
    """A row of a view as a file of a report has it."""
    return {name: _text(value) for name, value in row.items()}


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return str(value)


def uptime_of_weeks(
    resources: Resources, folder: Path, accounting: str, mondays: Sequence[date]
) -> list[dict[str, str]]:
    """The reports by day of these weeks, as the view of that accounting should have them; sorted by store and day."""
    found = []
    for monday in mondays:
        week = {"from": monday.isoformat(), "to": (monday + timedelta(days=7)).isoformat()}
        rows = report(resources, "uptime", folder / f"{accounting}-{monday}", **week, by="day", accounting=accounting)
        for row in rows:
            renamed = {"period": "day", "period_start": "day_start", "period_end": "day_end", "group": "group_name"}
            found.append({"name": "", "group_name": ""} | {renamed.get(name, name): row[name] for name in row})
    return sorted(found, key=lambda row: (row["store_id"], row["day"]))
