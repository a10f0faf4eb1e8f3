"""The versions that a workflow of GitHub Actions tests."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import normpath
from typing import Final

from app.metrics.runtimes.expressions import Contexts, Known, evaluate
from app.metrics.runtimes.matrix import Budget, Combination, combinations
from app.metrics.runtimes.runtime import UNKNOWN, UNKNOWN_RUNTIME, Runtime, UnreadableFile
from app.metrics.runtimes.setups import SETUPS, USUAL_NAMES, Setup, usual_runtime
from app.metrics.runtimes.version_files import PLAIN, file_versions
from app.metrics.runtimes.versions import installed_version
from app.metrics.runtimes.yaml_documents import Value, read_yaml

FOLDER: Final = ".github/workflows/"

_HERE: Final = "./"

#: Conditions under which a job or a step never runs.
_NEVER: Final = re.compile(r"\s*(?:\$\{\{\s*)?false\s*(?:\}\})?\s*")

#: A part of an action's reference that is a name in Git, such as v1, and no version of Rust.
_ACTION_VERSION: Final = re.compile(r"master|main|v[0-9]+(?:\.[0-9]+)*|[0-9a-f]{40}")

#: What setup-ruby calls the version of the repository's own file.
_RUBY_DEFAULT: Final = ("ruby", "default")

Versions = Iterator[tuple[str, str | None]]


def is_workflow(path: str) -> bool:
    """Whether GitHub reads a path as a workflow."""
    return path.startswith(FOLDER) and path.count("/") == FOLDER.count("/") and path.endswith((".yml", ".yaml"))


def tested(path: str, text: str | None, files: Mapping[str, str | None]) -> set[Runtime]:
    """What a workflow tests; None is a text that is not known. Files that it names are looked up in `files`."""
    try:
        found = set(_of_workflow(read_yaml(text or ""), files))
    except UnreadableFile:
        found = {(UNKNOWN_RUNTIME, None)}
    return {Runtime(runtime, version, "tested", path) for runtime, version in found}


def _of_workflow(workflow: Value, files: Mapping[str, str | None]) -> Versions:
    jobs = workflow.get("jobs") if isinstance(workflow, dict) else None
    if not isinstance(workflow, dict) or not isinstance(jobs, dict):
        raise UnreadableFile("no workflow")
    budget = Budget()
    for job in jobs.values():
        budget.spend(1)
        if isinstance(job, dict) and not _never_runs(job):
            yield from _of_called(job, files) if "uses" in job else _of_job(job, workflow, files, budget)


def _never_runs(node: dict[str, Value]) -> bool:
    condition = node.get("if")
    return isinstance(condition, str) and _NEVER.fullmatch(condition) is not None


def _of_called(job: dict[str, Value], files: Mapping[str, str | None]) -> Versions:
    """Of a job that is a workflow of its own: one of these files speaks for itself, another one may test anything."""
    called = job["uses"]
    if isinstance(called, str) and called.startswith(_HERE) and files.get(normpath(called)) is not None:
        return
    given = job.get("with")
    named = {usual_runtime(name) for name in given} - {None} if isinstance(given, dict) else set()
    for runtime in named or {UNKNOWN_RUNTIME}:
        yield str(runtime), None


def _of_job(
    job: dict[str, Value], workflow: dict[str, Value], files: Mapping[str, str | None], budget: Budget
) -> Versions:
    strategy = job.get("strategy", {})
    matrix = strategy.get("matrix") if isinstance(strategy, dict) else strategy
    chosen = [Combination()] if matrix is None else combinations(matrix, budget)
    steps = [step for step in _list(job.get("steps")) if isinstance(step, dict) and not _never_runs(step)]
    budget.spend(len(chosen) * (len(steps) + 1))
    environments = [_dict(workflow.get("env")), _dict(job.get("env"))]
    found: set[tuple[str, str | None]] = set()
    scripts = ""
    for step in steps:
        run = step.get("run")
        if isinstance(run, str) and "GITHUB_ENV" in run:
            budget.spend(len(scripts) // 1000 + 1)
            scripts += run
        environment = _Environment([*environments, _dict(step.get("env"))], scripts)
        given = {name.lower(): value for name, value in _dict(step.get("with")).items()}
        budget.spend(len(given))
        for combination in chosen:
            found |= set(_of_step(step, given, environment.contexts(combination), files))
    yield from found
    seen = {runtime for runtime, _ in found}
    for name in {name for one in chosen for name in one.values}:
        # Such as of a matrix whose versions a script installs.
        if (runtime := usual_runtime(name)) is not None and runtime not in seen:
            for combination in chosen:
                yield from _versions(runtime, combination.value(name), files)


def _list(value: Value | None) -> list[Value]:
    return value if isinstance(value, list) else []


def _dict(value: Value | None) -> dict[str, Value]:
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class _Environment:
    """The variables of a step: what the workflow, the job and the step set, and what scripts before it may have set."""

    layers: list[dict[str, Value]]
    scripts: str

    def contexts(self, combination: Combination) -> Contexts:
        """What expressions of the step may name."""

        def variable(name: str) -> Known:
            value = next((layer[name] for layer in reversed(self.layers) if name in layer), None)
            if value is None or name in self.scripts:
                return UNKNOWN
            return evaluate(value, {"matrix": combination.value})

        return {"matrix": combination.value, "env": variable}


def _of_step(
    step: dict[str, Value], given: dict[str, Value], contexts: Contexts, files: Mapping[str, str | None]
) -> Versions:
    uses = step.get("uses")
    action, _, ref = uses.partition("@") if isinstance(uses, str) else ("", "", "")
    setup = SETUPS.get(action.lower())
    names = (*setup.versions, *setup.files) if setup else USUAL_NAMES
    known = {name: evaluate(given[name], contexts) for name in names if name in given}
    if setup is not None:
        yield from _of_setup(setup, ref, known, files)
    elif action:
        for name, value in known.items():
            yield from _versions(USUAL_NAMES[name], value, files)


def _of_setup(setup: Setup, ref: str, given: dict[str, Known], files: Mapping[str, str | None]) -> Versions:
    for names, read in ((setup.versions, _versions), (setup.files, _file_versions)):
        found = [one for name in names if given.get(name, "") != "" for one in read(setup.runtime, given[name], files)]
        if found:
            yield from found
            return
    if setup.ref_is_version and ref and not _ACTION_VERSION.fullmatch(ref):
        yield setup.runtime, installed_version(setup.runtime, ref)
        return
    default = next((name for name in setup.defaults if name in files), None)
    if default is not None:
        yield from _file_versions(setup.runtime, default, files)
    elif setup.is_certain:
        yield setup.runtime, None


def _versions(runtime: str, value: Known, files: Mapping[str, str | None]) -> Versions:
    """Of an input: one version to a line, or the name of a file with it, as setup-ruby takes one."""
    lines = [line.strip() for line in value.splitlines() if line.strip()] if isinstance(value, str) else [""]
    for line in lines:
        if line in PLAIN:
            yield from _file_versions(runtime, line, files)
        elif (runtime, line) == _RUBY_DEFAULT:
            yield from _file_versions(runtime, ".ruby-version", files)
        else:
            yield runtime, installed_version(runtime, line)


def _file_versions(runtime: str, value: Known, files: Mapping[str, str | None]) -> Versions:
    found = file_versions(runtime, value, files) if isinstance(value, str) else [None]
    for version in found:
        yield runtime, version
