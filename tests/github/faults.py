"""What goes wrong, where and how often: by plan, or by chance from a seed."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from tests.github.answers import Answer, refusal
from tests.github.model import Token
from tests.github.world import World

_WORDS = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


def _page(body: bytes, status: int) -> Answer:
    return Answer(body, status, {"content-type": "text/html"})


def _primary(_: World, token: Token) -> Answer:
    token.used = token.limit
    return refusal(403, "API rate limit exceeded for user.")


def _expired(world: World, token: Token) -> Answer:
    token.expires_at = world.now - timedelta(seconds=1)
    return refusal(401, "Bad credentials")


#: Faults that answer something else, by name.
_SIMPLE: dict[str, Callable[[], Answer]] = {
    "500": partial(refusal, 500, "Server Error"),
    "502": partial(_page, b"<html><h1>Unicorn!</h1></html>", 502),
    "503": partial(refusal, 503, "Service Unavailable"),
    "504": partial(_page, b"", 504),
    "401 once": partial(refusal, 401, "Bad credentials"),
    "403 secondary": partial(refusal, 403, _WORDS, retry_after="60"),
    "403 short": partial(refusal, 403, _WORDS, retry_after="1"),
    "403 words": partial(refusal, 403, _WORDS),
    "403 forbidden": partial(refusal, 403, "Resource not accessible by personal access token"),
    "404": partial(refusal, 404, "Not Found"),
    "409": partial(refusal, 409, "Git Repository is empty."),
    "410": partial(refusal, 410, "Issues has been disabled in this repository."),
    "429": partial(refusal, 429, "Too many requests", retry_after="1"),
    "451": partial(refusal, 451, "Repository access blocked"),
    "200 html": partial(_page, b"<html>Sign in</html>", 200),
    "301 elsewhere": partial(refusal, 301, "Moved Permanently", location="http://127.0.0.2:9/repositories/1"),
}
#: Those that also change what becomes of the token.
_OF_TOKEN: dict[str, Callable[[World, Token], Answer]] = {"401 expired": _expired, "403 primary": _primary}
#: Faults that spoil the right answer, by name.
SPOILT = ("cut", "broken json", "empty", "foreign link")
KINDS = (*_SIMPLE, *_OF_TOKEN, *SPOILT)


@dataclass(slots=True)
class Fault:
    """A fault that is planned.

    Args:
        kind: of `KINDS`.
        path: what the path must match, whole, as a regular expression; the query is part of it.
        after: so many requests that match go well before.
        times: so many go wrong then; None: all.
    """

    kind: str
    path: str = ".*"
    after: int = 0
    times: int | None = 1
    met: int = 0


@dataclass(slots=True)
class Faults:
    """The faults of one fake: `planned` ones first, then by chance `kinds` at `rate` from `seed`."""

    planned: list[Fault] = field(default_factory=list)
    rate: float = 0.0
    kinds: tuple[str, ...] = ()
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    happened: list[tuple[str, str]] = field(default_factory=list)

    def plan(self, kind: str, path: str = ".*", *, after: int = 0, times: int | None = 1) -> None:
        if kind not in KINDS:
            raise ValueError(f"no fault {kind!r}; there are {sorted(KINDS)}")
        self.planned.append(Fault(kind, path, after, times))

    def by_chance(self, seed: int, rate: float, *kinds: str) -> None:
        self.chance, self.rate, self.kinds = random.Random(seed), rate, kinds

    def next(self, address: str) -> str | None:
        """The kind of fault that this request meets; None: it goes well."""
        kind = self._next(address)
        if kind is not None:
            self.happened.append((kind, address))
        return kind

    def _next(self, address: str) -> str | None:
        for one in self.planned:
            if re.fullmatch(one.path, address):
                one.met += 1
                if one.met > one.after and (one.times is None or one.met <= one.after + one.times):
                    return one.kind
        if self.kinds and self.chance.random() < self.rate:
            return self.chance.choice(self.kinds)
        return None


def instead(kind: str, world: World, token: Token) -> Answer | None:
    """What a fault answers in place of the right answer; None: it spoils that one."""
    if kind in _SIMPLE:
        return _SIMPLE[kind]()
    return _OF_TOKEN[kind](world, token) if kind in _OF_TOKEN else None


def spoil(kind: str, answer: Answer) -> None:
    """Make a right answer wrong in place: without its rows, or with a link to another host."""
    if kind == "empty" and isinstance(answer.body, list):
        answer.body, answer.headers = [], {}
    elif kind == "empty" and isinstance(answer.body, dict):
        answer.body = {name: [] if isinstance(one, list) else one for name, one in answer.body.items()}
        answer.headers = {}
    elif kind == "foreign link":
        answer.headers["link"] = '<http://127.0.0.2:9/stolen?page=2>; rel="next"'
