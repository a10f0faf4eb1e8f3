"""How an API speaks where APIs differ: by default as HTTP has it, a kind of source may say otherwise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from app.sources.api.budget import Limits
from app.sources.api.raw_answer import RawAnswer, absence, retry_after
from app.sources.contract import Absence

#: Headers that matter to every client.
KEPT: Final = ("date", "etag", "last-modified", "link", "location", "retry-after")


def asks_to_wait(raw: RawAnswer) -> tuple[bool, float | None]:
    """Whether an answer is a refusal for now (429, or 503 that says for how long), and for how many seconds."""
    after = retry_after(raw.headers)
    return raw.status == 429 or (raw.status == 503 and after is not None), after


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a client has to know of an API.

    Attributes:
        headers: of each request, by the base address.
        kept: names of the headers of an answer that matter, in small letters.
        resource: whose limit a request for a path counts for, of an API with several.
        wants_pause: whether an answer is a refusal for now, and for how many seconds; None: it does not say.
        limits: what an answer says of the budget of the resource that was asked for; None: nothing.
        absence: why an answer says that there is nothing to read; None: it does not say so.
    """

    headers: Callable[[str], Mapping[str, str]] = lambda _: {"accept": "application/json"}
    kept: tuple[str, ...] = KEPT
    resource: Callable[[str], str] = lambda _: "core"
    wants_pause: Callable[[RawAnswer], tuple[bool, float | None]] = asks_to_wait
    limits: Callable[[RawAnswer, str], Limits | None] = lambda raw, _: Limits() if raw.status else None
    absence: Callable[[RawAnswer], Absence | None] = absence
