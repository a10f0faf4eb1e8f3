"""The definitions that are shipped: one file each in definitions/."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def shipped() -> Mapping[str, Mapping[str, Any]]:
    """The definitions by name, in their order."""
    folder = files("app.metrics") / "definitions"
    found = {entry.name.removesuffix(".json"): entry for entry in folder.iterdir() if entry.name.endswith(".json")}
    return {name: json.loads(found[name].read_text(encoding="utf-8")) for name in sorted(found)}
