"""What is there is documented, and what is documented is there."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from app.cli import app as cli
from app.ingest.kind import DatasetKind
from app.ingest.refusal import REFUSALS, REJECTIONS
from app.ingest.registry import DATASET_KINDS
from app.metrics.facts.registry import FACTS
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.settings import TOKEN_VARIABLES, Settings
from app.storage.resources import Resources
from app.web.application import create_app
from tests import pages

ROOT = Path(__file__).parent.parent

#: Everything that people read, but for the decision records.
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
}

DATASETS = PAGES["docs/datasets.md"]


#: Defaults that differ from machine to machine, as the page of settings has them.
DEFAULTS = {"home": "`~/.local/share/openhours`", "slots": "one per core"}


def variable(name: str) -> str:
    return f"OPENHOURS_{name.upper()}"


def settings_row(name: str) -> str:
    field = Settings.model_fields[name]
    written = str(field.default).lower() if isinstance(field.default, bool) else field.default
    default = DEFAULTS.get(name) or ("unset" if field.default is None else f"`{written}`")
    return f"| `{variable(name)}` | {default} | {field.description} |"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_has_its_row_in_the_page_of_settings(name: str) -> None:
    assert settings_row(name) in PAGES["docs/settings.md"].splitlines()


@pytest.mark.parametrize("page", PAGES)
def test_no_page_names_a_setting_that_does_not_exist(page: str) -> None:
    known = {variable(name) for name in Settings.model_fields}
    named = set(re.findall(r"OPENHOURS_[A-Z0-9_]+", PAGES[page]))
    assert {one for one in named if not one.startswith(TOKEN_VARIABLES)} <= known


def test_every_route_has_its_row_in_the_page_of_the_http_api(loaded: Resources) -> None:
    paths = create_app(loaded, slots=0).openapi()["paths"]
    for path, operations in paths.items():
        for method in operations:
            assert re.search(rf"`{method.upper()} {re.escape(path)}[^`]*`", PAGES["docs/http.md"]), f"{method} {path}"


def test_every_command_has_its_row_in_the_page_of_the_command_line() -> None:
    for name in get_command(cli).commands:  # type: ignore[attr-defined]
        assert re.search(rf"^\| `{name}[ `]", PAGES["docs/command-line.md"], re.MULTILINE), name


@pytest.mark.parametrize("kind", REPORT_KINDS.values(), ids=REPORT_KINDS.keys())
def test_every_parameter_of_a_report_kind_has_its_row_in_the_page_of_its_rules(kind: ReportKind) -> None:
    heading = f"docs/{kind.rules}", "## Parameters"
    page, title = heading if kind.rules is not None else ("docs/reports.md", f"## `{kind.name}`")
    parameters = PAGES[page].split(f"\n{title}\n")[1].split("\n#")[0]
    assert re.findall(r"^\| `(\w+)` \|", parameters, re.MULTILINE) == list(
        kind.params.model_json_schema()["properties"]
    )


@pytest.mark.parametrize("name", pages.SECTIONS)
def test_the_sections_of_kinds_are_as_the_registry_has_them(name: str) -> None:
    page = PAGES[f"docs/{name}"]
    assert pages.written(name, page) == page, f"docs/{name} is not what the registry says: run `make docs`"


@pytest.mark.parametrize("code", [*REFUSALS, *REJECTIONS])
def test_every_reason_and_code_has_its_row_in_the_page_of_datasets(code: str) -> None:
    assert f"| `{code}` | {(REFUSALS | REJECTIONS)[code]} |" in DATASETS.splitlines()


@pytest.mark.parametrize("kind", DATASET_KINDS.values(), ids=DATASET_KINDS.keys())
def test_every_column_has_its_row_in_the_page_of_datasets(kind: DatasetKind) -> None:
    section = DATASETS.split(f"### `{kind.name}`")[1].split("\n#")[0]
    for column in kind.columns:
        names = " or ".join(f"`{name}`" for name in (column.name, *column.aliases))
        assert f"| {names} | {column.type.name} | `{column.example}` |" in section


def test_the_page_of_metrics_has_exactly_the_facts_and_their_columns() -> None:
    section = PAGES["docs/metrics.md"].partition("\n## Facts\n")[2].partition("\n## ")[0]
    found = {}
    for part in section.split("\n### ")[1:]:
        heading, _, rest = part.partition("\n")
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*) \|$", rest, re.MULTILINE)
        found[heading.strip("`")] = (rest.strip().partition("\n")[0], rows)
    assert found == {
        name: (
            f"{fact.summary[:1].upper()}{fact.summary[1:]}. Stream `{fact.stream}`.",
            [(column, str(of.type), of.about) for column, of in fact.columns.items()],
        )
        for name, fact in FACTS.items()
    }


def anchors(page: str) -> set[str]:
    """What a link may have behind its #: headings as code hosts spell them."""
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_between_files_lead_somewhere() -> None:
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8")):
            path = page.parent / target if target else page
            assert path.exists(), f"{page.name}: {target}"
            assert not anchor or anchor in anchors(path.read_text(encoding="utf-8")), f"{page.name}: {target}#{anchor}"


@pytest.mark.parametrize("page", sorted(PAGES.keys() - {"README.md"}))
def test_the_readme_leads_to_every_page(page: str) -> None:
    assert f"| [{page}]({page}) |" in PAGES["README.md"].split("## Documents")[1]


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_page_begins_with_a_sentence(page: str) -> None:
    title, empty, first, *_ = PAGES[page].splitlines()
    assert title.startswith("# ")
    assert not empty
    assert re.match(r"[A-Z]", first), first


@pytest.mark.parametrize("page", sorted(PAGES))
def test_no_page_has_spaces_before_a_line_end_or_two_empty_lines(page: str) -> None:
    assert not re.search(r"[ \t]\n|\n\n$", PAGES[page])
    assert "\n\n\n" not in re.sub(r"```.*?```", "code", PAGES[page], flags=re.DOTALL)


def test_decision_records_are_numbered_and_short() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        assert len(record.read_text(encoding="utf-8").splitlines()) <= 60, record.name


def test_no_placeholder_is_left_in_the_readme() -> None:
    assert "<!--" not in PAGES["README.md"]


def test_make_lists_its_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in (
        *("setup", "demo", "serve", "check", "test", "chaos", "fuzz", "lint", "types"),
        *("docs", "migration", "bench", "picture", "dist", "lock", "clean"),
    ):
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE), target
