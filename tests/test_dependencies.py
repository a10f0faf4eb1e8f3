"""Nothing is installed that no line imports, and nothing is imported that only happens to be installed."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.commands import REPOSITORY

#: What is shipped.
ROOMS = ("app", "openhours")

#: Packages that no line of ours imports, and why they are there.
UNIMPORTED = {
    "httptools": "uvicorn finds it by itself",
    "uvloop": "uvicorn finds it by itself",
}

#: Packages of the embedded servers, which an image does not have.
EMBEDDED = "embedded"

#: Those of single sign-on, which an image has only if it is asked for.
OIDC = "oidc"

#: Those of a cluster, likewise.
CLUSTER = "cluster"


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def names(requirements: list[str]) -> set[str]:
    found = (re.match(r"[A-Za-z][\w.-]*", line) for line in requirements)
    return {normal(match.group()) for match in found if match}


def declared(extra: str | None = None) -> set[str]:
    """What production needs, or an extra of it, as pyproject.toml says."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return names(project["optional-dependencies"][extra] if extra else project["dependencies"])


def imported_tops(source: str) -> Iterator[str]:
    """Top-level modules that a source imports when it runs: what only the type checker reads is left out."""
    tree = ast.parse(source)
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        match node:
            case ast.Import(names=found):
                yield from (one.name.partition(".")[0] for one in found)
            case ast.ImportFrom(module=str(origin), level=0):
                yield origin.partition(".")[0]


@cache
def imported() -> dict[str, set[str]]:
    """Packages by what imports them: their names as they are installed, and the files."""
    distributions = packages_distributions()
    found: dict[str, set[str]] = {}
    for path in (one for room in ROOMS for one in sorted((REPOSITORY / room).rglob("*.py"))):
        for top in set(imported_tops(path.read_text(encoding="utf-8"))) - sys.stdlib_module_names - set(ROOMS):
            for package in distributions.get(top, [f"nothing installed has {top}"]):
                found.setdefault(normal(package), set()).add(str(path.relative_to(REPOSITORY)))
    return found


def test_every_declared_package_is_imported_or_its_reason_is_told() -> None:
    assert declared() - imported().keys() == set(UNIMPORTED)


def test_every_imported_package_is_declared() -> None:
    known = declared() | declared(EMBEDDED) | declared(OIDC) | declared(CLUSTER)
    undeclared = {package: files for package, files in imported().items() if package not in known}
    assert undeclared == {}


def test_what_only_embedded_servers_need_only_they_import() -> None:
    for package in declared(EMBEDDED) & imported().keys():
        for file in imported()[package]:
            assert Path(file).parts[:2] == ("app", "embedded"), f"{file} imports {package}"


def test_what_only_single_sign_on_needs_only_it_imports() -> None:
    for package in (declared(OIDC) & imported().keys()) - declared():
        for file in imported()[package]:
            assert Path(file).parts[:3] == ("app", "access", "oidc"), f"{file} imports {package}"


def test_what_only_a_cluster_needs_only_it_imports() -> None:
    for package in (declared(CLUSTER) & imported().keys()) - declared():
        for file in imported()[package]:
            assert Path(file).parts[:3] == ("app", "pieces", "cluster"), f"{file} imports {package}"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import pandas.api, json", {"pandas", "json"}),
        ("def late():\n    from pytz import country_names", {"pytz"}),
        ("from . import x\nfrom app.errors import X", {"app"}),
        ("if TYPE_CHECKING:\n    import pandas", set()),
        ("if typing.TYPE_CHECKING:\n    import pandas\nelse:\n    import pytz", {"pytz"}),
    ],
)
def test_imports_are_found_wherever_they_stand(source: str, found: set[str]) -> None:
    assert set(imported_tops(source)) == found
