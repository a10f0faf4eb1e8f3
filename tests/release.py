"""What a release does to the checkout: ``python -m tests.release cut 0.2.0``, which ``check v0.2.0`` looks at.

The version stands in several files, because images, manifests and pages name it; one command changes them all. A tag of
the version is what is built: ``check`` refuses one that says another version than its files.
"""

import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent

#: As packages and tags of images both have it: 0.2.0, or 0.2.0rc1 to try.
VERSION: Final = re.compile(r"\d+\.\d+\.\d+(?:rc\d+)?")

#: Where a version stands, by file; ``{}`` is the version.
PLACES: Final = {
    "app/__init__.py": ('__version__ = "{}"',),
    "Dockerfile": ('org.opencontainers.image.version="{}"',),
    "docker-compose.yml": ("image: openhours:{}",),
    "k8s/base/kustomization.yaml": ("newTag: {}",),
    "k8s/components/cluster/kustomization.yaml": ("newTag: {}",),
    "k8s/overlays/production/kustomization.yaml": ("newTag: {}",),
    "deploy/terraform/kubernetes/variables.tf": ('default     = "{}"',),
    "deploy/terraform/kubernetes/README.md": ('| `image_tag` | `string` | `"{}"` |',),
    "docs/deployment.md": ("openhours:{}",),
    "docs/install.md": ("openhours-{}-py3",),
    "docs/releasing.md": ("openhours-{}-py3", "openhours-{}.tar.gz", "openhours-{}.cdx.json"),
}

#: Headings of the changelog.
UNRELEASED: Final = "## Unreleased\n"
SECTION: Final = re.compile(r"^## (\S+) - \d{4}-\d\d-\d\d\n", re.MULTILINE)


class NotReady(Exception):
    """What keeps a version from being released, in a sentence."""


def cut(version: str, *, root: Path, today: date) -> None:
    """Write a version wherever it stands, and make what the changelog has as unreleased its section.

    Raises:
        NotReady: the version is none, is the one that is there, or nothing has changed since.
    """
    if not VERSION.fullmatch(version):
        raise NotReady(f"{version!r} is not a version such as 0.2.0 or 0.2.0rc1.")
    before = current(root)
    if version == before:
        raise NotReady(f"{version} is the version that the files have already.")
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    if not unreleased(changes):
        raise NotReady("CHANGELOG.md has nothing below Unreleased: there is nothing to release.")
    texts = {name: _replaced(root, name, before, version) for name in PLACES}
    texts["CHANGELOG.md"] = changes.replace(UNRELEASED, f"{UNRELEASED}\n## {version} - {today:%Y-%m-%d}\n", 1)
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")


def check(tag: str, *, root: Path) -> None:
    """Whether a tag may be built.

    Raises:
        NotReady: the tag, the files and the changelog do not say the same version, or changes are left over.
    """
    version = current(root)
    if tag != f"v{version}":
        raise NotReady(
            f"The tag is {tag}, but the files say {version}: tag v{version}, or cut {tag.removeprefix('v')}."
        )
    for name, places in PLACES.items():
        _found(root, name, places, version)
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = SECTION.search(changes)
    if newest is None or newest[1] != version:
        raise NotReady(
            f"The newest section of CHANGELOG.md is not that of {version}: run `python -m tests.release cut`."
        )
    if unreleased(changes):
        raise NotReady("CHANGELOG.md has changes below Unreleased that no version would have: cut another version.")


def current(root: Path) -> str:
    """The version that the program tells."""
    found = re.search(r'^__version__ = "(.*)"$', (root / "app/__init__.py").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise NotReady("app/__init__.py has no __version__.")
    return found[1]


def unreleased(changes: str) -> str:
    """What stands below Unreleased."""
    _, _, rest = changes.partition(UNRELEASED)
    return re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0].strip()


def _replaced(root: Path, name: str, before: str, version: str) -> str:
    text = _found(root, name, PLACES[name], before)
    for place in PLACES[name]:
        text = text.replace(place.format(before), place.format(version))
    return text


def _found(root: Path, name: str, places: tuple[str, ...], version: str) -> str:
    text = (root / name).read_text(encoding="utf-8")
    for place in places:
        if place.format(version) not in text:
            raise NotReady(f"{name} does not have {place.format(version)!r}, which belongs there.")
    return text


def main(arguments: list[str]) -> str | None:
    """Returns what is wrong, or nothing."""
    try:
        match arguments:
            case ["cut", version]:
                cut(version, root=ROOT, today=datetime.now(UTC).date())
            case ["check", tag]:
                check(tag, root=ROOT)
            case _:
                return f"Give `cut VERSION` or `check TAG`; received {' '.join(arguments)!r}."
    except NotReady as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
