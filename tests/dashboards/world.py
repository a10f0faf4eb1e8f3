"""What the tests of dashboards stand on: files that are datasets, views as they are, reports to compare them with."""

import csv
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    assert not found.record.rows_rejected, found.record
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


def bring_engineering(resources: Resources, folder: Path) -> None:
    """Everything that metrics are of, beside the pull requests of the samples: half a year of two repositories."""
    for kind, rows in _engineering().items():
        header = ",".join(dict.fromkeys(name for row in rows for name in row))
        names = header.split(",")
        lines = [",".join(str(row.get(name, "")) for name in names) for row in rows]
        bring_text(resources, kind, "\n".join([header, *lines, ""]), folder)


def _engineering() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    _review_samples(found)
    for place, (repo, team) in enumerate((("payments-api", "Payments"), ("mobile-api", "Mobile"))):
        found["team_repositories"].append({"team": team, "repo": repo})
        found["repositories"].append({"repo": repo, "default_branch": "main"})
        for week in range(26):
            _a_week(found, repo, place, week)
    return found


def _a_week(found: dict[str, list[dict[str, Any]]], repo: str, place: int, week: int) -> None:
    """Commits, runs of CI with a job each, deployments, a release, an incident, and what is looked at once a week."""
    monday = datetime(2024, 10, 7, tzinfo=UTC) + timedelta(weeks=week)
    for number in range(7 + place):
        at = monday + timedelta(days=number % 5, hours=8 + number)
        sha, one = f"{place}{week:02}{number:02}", 1 + 100_000 * place + 100 * week + number
        found["commits"].append({
            "repo": repo, "sha": sha, "author": f"person{number % 6}", "authored_at": _at(at), "committed_at": _at(at),
            "parents": 1, "additions": 10 * number, "deletions": number,
            "parent_shas": f"{place}{week - (not number):02}{number - 1 if number else 6 + place:02}",
        })  # fmt: skip
        found["workflow_runs"].append({
            "repo": repo, "run_id": one, "attempt": 1, "workflow": ("CI", "nightly")[number % 5 == 4], "branch": "main",
            "event": ("push", "pull_request")[number % 2], "head_sha": sha, "created_at": _at(at),
            "started_at": _at(at), "conclusion": ("success", "failure")[(number + week) % 4 == 0],
        })  # fmt: skip
        found["workflow_jobs"].append({
            "repo": repo, "job_id": one, "run_id": one, "attempt": 1, "name": "test", "conclusion": "success",
            "created_at": _at(at), "started_at": _at(at + timedelta(seconds=30 + number)),
            "completed_at": _at(at + timedelta(minutes=5 + number)),
        })  # fmt: skip
        if number % 2:
            found["deployments"].append({
                "repo": repo, "deployment_id": one, "environment": "production", "sha": sha, "created_at": _at(at),
                "succeeded_at": _at(at + timedelta(minutes=2)),
            })  # fmt: skip
    if week % 3 == place:
        tag = f"v1.{week}.0" if week % 6 else f"v{2 + week}.0.0"
        found["releases"].append({"repo": repo, "release_id": 1 + week, "tag": tag, "published_at": _at(monday)})
        at = _at(monday + timedelta(days=1, hours=12))
        found["issues"].append(
            {"repo": repo, "number": 5_000 + week, "state": "open", "labels": "incident", "created_at": at}
        )
    seen_on = monday.date().isoformat()
    for branch, age in (("main", 1), ("fix/late", 100), ("try", 5)):
        at = _at(monday - timedelta(days=age))
        found["branches"].append(
            {
                "repo": repo,
                "branch": branch,
                "seen_on": seen_on,
                "is_default": _text(branch == "main"),
                "committed_at": at,
            }
        )
    pinned = ("numpy", "pandas", "scipy", "altair")[: 2 + 2 * place]
    for name, version in (*((name, "2.2.1") for name in pinned), ("rich", ">=13")):
        found["dependencies"].append(
            {"repo": repo, "seen_on": seen_on, "ecosystem": "pypi", "name": name, "version": version}
        )
    found["repository_files"].append(
        {"repo": repo, "path": ".python-version", "seen_on": seen_on, "content": ("3.8", "3.13")[place]}
    )


def _review_samples(found: dict[str, list[dict[str, Any]]]) -> None:
    """Of each pull request of the samples the first review and the approval, and one review of a lone week."""
    found["reviews"].append({
        "repo": "payments-api", "number": 112, "review_id": 9_000, "state": "COMMENTED", "reviewer": "reviewer1",
        "submitted_at": "2025-02-12T22:00:00Z",
    })  # fmt: skip
    with (SAMPLE_DATA / "pull_requests.csv").open(newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            for place, (name, state) in enumerate((("first_review_at", "COMMENTED"), ("approved_at", "APPROVED"))):
                if row[name]:
                    found["reviews"].append({
                        "repo": row["repo"], "number": row["number"], "review_id": 1 + 2 * number + place,
                        "state": state, "reviewer": f"reviewer{number % 7}", "submitted_at": row[name],
                    })  # fmt: skip


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


@contextmanager
def views_of_samples(servers: Addresses, settings: Settings, folder: Path) -> Iterator[tuple[Resources, str]]:
    """The views of sample data, some stores of which have a group, and the address that a role reads them at."""
    role = f"views_{uuid.uuid4().hex[:8]}"
    with fresh_resources(servers, settings) as fresh:
        bring_samples(fresh, folder)
        bring_text(fresh, "entities", _ENTITIES, folder)
        bring_engineering(fresh, folder)
        refreshed(fresh, folder)
        add_role(fresh.engine, role, password=_PASSWORD)
        address = make_url(fresh.database_url).set(drivername="postgresql", username=role, password=_PASSWORD)
        yield fresh, address.render_as_string(hide_password=False)
        remove_reader(fresh.engine, role)


def refreshed(resources: Resources, folder: Path, *, now: datetime = NOW, **more: Any) -> Refreshed:
    return refresh(context_of(resources, folder), now=now, **more)


@contextmanager
def filled(
    servers: Addresses, settings: Settings, folder: Path, *bringing: Callable[[Resources, Path], None]
) -> Iterator[Resources]:
    """Resources into which these have brought something, refreshed after that."""
    with fresh_resources(servers, settings) as fresh:
        for one in bringing:
            one(fresh, folder)
        refreshed(fresh, folder)
        yield fresh


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
