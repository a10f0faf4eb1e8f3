"""The versions that a workflow of GitHub Actions tests."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from posixpath import normpath
from typing import Final

from app.metrics.runtimes.expressions import Contexts, Known, evaluate
from app.metrics.runtimes.matrix import Budget, Combination, combinations
from app.metrics.runtimes.runtime import UNKNOWN, UNKNOWN_RUNTIME, Runtime, UnreadableFile
from app.metrics.runtimes.setups import usual_runtime
from app.metrics.runtimes.steps import StepReader, Versions
from app.metrics.runtimes.yaml_documents import Value, read_yaml

FOLDER: Final = ".github/workflows/"

_HERE: Final = "./"

#: Conditions under which a job or a step never runs.
_NEVER: Final = re.compile(r"\s*(?:\$\{\{\s*)?false\s*(?:\}\})?\s*")

#: Characters of scripts that are searched in one step of work.
_SEARCHED: Final = 1_000


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
    reader = StepReader(files, Budget())
    for job in jobs.values():
        reader.budget.spend(1)
        if isinstance(job, dict) and not _never_runs(job):
            yield from _of_called(job, files) if "uses" in job else _of_job(job, workflow, reader)


def _never_runs(node: dict[str, Value]) -> bool:
    condition = node.get("if")
    return isinstance(condition, str) and _NEVER.fullmatch(condition) is not None


def _of_called(job: dict[str, Value], files: Mapping[str, str | None]) -> Versions:
    """Of a job that is a workflow of its own: one of these files speaks for itself, another one may test anything."""
    called = job["uses"]
    if isinstance(called, str) and called.startswith(_HERE) and files.get(normpath(called)) is not None:
        return
    named = {usual_runtime(name) for name in _dict(job.get("with"))} - {None}
    for runtime in named or {UNKNOWN_RUNTIME}:
        yield str(runtime), None


def _of_job(job: dict[str, Value], workflow: dict[str, Value], reader: StepReader) -> Versions:
    strategy = job.get("strategy", {})
    matrix = strategy.get("matrix") if isinstance(strategy, dict) else strategy
    chosen = [Combination()] if matrix is None else combinations(matrix, reader.budget)
    found = set(_of_steps(job, workflow, chosen, reader))
    yield from found
    seen = {runtime for runtime, _ in found}
    for name in {name for one in chosen for name in one.values}:
        # Such as of a matrix whose versions a script installs.
        if (runtime := usual_runtime(name)) is not None and runtime not in seen:
            for combination in chosen:
                yield from reader.of_value(runtime, combination.value(name))


def _of_steps(
    job: dict[str, Value], workflow: dict[str, Value], chosen: list[Combination], reader: StepReader
) -> Versions:
    layers = [_dict(workflow.get("env")), _dict(job.get("env"))]
    steps = job.get("steps")
    scripts = ""
    for step in steps if isinstance(steps, list) else []:
        reader.budget.spend(1)
        if not isinstance(step, dict) or _never_runs(step):
            continue
        run = step.get("run")
        if isinstance(run, str) and "GITHUB_ENV" in run:
            reader.budget.spend(len(scripts) // _SEARCHED)
            scripts += run
        environment = _Environment([*layers, _dict(step.get("env"))], scripts, reader.budget)
        yield from reader.of_step(step, (environment.contexts(one) for one in chosen))


def _dict(value: Value | None) -> dict[str, Value]:
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class _Environment:
    """The variables of a step: what the workflow, the job and the step set, and what scripts before it may have set."""

    layers: list[dict[str, Value]]
    scripts: str
    budget: Budget

    def contexts(self, combination: Combination) -> Contexts:
        """What expressions of the step may name."""

        def variable(name: str) -> Known:
            value = next((layer[name] for layer in reversed(self.layers) if name in layer), None)
            self.budget.spend(len(self.scripts) // _SEARCHED)
            if value is None or name in self.scripts:
                return UNKNOWN
            self.budget.read(value)
            return evaluate(value, {"matrix": combination.value})

        return {"matrix": combination.value, "env": variable}
