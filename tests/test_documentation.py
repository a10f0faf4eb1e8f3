"""What is there is documented, and what is documented is there."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from app.cli import app as cli
from app.datasets.kind import DatasetKind
from app.datasets.refusal import REFUSALS, REJECTIONS
from app.datasets.registry import DATASET_KINDS
from app.main import create_app
from app.reports.registry import REPORT_KINDS
from app.resources import Resources
from app.settings import Settings

ROOT = Path(__file__).parent.parent
DATASETS = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def variable(name: str) -> str:
    return f"OPENHOURS_{name.upper()}"


def settings_row(name: str) -> str:
    field = Settings.model_fields[name]
    default = "one per core" if name == "slots" else "unset" if field.default is None else f"`{field.default}`"
    return f"| `{variable(name)}` | {default} | {field.description} |"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_has_its_row_in_the_readme(name: str) -> None:
    assert settings_row(name) in README.splitlines()


def test_the_readme_names_no_setting_that_does_not_exist() -> None:
    known = {variable(name) for name in Settings.model_fields}
    assert set(re.findall(r"OPENHOURS_[A-Z0-9_]+", README)) <= known


def test_every_route_has_its_row_in_the_readme(loaded: Resources) -> None:
    paths = create_app(loaded, slots=0).openapi()["paths"]
    for path, operations in paths.items():
        for method in operations:
            assert re.search(rf"`{method.upper()} {re.escape(path)}[^`]*`", README), f"{method} {path}"


def test_every_command_has_its_row_in_the_readme() -> None:
    for name in get_command(cli).commands:  # type: ignore[attr-defined]
        assert re.search(rf"^\| `{name}[ `]", README, re.MULTILINE), name


@pytest.mark.parametrize("kind", DATASET_KINDS.values(), ids=DATASET_KINDS.keys())
def test_every_dataset_kind_has_its_columns_in_the_readme(kind: object) -> None:
    (row,) = re.findall(rf"^\| `{kind.name}` \|.*$", README, re.MULTILINE)  # type: ignore[attr-defined]
    for column in kind.columns:  # type: ignore[attr-defined]
        for name in (column.name, *column.aliases):
            assert name in row


def test_every_parameter_of_every_report_kind_has_its_row_in_the_readme() -> None:
    for kind in REPORT_KINDS.values():
        for name in kind.params.model_fields:
            assert re.search(rf"^\| `{name}` \|", README, re.MULTILINE), f"{kind.name}: {name}"


@pytest.mark.parametrize("code", [*REFUSALS, *REJECTIONS])
def test_every_reason_and_code_has_its_row_in_the_page_of_datasets(code: str) -> None:
    assert f"| `{code}` | {(REFUSALS | REJECTIONS)[code]} |" in DATASETS.splitlines()


@pytest.mark.parametrize("kind", DATASET_KINDS.values(), ids=DATASET_KINDS.keys())
def test_every_column_has_its_row_in_the_page_of_datasets(kind: DatasetKind) -> None:
    section = DATASETS.split(f"### `{kind.name}`")[1].split("\n#")[0]
    for column in kind.columns:
        names = " or ".join(f"`{name}`" for name in (column.name, *column.aliases))
        assert f"| {names} | {column.type.name} | `{column.example}` |" in section


def test_links_between_files_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_decision_records_are_numbered_and_short() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        assert len(record.read_text(encoding="utf-8").splitlines()) <= 60, record.name


def test_no_placeholder_is_left_in_the_readme() -> None:
    assert "<!--" not in README


def test_make_lists_its_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in ("setup", "demo", "serve", "test", "chaos", "fuzz", "lint", "types", "bench", "clean"):
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE), target
