"""JSON that a person has typed or a page has sent."""

import json
from typing import Any


def read_json(text: str) -> Any:
    """What it says.

    Raises:
        ValueError: it is no JSON, NaN included, or it is nested too deeply to be read.
    """
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
