"""The files that a workflow may name instead of a version."""

import re
from collections.abc import Mapping
from posixpath import basename, normpath
from typing import Any, Final

from app.metrics.runtimes.manifest_texts import json_object, toml_table, without_comments
from app.metrics.runtimes.runtime import UnreadableFile
from app.metrics.runtimes.versions import installed_version, named_version

#: What files with nothing but versions are called, a line each.
PLAIN: Final = {
    ".python-version": "python",
    ".node-version": "node",
    ".nvmrc": "node",
    ".ruby-version": "ruby",
    ".go-version": "go",
    ".java-version": "java",
    ".php-version": "php",
}

_GO_LINE: Final = re.compile(r"^(go|toolchain)[ \t]+(\S+)", re.MULTILINE)


def file_versions(runtime: str, path: str, files: Mapping[str, str | None]) -> list[str | None]:
    """The versions that a workflow installs which names a file: None for what is not given, not read or a range."""
    text = files.get(normpath(path))
    if text is None:
        return [None]
    name = basename(normpath(path))
    try:
        if name in PLAIN:
            return plain_versions(text)
        spec = _spec(name, text)
    except UnreadableFile:
        return [None]
    return [installed_version(runtime, spec) if isinstance(spec, str) else None]


def plain_versions(text: str) -> list[str | None]:
    """Of each line of a file of versions; at least one, which is None if the file is empty."""
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    return [named_version(line) for line in lines if line] or [None]


def go_versions(text: str) -> dict[str, str]:
    """The versions of the lines ``go`` and ``toolchain`` of a go.mod, as far as it has them."""
    return {match[1]: match[2].removeprefix("go") for match in _GO_LINE.finditer(text)}


def _spec(name: str, text: str) -> Any:
    """What setup actions read of a manifest."""
    match name:
        case "go.mod":
            # Go switches to the toolchain by itself, if the action has not installed it.
            found = go_versions(text)
            return found.get("toolchain", found.get("go"))
        case "package.json":
            package = json_object(text)
            return _member(package, "volta", "node") or _member(package, "engines", "node")
        case "pyproject.toml":
            project = toml_table(text)
            return _member(project, "project", "requires-python") or _member(
                project, "tool", "poetry", "dependencies", "python"
            )
        case "global.json":
            return _member(json_object(without_comments(text)), "sdk", "version")
        case "rust-toolchain.toml":
            return _member(toml_table(text), "toolchain", "channel")
    return None


def _member(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
