"""GitHub's published schemas of the answers that the fake gives; schemas.json says where they are from."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

_PUBLISHED = Path(__file__).parent / "schemas.json"


@cache
def _document() -> dict[str, Any]:
    return json.loads(_PUBLISHED.read_text())


def addresses() -> list[str]:
    """The addresses that have a schema, with their places in braces; the more special ones first."""
    return sorted(_document()["answers"], key=lambda address: (address.count("{"), address))


def address_of(path: str) -> str | None:
    """The address that a path is one of; None: there is no schema for it."""
    path = re.sub(r"^/repositories/\d+", "/repos/owner/repo", path)
    for address in addresses():
        pattern = re.sub(r"\\{[a-z_]+\\}", "[^/]+", re.escape(address)).replace("contents/[^/]+", "contents/.+")
        if re.fullmatch(pattern, path):
            return address
    return None


@cache
def _validator(address: str) -> jsonschema_rs.Draft202012Validator:
    document = _document()
    schema = {**document["answers"][address], "$defs": document["$defs"]}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def mistakes(path: str, body: Any) -> list[str]:
    """What the body of an answer has that its schema does not allow, with the place of each."""
    address = address_of(path)
    if address is None:
        return [f"{path}: no schema"]
    return [
        f"{path} {'/'.join(map(str, one.instance_path))}: {one.message}"
        for one in _validator(address).iter_errors(body)
    ]
