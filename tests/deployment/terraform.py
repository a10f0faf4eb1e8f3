"""The modules of deploy/terraform as a parser reads them; ``make docs`` writes their tables."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import hcl2
from hcl2.utils import SerializationOptions

from tests.commands import REPOSITORY

TERRAFORM: Final = REPOSITORY / "deploy/terraform"

#: Modules that others call; each has a page with its variables and outputs.
MODULES: Final = ("aws", "kubernetes")

#: Those of the repository; what `init` copies is not.
FILES: Final = sorted(path for path in TERRAFORM.rglob("*.tf") if ".terraform" not in path.parts)

#: Folders with a configuration, relative to deploy/terraform.
FOLDERS: Final = sorted({str(file.parent.relative_to(TERRAFORM)) for file in FILES})

#: Between these two lines the page of a module is written from its files.
BEGIN: Final = "<!-- Written by `make docs` from the files of the module. -->"
END: Final = "<!-- Until here. -->"

_OPTIONS: Final = SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)

#: How many labels a block of a type has; one unless it is here.
_LABELS: Final = {"locals": 0, "terraform": 0, "resource": 2, "data": 2, "ephemeral": 2}

Body = dict[str, Any]


@dataclass(frozen=True)
class Block:
    """A block of a file: its type, such as ``resource``, its labels, and what it says."""

    type: str
    labels: tuple[str, ...]
    body: Body

    @property
    def address(self) -> str:
        """How expressions refer to it: ``aws_s3_bucket.openhours``, ``data.aws_region.current``, ``var.name``."""
        prefix = {"resource": (), "variable": ("var",)}.get(self.type, (self.type,))
        return ".".join((*prefix, *self.labels))


@cache
def blocks(folder: str) -> tuple[Block, ...]:
    """Every block of the files in a folder."""
    files = sorted((TERRAFORM / folder).glob("*.tf"))
    return tuple(block for file in files for block in _read(file.read_text(encoding="utf-8")))


def of_type(folder: str, kind: str) -> dict[str, Body]:
    """The blocks of a type by their labels, such as ``aws_s3_bucket.openhours``."""
    return {".".join(block.labels): block.body for block in blocks(folder) if block.type == kind}


def local_values(folder: str) -> Body:
    return {name: value for block in blocks(folder) if block.type == "locals" for name, value in block.body.items()}


def texts(value: Any) -> Iterator[str]:
    """Every text within a value; expressions are texts with ``${…}``."""
    match value:
        case str():
            yield value
        case dict():
            for name, inner in value.items():
                yield str(name)
                yield from texts(inner)
        case list():
            for inner in value:
                yield from texts(inner)


def expressions(value: Any) -> str:
    """What of a value is computed, as one text; words for people are left out."""
    if isinstance(value, dict):
        value = {name: inner for name, inner in value.items() if name != "description"}
    return "\n".join(text for text in texts(value) if "${" in text)


def tables(folder: str) -> str:
    """The variables and outputs of a module, for people."""
    rows = ["| variable | type | default | meaning |", "|---|---|---|---|"]
    for name, body in of_type(folder, "variable").items():
        default = "required" if "default" not in body else f"`{json.dumps(body['default'])}`"
        rows.append(f"| `{name}` | `{_plain(body['type'])}` | {default} | {body['description']} |")
    rows += ["", "| output | meaning |", "|---|---|"]
    rows += [f"| `{name}` | {body['description']} |" for name, body in of_type(folder, "output").items()]
    return "\n".join(rows).replace('\\"', '"')


def written(folder: str) -> str:
    """The page of a module with its tables as they ought to be."""
    page = (TERRAFORM / folder / "README.md").read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables(folder)}\n\n{END}{rest.partition(END)[2]}"


def _read(text: str) -> Iterator[Block]:
    parsed = hcl2.loads(text, serialization_options=_OPTIONS)
    for kind, found in parsed.items():
        for body in found:
            yield from _labelled(kind, (), body)


def _labelled(kind: str, labels: tuple[str, ...], body: Body) -> Iterator[Block]:
    if len(labels) == _LABELS.get(kind, 1):
        yield Block(kind, labels, body)
    else:
        for label, inner in body.items():
            yield from _labelled(kind, (*labels, label), inner)


def _plain(expression: str) -> str:
    """An expression as it stands in the file, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"^\$\{(.*)\}$", r"\1", expression, flags=re.DOTALL))


if __name__ == "__main__":
    for name in MODULES:
        (TERRAFORM / name / "README.md").write_text(written(name), encoding="utf-8")
