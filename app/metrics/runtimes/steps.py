"""The versions that a step of a workflow installs."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from app.metrics.runtimes.expressions import Contexts, Known, evaluate
from app.metrics.runtimes.matrix import Budget
from app.metrics.runtimes.setups import SETUPS, USUAL_NAMES, Setup
from app.metrics.runtimes.version_files import PLAIN, file_versions
from app.metrics.runtimes.versions import installed_version
from app.metrics.runtimes.yaml_documents import Value

#: A runtime and its version, None if that is not known.
Versions = Iterator[tuple[str, str | None]]

#: What stands behind the @ of an action and is a name in Git, such as v1, and no version of Rust.
_ACTION_VERSION: Final = re.compile(r"master|main|v[0-9]+(?:\.[0-9]+)*|[0-9a-f]{40}")

#: What setup-ruby calls the version of the repository's own file.
_RUBY_DEFAULT: Final = ("ruby", "default")


class StepReader:
    """Reads the steps of one workflow; remembers what files say, and what all of it costs."""

    def __init__(self, files: Mapping[str, str | None], budget: Budget) -> None:
        self.budget = budget
        self._files = files
        self._read: dict[tuple[str, str], list[str | None]] = {}

    def of_step(self, step: dict[str, Value], contexts: Iterable[Contexts]) -> Versions:
        """What a step installs, in each of the contexts that it runs in."""
        uses, given = step.get("uses"), step.get("with")
        if not isinstance(uses, str):
            return
        action, _, ref = uses.partition("@")
        setup = SETUPS.get(action.lower())
        names = {*setup.versions, *setup.files} if setup else {*USUAL_NAMES}
        inputs = _named(given, names) if isinstance(given, dict) else {}
        self.budget.spend(len(given) if isinstance(given, dict) else 0)
        if setup is None and not inputs:
            return
        for context in contexts:
            known = {name: self._evaluated(value, context) for name, value in inputs.items()}
            if setup is not None:
                yield from self._of_setup(setup, ref, known)
            for name, value in known.items() if setup is None else ():
                yield from self.of_value(USUAL_NAMES[name], value)
            if not any(isinstance(value, str) and "${{" in value for value in inputs.values()):
                return

    def of_value(self, runtime: str, value: Known) -> Versions:
        """Of an input: one version to a line, or the name of a file with it, as setup-ruby takes one."""
        self.budget.read(value)
        lines = [line.strip() for line in value.splitlines() if line.strip()] if isinstance(value, str) else [""]
        for line in lines:
            if line in PLAIN:
                yield from self._of_file(runtime, line)
            elif (runtime, line) == _RUBY_DEFAULT:
                yield from self._of_file(runtime, ".ruby-version")
            else:
                yield runtime, installed_version(runtime, line)

    def _evaluated(self, value: Value, context: Contexts) -> Known:
        self.budget.read(value)
        return evaluate(value, context)

    def _of_setup(self, setup: Setup, ref: str, given: dict[str, Known]) -> Versions:
        for names, read in ((setup.versions, self.of_value), (setup.files, self._of_file)):
            found = [one for name in names if given.get(name, "") != "" for one in read(setup.runtime, given[name])]
            if found:
                yield from found
                return
        if setup.ref_is_version and ref and not _ACTION_VERSION.fullmatch(ref):
            yield setup.runtime, installed_version(setup.runtime, ref)
            return
        default = next((name for name in setup.defaults if name in self._files), None)
        if default is not None:
            yield from self._of_file(setup.runtime, default)
        elif setup.is_certain:
            yield setup.runtime, None

    def _of_file(self, runtime: str, path: Known) -> Versions:
        if not isinstance(path, str):
            yield runtime, None
            return
        if (runtime, path) not in self._read:
            self._read[runtime, path] = file_versions(runtime, path, self._files)
        versions = self._read[runtime, path]
        self.budget.spend(len(versions))
        for version in versions:
            yield runtime, version


def _named(given: dict[str, Value], names: set[str]) -> dict[str, Value]:
    return {name.lower(): value for name, value in given.items() if name.lower() in names}
