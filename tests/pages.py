"""Writes what the pages say of each kind from its registry entry: ``python -m tests.pages``."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from app.access.scopes import Role, roles_with
from app.console import install as console
from app.ingest.kind import Column, DatasetKind
from app.ingest.registry import DATASET_KINDS
from app.metrics.metric import PILLARS, Pillar
from app.metrics.shipped import shipped
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.routers.needed import Declared, needed_by
from app.routers.needs import Need
from app.sources.contract import SourceKind
from app.sources.registry import SOURCE_KINDS
from app.web.pages import api as api_pages
from app.web.routes import API

DOCS = Path(__file__).parent.parent / "docs"

#: Between these two lines a page is written by this program, and by nobody else.
BEGIN = "<!-- Written by `make docs` from the registry of kinds. -->"
END = "<!-- Until here. -->"


def dataset_section(kind: DatasetKind) -> str:
    """The section of a dataset kind: its columns stand below the first paragraph."""
    first, *others = paragraphs(kind.documentation)
    notes = [note(column) for column in kind.columns]
    if not kind.columns:
        return "\n\n".join([f"### `{kind.name}`", first, *others])
    rows = [["column", "type", "example", ""], ["---"] * 4]
    for column, said in zip(kind.columns, notes, strict=True):
        names = " or ".join(f"`{name}`" for name in (column.name, *column.aliases))
        rows.append([names, column.type.name, f"`{column.example}`", said])
    return "\n\n".join([f"### `{kind.name}`", first, table(rows if any(notes) else [row[:3] for row in rows]), *others])


def note(column: Column) -> str:
    if column.instead_of is not None:
        return f"instead of `{column.instead_of}`"
    return "optional" if not column.required else "may be empty" if column.may_be_empty else ""


def report_section(kind: ReportKind) -> str:
    """The section of a report kind: its parameters, or where they stand."""
    body = json.dumps({"report": kind.name, "params": dict(kind.example)})
    parts = [f"## `{kind.name}`", *paragraphs(kind.documentation), f"For example: `{body}`."]
    if kind.rules is not None:
        return "\n\n".join([*parts, f"The exact rules, and all parameters: [{kind.rules}]({kind.rules})."])
    rows = [["parameter", "default", "meaning"], ["---"] * 3]
    for name, field in kind.params.model_fields.items():
        default = "" if field.default is None else f"`{json.dumps(field.default)}`"
        rows.append([f"`{field.alias or name}`", default, str(field.description)])
    return "\n\n".join([*parts, table(rows)])


def pillar_section(pillar: Pillar) -> str:
    """The metrics of a pillar that are shipped."""
    rows = [["metric", "what it is", "what it cannot know"], ["---"] * 3]
    for name, document in shipped().items():
        if document["pillar"] == pillar:
            rows.append([f"`{name}`: {document['title']}", document["summary"], document["caveat"]])
    return "\n\n".join([f"### {PILLARS[pillar]}", table(rows)])


def source_section(kind: SourceKind) -> str:
    """The streams of a kind of source."""
    rows = [["stream", "what it reads", "rows of"], ["---"] * 3]
    rows += [
        [f"`{stream.stream}`", stream.summary, ", ".join(f"`{of.into}`" for of in stream.rows)]
        for stream in kind.streams().values()
    ]
    first = f"Reads {kind.summary}. By default, its API is at `{kind.base_url}`."
    return "\n\n".join([f"### `{kind.name}`", first, table(rows)])


def paragraphs(documentation: str) -> list[str]:
    return re.split(r"\n{2,}", cleandoc(documentation))


def table(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines).replace("|  |", "| |").replace(" --- ", "---")


def access_section(routes: Sequence[Declared]) -> str:
    """Who may use which route."""
    rows = [["route", "scope", *Role], ["---"] * 5]
    for route in sorted(routes, key=lambda one: (one.path, sorted(one.methods))):
        methods = ", ".join(sorted(route.methods)) or "any method"
        may = ["yes" if who_may(route.need, role) else "no" for role in Role]
        rows.append([f"`{methods} {route.path}`", scope_of(route.need), *may])
    return table(rows)


def scope_of(need: Need) -> str:
    return "open to all" if need.is_open else "any user" if need.scope is None else f"`{need.scope}`"


def who_may(need: Need, role: Role) -> bool:
    return need.scope is None or role in roles_with(need.scope)


def all_routes() -> Sequence[Declared]:
    """Every route that a replica answers."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.router.routes.extend(API.routes)
    api_pages.install(app)
    console.install(app)
    return needed_by(app).routes


#: The pages, and what stands in each between the two lines.
SECTIONS: Mapping[str, tuple[Callable[[Any], str], Mapping[str, Any]]] = {
    "datasets.md": (dataset_section, DATASET_KINDS),
    "reports.md": (report_section, REPORT_KINDS),
    "metrics.md": (pillar_section, {pillar: pillar for pillar in PILLARS}),
    "source-life.md": (source_section, SOURCE_KINDS),
    "access.md": (access_section, {"routes": all_routes()}),
}


def written(name: str, text: str) -> str:
    """A page with its sections as the registry has them."""
    section, kinds = SECTIONS[name]
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"docs/{name} lacks the line {END if begin else BEGIN!r}: sections are written above {END!r}")
    return "\n\n".join([before + BEGIN, *map(section, kinds.values()), END]) + after


if __name__ == "__main__":
    for page in SECTIONS:
        path = DOCS / page
        path.write_text(written(page, path.read_text(encoding="utf-8")), encoding="utf-8")
