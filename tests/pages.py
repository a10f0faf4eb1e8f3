"""Writes what the pages say of each kind from its registry entry: ``python -m tests.pages``."""

import json
import re
from collections.abc import Callable, Mapping
from inspect import cleandoc
from pathlib import Path
from typing import Any

from app.ingest.kind import Column, DatasetKind
from app.ingest.registry import DATASET_KINDS
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS

DOCS = Path(__file__).parent.parent / "docs"

#: Between these two lines a page is written by this program, and by nobody else.
BEGIN = "<!-- Written by `make docs` from the registry of kinds. -->"
END = "<!-- Until here. -->"


def dataset_section(kind: DatasetKind) -> str:
    """The section of a dataset kind: its columns stand below the first paragraph."""
    first, *others = paragraphs(kind.documentation)
    notes = [note(column) for column in kind.columns]
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


def paragraphs(documentation: str) -> list[str]:
    return re.split(r"\n{2,}", cleandoc(documentation))


def table(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines).replace("|  |", "| |").replace(" --- ", "---")


#: The pages, and what stands in each between the two lines.
SECTIONS: Mapping[str, tuple[Callable[[Any], str], Mapping[str, Any]]] = {
    "datasets.md": (dataset_section, DATASET_KINDS),
    "reports.md": (report_section, REPORT_KINDS),
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
