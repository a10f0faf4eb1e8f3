"""What a proposal for counts of projects has beside its columns."""

from collections.abc import Mapping
from typing import Any, Final

from app.ingest.inspection.layout import Layout
from app.ingest.inspection.questions import assumed

#: A member of an object beside its records that names the project of all of them, as pypistats.org has it.
_PROJECT_OF_ALL: Final = "package"

#: Rows that hold the others, as pypistats.org and the program pypistats have them.
_SUMS: Final = {"category": {"not": ["with_mirrors", "Total"]}}


def rest_of_installs(
    columns: dict[str, Any], missing: list[str], layout: Layout, stem: str
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Further members of a mapping of installs, and what is to be asked.

    Args:
        columns: of the mapping; the project is added if the file has none, and the installer taken out if it has one.
        missing: what is missing among them, without the project if it was added.
        layout: of the file.
        stem: of its name.
    """
    rest: dict[str, Any] = {}
    questions: list[tuple[str, str]] = []
    if missing == ["project"] and "count" in columns:
        missing.clear()
        columns["project"], questions = of_one_project(layout, stem)
    if "installer" in columns:
        rest["rows"] = _by_installer(columns.pop("installer"))
    if "category" in layout.names:
        rest["where"] = _SUMS
    return rest, questions


def _by_installer(rule: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of downloads with and without an installer: who names none there has been asked, and is unknown."""
    named, unknown = {"installer": dict(rule)}, {"installer": {"value": "unknown"}}
    return [
        {"where": {rule["from"]: {"not": [""]}}, "columns": named},
        {"where": {rule["from"]: [""]}, "columns": unknown},
    ]


def of_one_project(layout: Layout, stem: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The rule of a file none of whose rows names its project, and what is to be asked of it.

    The project is that which the file names beside its rows, or else ``stem``. A load of such a file must say that it
    tells of no other project, or it takes out what is known of those.
    """
    named = layout.about.get(_PROJECT_OF_ALL)
    questions = [] if named else [assumed("project", stem)]
    alone = "The file tells of one project alone; load it with --mapping and --covers named, which --accept does not."
    return {"value": named or stem}, [*questions, (alone, "")]
