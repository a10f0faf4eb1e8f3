"""The folder of the embedded servers as text: what a program finds there again that was written by another version."""

import json
import re
import stat
from pathlib import Path
from typing import Any

#: Folders that servers fill in a way of their own, which may differ from version to version.
THEIRS = ("postgres", "redis", "s3/openhours")


def shape(home: Path) -> dict[str, Any]:
    """What the files of a home whose servers run say, without what is different in every home."""
    records = json.loads((home / "servers.json").read_text())
    configuration = (home / "redis/redis.conf").read_text()
    return {
        "credentials.json": sorted(json.loads((home / "credentials.json").read_text())),
        "servers.json": sorted(records),
        "servers in it": {name: sorted(record) for name, record in sorted(records["servers"].items())},
        "redis.conf": re.sub(r"^(port|requirepass) .*$", r"\1 …", configuration, flags=re.MULTILINE),
        "postgres/PG_VERSION": (home / "postgres/PG_VERSION").read_text().strip(),
    }


def paths(home: Path) -> dict[str, str]:
    """The mode of every file and folder of a home whose servers have stopped, by its path."""
    found = {}
    for path in sorted(home.rglob("*")):
        name = str(path.relative_to(home))
        if not is_theirs(name):
            found[name] = stat.filemode(path.stat().st_mode)
    return found


def is_theirs(name: str) -> bool:
    """Whether a path lies in a folder of a server."""
    return any(name.startswith(f"{folder}/") for folder in THEIRS)
