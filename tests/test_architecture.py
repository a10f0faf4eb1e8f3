"""Which room may import which: the directions of the design, read out of the sources."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

APP = Path(__file__).parent.parent / "app"

#: May import anything of ours.
OUTSIDE = {"web", "cli", "commands", "main", "__main__"}

#: What each other room may import of ours; every room may import itself, and nobody what stands outside. A room is a
#: folder or a file of app/.
ALLOWED = {
    "routers": {
        *(
            "replica",
            "reports",
            "catalogue",
            "uploads",
            "entities",
            "series",
            "ingest",
            "jobs",
            "storage",
            "telemetry",
            "wording",
            "errors",
        ),
    },
    "replica": {"jobs", "storage", "telemetry", "errors"},
    "reports": {
        *(
            "jobs",
            "flow",
            "charts",
            "timeline",
            "series",
            "storage",
            "files",
            "telemetry",
            "wording",
            "ids",
            "paging",
            "errors",
        ),
    },
    "catalogue": {"ingest", "uploads", "jobs", "storage", "files", "telemetry", "wording", "ids", "paging", "errors"},
    "uploads": {"jobs", "storage", "ids", "errors"},
    "ingest": {"series", "flow", "timeline", "storage", "files", "errors"},
    "entities": {"ingest", "series", "timeline", "storage", "wording", "paging", "errors"},
    "series": {"flow", "timeline", "storage", "wording", "errors"},
    "jobs": {"storage", "telemetry", "files", "settings", "ids", "errors"},
    "flow": {"timeline", "files", "errors"},
    "charts": {"files"},
    "timeline": set(),
    "demo_data": {"timeline", "errors"},
    "storage": {"embedded", "telemetry", "timeline", "settings", "errors"},
    "embedded": {"errors"},
    "telemetry": {"settings"},
    "files": set(),
    "paging": {"wording", "ids", "errors"},
    "wording": {"errors"},
    "ids": set(),
    "settings": set(),
    "errors": set(),
}

#: Libraries that a room leaves to others.
FORBIDDEN = {
    "routers": {"redis", "boto3", "botocore", "sqlalchemy", "psycopg2"},
    "ingest": {"redis", "boto3", "botocore", "fastapi", "starlette"},
    "catalogue": {"redis", "boto3", "botocore", "fastapi", "starlette"},
    "uploads": {"redis", "boto3", "botocore", "fastapi", "starlette"},
    "series": {"redis", "boto3", "botocore", "fastapi", "starlette"},
    "flow": {"redis", "boto3", "botocore", "fastapi", "starlette", "sqlalchemy", "psycopg2"},
    "jobs": {"fastapi", "starlette"},
    "reports": {"fastapi", "starlette", "redis", "boto3"},
}

#: The libraries of rooms that have no others.
ONLY = {
    "timeline": {"numpy", "pandas"},
    "charts": {"numpy", "altair", "vl_convert"},
    "errors": set[str](),
    "wording": {"pydantic"},
    "settings": {"platformdirs", "pydantic", "pydantic_settings"},
}


def room_of(module: str) -> str:
    """The room of a module that is named from app/ on, such as ``jobs.queue``."""
    return module.partition(".")[0]


def imports(source: str, module: str) -> Iterator[str]:
    """Full names of the modules that a source imports, wherever in it; ``from`` a package counts as its member."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=origin, names=names, level=level):
                package = ".".join(filter(None, [above(module, level), origin]))
                for name in names:
                    member = f"{package}.{name.name}"
                    yield member if exists(member) else package


def above(module: str, level: int) -> str:
    """The package that the dots of a relative import mean; none without dots."""
    parts = ["app", *module.split(".")]
    inside = parts if APP.parent.joinpath(*parts).is_dir() else parts[:-1]
    return ".".join(inside[: len(inside) - level + 1]) if level else ""


def exists(module: str) -> bool:
    path = APP.parent.joinpath(*module.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def violations(source: str, module: str) -> set[str]:
    """What a source imports against the directions; ``module`` is its name from app/ on."""
    room = room_of(module)
    return {name for name in imports(source, module) if not may_import(room, name)}


def may_import(room: str, name: str) -> bool:
    top, _, ours = name.partition(".")
    if top != "app":
        library = top not in sys.stdlib_module_names
        return not library or (top not in FORBIDDEN.get(room, set()) and top in ONLY.get(room, {top}))
    return room in OUTSIDE or not ours or room_of(ours) in {room, *ALLOWED.get(room, set())}


def modules() -> dict[str, Path]:
    """Every source below app/, by its name from there on; a folder's is that of its ``__init__``."""
    found = {}
    for path in sorted(APP.rglob("*.py")):
        parts = path.relative_to(APP).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def test_a_module_imports_only_in_the_directions_of_the_design() -> None:
    wrong = {name: violations(path.read_text(encoding="utf-8"), name) for name, path in modules().items()}
    assert len(wrong) > 100, "the sources were not found"
    told = [f"app.{name} must not import {', '.join(sorted(found))}" for name, found in wrong.items() if found]
    assert told == [], "; ".join(told)


def test_every_room_has_its_line_and_every_line_its_room() -> None:
    rooms = {room_of(name) for name in modules()} - {""}
    assert rooms == {*ALLOWED, *OUTSIDE}
    assert set().union(*ALLOWED.values()) <= set(ALLOWED)


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        ("routers.uploads", "import redis", {"redis"}),
        ("routers.uploads", "from sqlalchemy.exc import DBAPIError", {"sqlalchemy.exc"}),
        ("routers.uploads", "import boto3.session, json", {"boto3.session"}),
        ("routers.uploads", "from app.flow.events import X", {"app.flow.events"}),
        ("routers.uploads", "from app.flow import events, phases", {"app.flow.events", "app.flow.phases"}),
        ("routers.uploads", "from ..timeline import zones", {"app.timeline.zones"}),
        ("routers.uploads", "from . import health", set()),
        ("routers.uploads", "from app.reports.service import ReportService\nfrom app.errors import BadInput", set()),
        ("timeline.weeks", "import numpy\nimport zoneinfo\nfrom app.timeline import DAY", set()),
        ("timeline.weeks", "def late():\n    import pyarrow.compute", {"pyarrow.compute"}),
        ("timeline.weeks", "import app.errors", {"app.errors"}),
        ("timeline", "from .zones import to_utc\nfrom app import settings", {"app.settings"}),
        ("jobs.worker", "from app.web.application import create_app", {"app.web.application"}),
        ("jobs.worker", "if True:\n    from app.reports import service", {"app.reports.service"}),
        ("flow.phases", "import sqlalchemy\nfrom app.flow.instants import INSTANTS", {"sqlalchemy"}),
        ("flow.phases", "from app.series.pull_requests import read", {"app.series.pull_requests"}),
        ("ingest.orders", "import app.jobs.queue as queue", {"app.jobs.queue"}),
        ("series.orders", "from app import reports", {"app.reports"}),
        ("errors", "from app.settings import Settings", {"app.settings"}),
        ("settings", "import app.errors", {"app.errors"}),
        ("files.digest", "from app.cli import main", {"app.cli"}),
        ("commands.demo", "from app.cli import main\nimport redis", set()),
        ("jobs.child", "from app.charts.files import write_charts", {"app.charts.files"}),
        ("charts.pie", "import altair, numpy\nfrom app.files.artifact import Artifact", set()),
        ("charts.pie", "import pandas\nfrom app.timeline import DAY", {"pandas", "app.timeline"}),
    ],
)
def test_a_violation_is_found(module: str, source: str, wrong: set[str]) -> None:
    assert violations(source, module) == wrong


def test_only_the_room_of_charts_imports_what_draws() -> None:
    drawing = {
        name
        for name, path in modules().items()
        if {one.partition(".")[0] for one in imports(path.read_text(encoding="utf-8"), name)} & {"altair", "vl_convert"}
    }
    elsewhere = sorted(f"app.{name}" for name in drawing if room_of(name) != "charts")
    assert drawing, "nothing draws: the sources were not found"
    assert elsewhere == [], f"only app.charts may import altair and vl_convert: {', '.join(elsewhere)} must not"


def test_what_draws_is_not_imported_before_a_report_wants_charts() -> None:
    """Neither the HTTP process nor the one that forks a process for each report pays for it."""
    source = (
        "import sys, app.web.application, app.web.server, app.jobs.child, app.cli\n"
        "from app.reports.registry import REPORT_KINDS\n"
        "assert REPORT_KINDS\n"
        "print(*sorted({'altair', 'vl_convert', 'app.charts'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, cwd=APP.parent)
    assert run.stdout.strip() == ""
