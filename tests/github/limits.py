"""How often a token may ask, and what headers say of it."""

from datetime import timedelta
from typing import Any

from tests.github.answers import Answer, refusal
from tests.github.model import Token
from tests.github.world import World

#: A window begins with the first request after the one before has ended.
_WINDOW = timedelta(hours=1)


def window(world: World, token: Token) -> None:
    """Begin a new window when the present one is over."""
    if token.window_until is None or world.now >= token.window_until:
        token.window_until, token.used = world.now + _WINDOW, 0


def _reset(token: Token) -> int:
    return int(token.window_until.timestamp()) if token.window_until else 0


def headers(token: Token) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(token.limit),
        "x-ratelimit-remaining": str(max(token.limit - token.used, 0)),
        "x-ratelimit-used": str(token.used),
        "x-ratelimit-reset": str(_reset(token)),
        "x-ratelimit-resource": "core",
    }


def exhausted(token: Token) -> Answer | None:
    """The refusal of a token that has nothing left."""
    if token.used < token.limit:
        return None
    return refusal(403, f"API rate limit exceeded for user ID {token.user.id}.")


def rate_limit(world: World, token: Token) -> dict[str, Any]:
    """The answer of /rate_limit, which is free."""
    window(world, token)
    core = {
        "limit": token.limit,
        "used": token.used,
        "remaining": max(token.limit - token.used, 0),
        "reset": _reset(token),
    }
    search = {"limit": 30, "used": 0, "remaining": 30, "reset": core["reset"]}
    return {"resources": {"core": core, "search": search, "graphql": core}, "rate": core}
