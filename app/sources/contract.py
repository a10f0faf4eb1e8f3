"""What a kind of source is: the streams that it has, and a client that asks its API.

A client waits itself for as long as ``MOST_WAIT_SECONDS``; whatever is longer it raises, so that no slot is held.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal, Protocol

from sqlalchemy import Engine

from app.sources.stream import Stream

#: A longer wait ends the sync, seconds: the next one begins when it is over.
MOST_WAIT_SECONDS: Final = 90

#: Values of the parameters of a request.
Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an API has answered.

    Attributes:
        path: below the base address, as asked for, or as redirected to on the same host.
        params: of the request.
        status: 200, or 304 when the ``etag`` that was given still holds.
        headers: those that matter, in small letters: etag, link, date and those of the limits.
        body: parsed JSON; None with 304 and 204.
        at: when, by the clock of the API.
        next: parameters of the page that it announces; None: this is the last one.
        last: number of the last page, if it says so.
        size_bytes: of the body.
    """

    path: str
    params: Params
    status: int
    headers: Mapping[str, str]
    body: Any
    at: datetime
    next: Params | None = None
    last: int | None = None
    size_bytes: int = 0

    @property
    def etag(self) -> str | None:
        """By which the same request can be asked again for a change only."""
        return self.headers.get("etag")


class Client(Protocol):
    """Asks one API with one token."""

    @property
    def token_hash(self) -> str:
        """Of whom the limits and ETags are: the hash of a token, or of the installation that it is for."""

    @property
    def requests(self) -> int:
        """Requests so far."""

    def get(self, path: str, params: Params | None = None, *, etag: str | None = None) -> Answer:
        """Ask for a path below the base address.

        Raises:
            MustWait: the API wants a longer pause than a slot may be held for.
            TokenRefused: the token is not, or no longer, valid.
            Missing: there is nothing to read, with the reason.
            SourceUnavailable: it did not answer properly, however often it was asked.
        """


class Absence(StrEnum):
    """Why there is nothing to read."""

    GONE = "gone"
    FORBIDDEN = "forbidden"
    BLOCKED = "blocked"
    EMPTY = "empty"
    OFF = "off"


class Missing(Exception):
    """What was asked for is not there for this token; no failure, but a state that is written down."""

    def __init__(self, message: str, absence: Absence) -> None:
        super().__init__(message)
        self.message = message
        self.absence = absence

    @property
    def state_of_repository(self) -> Absence:
        """What is to be said of a repository that was asked for by its number."""
        return self.absence if self.absence in {Absence.FORBIDDEN, Absence.BLOCKED} else Absence.GONE


class MustWait(Exception):
    """The API wants a pause; ``until`` is by our clock."""

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message)
        self.message = message
        self.until = until


@dataclass(frozen=True, slots=True)
class Access:
    """How a client gets at its API.

    Attributes:
        base_url: of the API, such as https://api.github.com or https://HOST/api/v3.
        token: gives the token that is valid now; it is asked again when the API refuses one.
        token_hash: of whom limits and ETags are.
        engine: where the budget is kept that all replicas share.
        tries: how often at most a request is made that is not answered properly.
    """

    base_url: str
    token: Callable[[], str | None] = field(repr=False)
    token_hash: str
    engine: Engine
    tries: int = 4


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as an API tells of it.

    Attributes:
        number: that it keeps whatever it is called.
        name: ``owner/name`` today.
        default_branch: None if it has none.
        pushed_at: when somebody last pushed; None: nobody knows.
        chosen_as: the name that it was asked for by, in small letters; None: a pattern matches it.
        updated_at: when it last changed; None: nobody knows.
        open_items: how many issues and pull requests are open; None: nobody knows.
    """

    number: int
    name: str
    default_branch: str | None = None
    pushed_at: datetime | None = None
    chosen_as: str | None = None
    updated_at: datetime | None = None
    open_items: int | None = None


@dataclass(frozen=True, slots=True)
class KnownRepository:
    """A repository as it was known before; ``is_read``: its streams are; ``seen_at``: when it was last told of."""

    repository: Repository
    is_read: bool
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """What the patterns of a source mean today.

    Attributes:
        repositories: those that are there.
        absent: by number, why one that was read is not to be read any more, in a state of the table and in words.
        unknown: by name or owner, why what a pattern names was not found.
        at: when all of this was so, by the clock of the API; None: it was not asked.
    """

    repositories: Sequence[Repository]
    absent: Mapping[int, tuple[str, str]]
    unknown: Mapping[str, str]
    at: datetime | None = None


class Patterns(Protocol):
    """Which repositories a source means."""

    @property
    def owners(self) -> Sequence[str]:
        """Of whom repositories have to be listed."""

    @property
    def named(self) -> Sequence[str]:
        """Those that are told in full, ``owner/name`` in small letters."""

    def __contains__(self, full_name: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind of source; see registry.py.

    A source names what is read: patterns of repositories, which the API is asked to find, or projects as they are.

    Attributes:
        name: name in commands and routes.
        summary: what it reads.
        base_url: where its API is unless a source says otherwise.
        streams: by name.
        client: a client, to be closed.
        app_token: gives the tokens of an installation of an app, by the base address, the id of the app, the number of
            the installation, and the private key; None: there are no apps.
        owned: asks for the first repositories of an owner; raises as the client does.
        find: asks which repositories the patterns mean, by what is known of them; raises as the client does. None, as
            ``owned`` is then: its sources name projects.
    """

    name: str
    summary: str
    base_url: str
    streams: Callable[[], Mapping[str, Stream]]
    client: Callable[[Access], AbstractContextManager[Client]]
    app_token: Callable[[str, str, int, str], Callable[[], str]] | None = None
    owned: Callable[[Client, str], Answer] | None = None
    find: Callable[[Client, Patterns, Sequence[KnownRepository], datetime], Found] | None = None

    @property
    def names(self) -> Literal["repositories", "projects"]:
        """What its sources name."""
        return "projects" if self.find is None else "repositories"
