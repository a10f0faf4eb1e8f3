"""Sample files that pages offer: small ones of each kind, as they come with the program."""

from functools import cache
from pathlib import Path
from typing import Final

from fastapi import Response
from starlette.exceptions import HTTPException

import app

#: Beside the package in a checkout, within it where it is installed.
_PLACES: Final = (Path(app.__file__).parent / "sample_data", Path(app.__file__).parent.parent / "sample_data")

#: Dataset kind of each sample.
KINDS: Final = {
    "hours.csv": "hours",
    "timezones.csv": "timezones",
    "polls.csv": "polls",
    "team_hours.csv": "team_hours",
    "team_timezones.csv": "team_timezones",
    "pull_requests.csv": "pull_requests",
    "review_times.csv": "review_times",
    "installs.csv": "installs",
    "plays_table.csv": "table",
}


@cache
def samples() -> dict[str, str]:
    """The sample of each dataset kind that has one, by kind."""
    return {kind: name for name, kind in KINDS.items() if _path(name) is not None}


def sample(name: str) -> Response:
    """One of them, to be saved."""
    path = _path(name) if name in KINDS else None
    if path is None:
        raise HTTPException(404)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, max-age=3600"}
    return Response(path.read_bytes(), media_type="text/csv; charset=utf-8", headers=headers)


def _path(name: str) -> Path | None:
    return next((place / name for place in _PLACES if (place / name).is_file()), None)
