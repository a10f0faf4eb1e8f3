"""What a repository tests and declares, by its files."""

from collections.abc import Mapping

from app.metrics.runtimes.manifests import declared, is_manifest
from app.metrics.runtimes.runtime import Runtime
from app.metrics.runtimes.workflows import is_workflow, tested


def runtimes(files: Mapping[str, str | None]) -> tuple[Runtime, ...]:
    """The runtimes of a repository on a day, sorted; each version once for each file that says it.

    Args:
        files: texts by paths; None is a file that is there and whose text is not known.
    """
    found: set[Runtime] = set()
    for path, text in files.items():
        if is_workflow(path):
            found |= tested(path, text, files)
        elif is_manifest(path):
            found |= declared(path, text, files)
    return tuple(sorted(found, key=lambda one: (one.how, one.runtime, one.path, one.version or "")))
