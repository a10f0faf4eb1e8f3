"""Routes with a key in their path that may contain slashes."""

from typing import Final
from urllib.parse import unquote

from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

#: Stands for a slash of a key while a route is looked for: half a character, which no path in UTF-8 decodes to.
SLASH: Final = "\ud800"


class KeyRoute(APIRoute):
    """A route in whose path ``%2F`` is a slash of the key, never one between the key and what follows it.

    So a key that ends with ``/hours`` can be told from the hours of another one. Servers decode ``%2F`` in the path;
    the raw path still has it.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        raw: bytes = scope.get("raw_path") or b""
        if b"%2f" not in raw.lower():
            return super().matches(scope)
        parts = raw.partition(b"?")[0].decode("ascii", "replace").replace("%2f", "%2F").split("%2F")
        match, found = super().matches({**scope, "path": SLASH.join(map(unquote, parts))})
        if "path_params" in found:
            found["path_params"] = {name: _whole(value) for name, value in found["path_params"].items()}
        return match, found


def _whole(value: object) -> object:
    return value.replace(SLASH, "/") if isinstance(value, str) else value
