"""The versions that manifests declare: what a repository says it needs, whether it tests that or not.

A declared range declares its lowest version. Nothing is declared by a manifest that says nothing of its runtime; of one
that cannot be read, or says it by more than a literal, the version is unknown.
"""

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from posixpath import basename, dirname, join
from typing import Any, Final
from xml.etree import ElementTree as ET

from app.metrics.runtimes.manifest_texts import (
    bounded,
    ini_sections,
    json_object,
    python_tree,
    read_xml,
    toml_table,
    without_comments,
)
from app.metrics.runtimes.runtime import Runtime, UnreadableFile
from app.metrics.runtimes.version_files import PLAIN, file_versions, go_versions, plain_versions
from app.metrics.runtimes.versions import lowest_version, named_version

Versions = Iterable[str | None]

#: References from one property of a pom.xml to another that are followed.
_MAX_REFERENCES: Final = 10

_GEMFILE_RUBY: Final = re.compile(r"^[ \t]*ruby[ \t(]+(.*)$", re.MULTILINE)
_QUOTED: Final = re.compile(r"""["']([^"'\n]{1,100})["']""")
_ALL_QUOTED: Final = re.compile(r"""["'][^"'\n]*["'](?:\s*,\s*["'][^"'\n]*["'])*(?:\s*\))?""")
_GEMFILE_FILE: Final = re.compile(r"""file:\s*["']([^"'\n]{1,100})["'](?:\s*\))?""")

_SOURCE: Final = re.compile(r"\bsourceCompatibility\b(?P<rest>[^\n;]*)")
_SOURCE_VALUE: Final = re.compile(
    r"""(?:\s*=\s*|\s+)(?:JavaVersion\.VERSION_(?P<name>[0-9]+(?:_[0-9]+)?)|["']?(?P<number>[0-9]+(?:\.[0-9]+)?)["']?)(?:\s*\})*"""
)
_TOOLCHAIN: Final = re.compile(r"\b(?:JavaLanguageVersion\.of|jvmToolchain)\s*\((?P<value>[^)\n]{0,100})\)")


def is_manifest(path: str) -> bool:
    """Whether a file of this name may declare a version."""
    return basename(path) in {*PLAIN, *_READERS}


def declared(path: str, text: str | None, files: Mapping[str, str | None]) -> set[Runtime]:
    """What a manifest declares; None is a text that is not known. A file that it names is looked up in `files`."""
    name = basename(path)
    runtime, read = (PLAIN[name], plain_versions) if name in PLAIN else _READERS[name]
    try:
        if text is None:
            versions: set[str | None] = {None}
        elif name == "Gemfile" and (other := _file_of_gemfile(bounded(text))) is not None:
            versions = set(file_versions(runtime, join(dirname(path), other), files))
        else:
            versions = set(read(bounded(text)))
    except UnreadableFile:
        versions = {None}
    return {Runtime(runtime, version, "declared", path) for version in versions}


def _lowest(value: Any) -> str | None:
    """Of a range, or of the name of a version; None of anything else."""
    return lowest_version(value) or named_version(value) if isinstance(value, str) else None


def _pyproject(text: str) -> Versions:
    document = toml_table(text)
    project = document.get("project")
    if isinstance(project, dict):
        dynamic = project.get("dynamic")
        if "requires-python" in project or (isinstance(dynamic, list) and "requires-python" in dynamic):
            return [_lowest(project.get("requires-python"))]
    found = document
    for name in ("tool", "poetry", "dependencies", "python"):
        if not isinstance(found, dict) or name not in found:
            return []
        found = found[name]
    return [_lowest(found.get("version") if isinstance(found, dict) else found)]


def _setup_cfg(text: str) -> Versions:
    options = ini_sections(text).get("options", {})
    return [_lowest(options[name]) for name in ("python_requires", "python-requires") if name in options]


def _setup_py(text: str) -> Versions:
    for node in ast.walk(python_tree(text)):
        if not isinstance(node, ast.Call):
            continue
        if (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)) != "setup":
            continue
        for keyword in node.keywords:
            # Keyword None is **more: whatever is in there.
            if keyword.arg in {"python_requires", None}:
                return [_lowest(keyword.value.value) if isinstance(keyword.value, ast.Constant) else None]
    return []


def _package_json(text: str) -> Versions:
    engines = json_object(text).get("engines", {})
    if not isinstance(engines, dict):
        return [None]
    return [_lowest(engines["node"])] if "node" in engines else []


def _composer_json(text: str) -> Versions:
    required = json_object(text).get("require", {})
    return [_lowest(required["php"])] if isinstance(required, dict) and "php" in required else []


def _global_json(text: str) -> Versions:
    sdk = json_object(without_comments(text)).get("sdk", {})
    return [_lowest(sdk["version"])] if isinstance(sdk, dict) and "version" in sdk else []


def _go_mod(text: str) -> Versions:
    found = go_versions(text)
    return [named_version(found["go"])] if "go" in found else []


def _cargo_toml(text: str) -> Versions:
    document = toml_table(text)
    package = document.get("package", {})
    workspace = document.get("workspace", {})
    shared = workspace.get("package", {}) if isinstance(workspace, dict) else {}
    # A member of a workspace elsewhere has {"workspace": true}, which is no text.
    of_package = [one["rust-version"] for one in (package,) if isinstance(one, dict) and "rust-version" in one]
    of_workspace = [one["rust-version"] for one in (shared,) if isinstance(one, dict) and "rust-version" in one]
    if of_workspace and of_package and isinstance(of_package[0], dict):
        return [_lowest(of_workspace[0])]
    return [_lowest(one) for one in of_package or of_workspace]


def _rust_toolchain(text: str) -> Versions:
    toolchain = toml_table(text).get("toolchain", {})
    channel = toolchain.get("channel") if isinstance(toolchain, dict) else None
    return [named_version(channel) if isinstance(channel, str) else None]


def _pom(text: str) -> Versions:
    root = read_xml(text)
    properties = {one.tag: (one.text or "").strip() for one in root.iterfind("properties/*")}
    of_plugin = _compiler_configuration(root)
    for found in (
        of_plugin.get("release"),
        properties.get("maven.compiler.release"),
        of_plugin.get("source"),
        properties.get("maven.compiler.source"),
        properties.get("java.version"),
    ):
        if found:
            return [_resolved(found, properties)]
    return []


def _compiler_configuration(root: ET.Element) -> dict[str, str]:
    for plugin in (*root.iterfind("build/plugins/plugin"), *root.iterfind("build/pluginManagement/plugins/plugin")):
        if (plugin.findtext("artifactId") or "").strip() == "maven-compiler-plugin":
            return {one.tag: (one.text or "").strip() for one in plugin.iterfind("configuration/*")}
    return {}


def _resolved(value: str, properties: Mapping[str, str]) -> str | None:
    """A value, or that of the property which it names; None if that is one of a parent, or names itself."""
    for _ in range(_MAX_REFERENCES):
        if not (value.startswith("${") and value.endswith("}")):
            return named_version(value)
        value = properties.get(value[2:-1], "")
    return None


def _gradle(text: str) -> Versions:
    """Literals alone: a build script is a program, and one without literals may get its version from anywhere."""
    script = without_comments(text)
    found: set[str | None] = set()
    for match in _SOURCE.finditer(script):
        value = _SOURCE_VALUE.fullmatch(match["rest"].rstrip())
        found.add((value["name"] or value["number"]).replace("_", ".") if value else None)
    for match in _TOOLCHAIN.finditer(script):
        literal = match["value"].strip().strip("\"'")
        found.add(literal if re.fullmatch(r"[0-9]{1,4}", literal) else None)
    return found or {None}


def _gemfile(text: str) -> Versions:
    """Texts alone: with another engine than Ruby's own, the version would be that of the language it speaks."""
    arguments = _arguments_of_gemfile(text)
    if arguments is None:
        return []
    return [_lowest(", ".join(_QUOTED.findall(arguments))) if _ALL_QUOTED.fullmatch(arguments) else None]


def _file_of_gemfile(text: str) -> str | None:
    """The file that it takes the version from, such as .ruby-version."""
    named = _GEMFILE_FILE.fullmatch(_arguments_of_gemfile(text) or "")
    return named[1] if named else None


def _arguments_of_gemfile(text: str) -> str | None:
    """What its line ``ruby`` has behind the name."""
    match = _GEMFILE_RUBY.search(text)
    return match[1].partition("#")[0].strip() if match else None


_READERS: Final[Mapping[str, tuple[str, Callable[[str], Versions]]]] = {
    "pyproject.toml": ("python", _pyproject),
    "setup.cfg": ("python", _setup_cfg),
    "setup.py": ("python", _setup_py),
    "package.json": ("node", _package_json),
    "go.mod": ("go", _go_mod),
    "Cargo.toml": ("rust", _cargo_toml),
    "rust-toolchain.toml": ("rust", _rust_toolchain),
    "pom.xml": ("java", _pom),
    "build.gradle": ("java", _gradle),
    "build.gradle.kts": ("java", _gradle),
    "composer.json": ("php", _composer_json),
    "Gemfile": ("ruby", _gemfile),
    "global.json": ("dotnet", _global_json),
}
