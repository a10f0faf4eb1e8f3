"""Who may import whom: the contracts of pyproject.toml are kept, each can be broken, and what they cannot say."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

from tests.commands import REPOSITORY
from tests.structure import measure

#: The libraries of rooms that have no others; contracts can forbid some, but not all but some.
ONLY = {
    "timeline": {"numpy"},
    "charts": {"numpy", "altair", "vl_convert"},
    "errors": set[str](),
    "ids": set[str](),
    "settings": {"platformdirs", "pydantic", "pydantic_core", "pydantic_settings"},
    "wording": {"pydantic", "rapidfuzz"},
    "files": {"numpy", "pyarrow"},
}

#: For each contract what breaks it: a line for the end of a module, which may be a new one, and what is imported then.
WRONG = {
    "Rooms import downward only": [
        ("app.routers.wrong", "from app.web.application import create_app", "app.web.application"),
        ("app.series.wrong", "from app import reports", "app.reports"),
        ("app.ingest.wrong", "import app.jobs.queue as queue", "app.jobs.queue"),
        ("app.flow.wrong", "from app.series.pull_requests import read", "app.series.pull_requests"),
        ("app.jobs.wrong", "if True:\n    from app.reports import service", "app.reports.service"),
        ("app.timeline.wrong", "import app.errors", "app.errors"),
        ("app.settings", "import app.errors", "app.errors"),
        ("app.errors", "from app.settings import Settings", "app.settings"),
        ("app.files.wrong", "from app.cli import main", "app.cli"),
        ("app.reports.wrong", "from app.catalogue.records import find", "app.catalogue.records"),
    ],
    "Access knows users, and nothing of what they do": [
        ("app.access.wrong", "from starlette.requests import Request", "starlette")
    ],
    "Only access asks a provider who somebody is": [("app.routers.wrong", "import joserfc", "joserfc")],
    "The client library stands by itself": [("openhours.wrong", "from app.ids import new_id", "app.ids")],
    "Only commands use the client library": [("app.web.wrong", "from openhours import Client", "openhours")],
    "The engine and what it stands on know no customer, no domain and no HTTP": [
        ("app.jobs.http", "import fastapi", "fastapi"),
        ("app.jobs.child", "def draw():\n    from app.charts.files import write_charts", "app.charts.files"),
        ("app.storage.wrong", "from ..timeline import zones", "app.timeline.zones"),
    ],
    "Computing reaches no server, whatever its imports import": [
        ("app.flow.phases", "import sqlalchemy", "sqlalchemy"),
        ("app.charts.wrong", "import app.files.csv_output", "app.files.csv_output"),
        ("app.files.csv_output", "import redis", "redis"),
    ],
    "Charts know arrays and files, no instants": [("app.charts.pie", "from app.timeline import DAY", "app.timeline")],
    "Routers ask services": [
        ("app.routers.database", "from sqlalchemy.exc import DBAPIError", "sqlalchemy"),
        ("app.routers.computing", "from app.flow import events", "app.flow.events"),
    ],
    "Pages ask routes": [
        ("app.console.pages.wrong", "from app.reports.registry import REPORT_KINDS", "app.reports.registry"),
        ("app.console.database", "from sqlalchemy.exc import DBAPIError", "sqlalchemy"),
    ],
    "Reports read series, not files that come in": [
        ("app.reports.files", "from app.ingest.source import Source", "app.ingest.source")
    ],
    "Uploads carry bytes and do not read them": [
        ("app.uploads.wrong", "from app.series.tables import poll", "app.series.tables")
    ],
    "Kinds of rules do not know each other": [
        ("app.automation.kinds.wrong", "from app.automation.kinds import source_lag", "app.automation.kinds.source_lag")
    ],
    "Kinds of rules are reached through their registry": [
        ("app.automation.wrong", "from app.automation.kinds import store_down", "app.automation.kinds.store_down")
    ],
    "Sending knows receivers, and nothing of what is told": [
        ("app.sending.wrong", "from app.storage.resources import Resources", "app.storage.resources")
    ],
    "Only sending dials receivers": [("app.deliveries.wrong", "import httpcore2", "httpcore2")],
    "Working hours are set without a job": [("app.entities.wrong", "from app.jobs import kind", "app.jobs.kind")],
    "Report kinds do not know each other": [
        ("app.reports.kinds.wrong", "from app.reports.kinds.uptime import UPTIME", "app.reports.kinds.uptime")
    ],
    "Dataset kinds do not know each other": [
        ("app.ingest.kinds.wrong", "from app.ingest.kinds.polls import POLLS", "app.ingest.kinds.polls")
    ],
    "Report kinds are reached through their registry": [
        ("app.web.kinds", "from app.reports.kinds.uptime import UPTIME", "app.reports.kinds.uptime")
    ],
    "Metrics know no report, no file that comes in and no HTTP": [
        ("app.metrics.wrong", "from app.mapping.document import read_mapping", "app.mapping.document")
    ],
    "Figures of metrics are computed without a server": [
        ("app.metrics.figures", "from app.storage.postgres import metadata", "app.storage.postgres")
    ],
    "Dataset kinds are reached through their registry": [
        ("app.catalogue.kinds", "from app.ingest.kinds.polls import POLLS", "app.ingest.kinds.polls")
    ],
    "HTTP stays at the edge": [("app.catalogue.wrong", "import starlette.requests", "starlette")],
    "Only storage connects to S3 and migrates": [("app.routers.s3", "import boto3.session, json", "boto3")],
    "Only storage and the engine speak to Redis": [("app.routers.redis", "import redis", "redis")],
    "Only storage knows the driver of Postgres": [("app.series.driver", "import psycopg2.extras", "psycopg2")],
    "Only charts draw": [("app.reports.drawing", "def draw():\n    import altair", "altair")],
    "Only pages draw QR pictures": [("app.access.pictures", "import segno", "segno")],
    "Only roll-ups open DuckDB": [("app.reports.databases", "import duckdb", "duckdb")],
    "Only pieces speak to a cluster": [("app.rollup.wrong", "from distributed import Client", "distributed")],
    "Pieces know no customer": [("app.pieces.wrong", "from app.access import audit", "app.access.audit")],
    "Only mappings read expressions and workbooks": [("app.ingest.wrong", "import jmespath", "jmespath")],
    "Only commands write to a terminal": [("app.web.terminal", "from rich.console import Console", "rich")],
}

#: Told without the module that is at fault, so it is broken by itself.
CIRCLE = "No modules import each other in a circle"

#: Rooms that compute: to import them needs no server and nothing that speaks to one.
PURE = ("timeline", "flow", "charts")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    wide = os.environ | {"COLUMNS": "1000", "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=wide, capture_output=True, text=True, check=False)


def contracts() -> list[str]:
    options = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    return [contract["name"] for contract in options["tool"]["importlinter"]["contracts"]]


@cache
def imports() -> grimp.ImportGraph:
    """Every import of the service and of the client library, wherever in a source."""
    return grimp.build_graph("app", "openhours", include_external_packages=True, cache_dir=None)


def libraries(graph: grimp.ImportGraph, package: str) -> set[str]:
    """The top-level packages, but for Python's and its own, that a package or a module imports."""
    inside = {package, *graph.find_descendants(package)}
    found = {name.partition(".")[0] for one in inside for name in graph.find_modules_directly_imported_by(one)}
    return found - sys.stdlib_module_names - {package.partition(".")[0]}


def importers(graph: grimp.ImportGraph, package: str) -> set[str]:
    """The rooms of the service that import a package."""
    modules = graph.find_modules_that_directly_import(package, as_package=True)
    return {module.split(".")[1] for module in modules if module.startswith("app.")}


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """A copy of the sources and of the contracts."""
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    for package in ("app", "openhours"):
        shutil.copytree(REPOSITORY / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    yield tmp_path
    shutil.rmtree(tmp_path)


def add(folder: Path, module: str, line: str) -> None:
    """Write a line at the end of a module."""
    path = folder.joinpath(*module.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    with source.open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")


def test_every_contract_is_kept() -> None:
    run = lint(REPOSITORY)
    assert run.returncode == 0, run.stdout
    assert f"Contracts: {len(contracts())} kept, 0 broken." in run.stdout


def test_each_contract_tells_of_an_import_that_breaks_it(copy: Path) -> None:
    assert {*WRONG, CIRCLE} == set(contracts())
    for module, line, _ in (one for lines in WRONG.values() for one in lines):
        add(copy, module, line)
    told = lint(copy).stdout
    for contract, lines in WRONG.items():
        section = told.partition(f"\n{contract}\n---")[2].partition("\n---")[0]
        for module, _, imported in lines:
            assert f"{module} -> {imported} (" in section, f"{contract}: {module}"


def test_a_circle_within_a_room_is_found_and_a_room_that_no_layer_names(copy: Path) -> None:
    add(copy, "app.timeline.calendar", "from .working_hours import WeeklyHours")
    add(copy, "app.helpers", "import json")
    told = lint(copy).stdout
    assert "No cycles are allowed in app.timeline." in told
    assert "- app.helpers\n" in told


def test_some_rooms_have_few_libraries() -> None:
    for room, few in ONLY.items():
        assert libraries(imports(), f"app.{room}") == few, room


def test_a_library_too_many_is_found_in_a_room_and_in_a_module() -> None:
    graph = grimp.ImportGraph()
    graph.add_import(importer="app.timeline.weeks", imported="numpy")
    graph.add_import(importer="app.timeline.weeks", imported="pyarrow")
    graph.add_import(importer="app.timeline.weeks", imported="zoneinfo")
    graph.add_import(importer="app.timeline.weeks", imported="app.timeline")
    assert libraries(graph, "app.timeline") == {"numpy", "pyarrow"}
    assert libraries(graph, "app.timeline.weeks") == {"numpy", "pyarrow"}


def test_few_modules_stand_outside_of_rooms() -> None:
    assert len([*(REPOSITORY / "app").glob("*.py")]) <= 8


def test_the_structure_of_a_cycle_is_told(tmp_path: Path) -> None:
    sources = {
        "upper": "import shaped.left.one",
        "left/one": "from shaped import right",
        "right/one": "def late():\n    import shaped.left.one\nfrom shaped.ground import x",
        "right/__init__": "from shaped.right import one",
        "ground": "import json",
    }
    for name in ("", "left", "right"):
        (tmp_path / "shaped" / name).mkdir()
        (tmp_path / "shaped" / name / "__init__.py").touch()
    for name, source in sources.items():
        (tmp_path / f"shaped/{name}.py").write_text(source, encoding="utf-8")
    structure = measure(tmp_path, "shaped")
    assert structure.cycles == (("left", "right"),)
    assert structure.levels == (("ground",), ("left", "right"), ("upper",))
    assert structure.arrows == {
        "upper": {"left"},
        "left": {"right"},
        "right": {"left", "ground"},
        "ground": set(),
    }


def loaded(source: str) -> set[str]:
    """What a fresh interpreter has loaded after a source."""
    source += "\nimport sys\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    return set(run.stdout.split())


def test_what_computes_loads_nothing_that_speaks_to_a_server() -> None:
    """Not even through an import of an import of a library."""
    modules = [
        module for module in sorted(imports().modules) if any(f"{module}.".startswith(f"app.{room}.") for room in PURE)
    ]
    assert {module.split(".")[1] for module in modules} == set(PURE)
    found = loaded("\n".join(f"import {module}" for module in modules))
    assert not found & {"sqlalchemy", "psycopg2", "redis", "boto3", "botocore", "fastapi", "starlette", "app.storage"}


def test_what_draws_is_not_imported_before_a_report_wants_charts() -> None:
    """Neither the HTTP process nor the one that forks a process for each report pays for it."""
    found = loaded("import app.web.application, app.web.server, app.jobs.child, app.cli, app.commands.report_kinds")
    assert "app.reports.kinds.uptime" in found
    assert not found & {"altair", "vl_convert", "app.charts"}
