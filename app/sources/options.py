"""What a source says of itself: where its API is, which repositories, and which streams of them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import translate
from ipaddress import ip_address
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from app.sources.contract import SourceKind
from app.wording.numbers import in_digits
from app.wording.suggestions import meant
from app.wording.validation import invalid
from app.wording.wrong_values import WrongValue, invalid_parameters

#: An owner is told in full: repositories are listed for each. Names are those that GitHub allows.
_PATTERN: Final = re.compile(r"!?([A-Za-z0-9][A-Za-z0-9-]*)/([A-Za-z0-9._*?-]+)")

#: Names that the Python Package Index allows.
_PROJECT: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")

#: What may be named, by what a kind of source reads.
_EXAMPLES: Final = {
    "repositories": "patterns such as org/*, org/name or !org/old-*",
    "projects": "names of projects such as requests",
}

#: Addresses that people know, whose API is elsewhere.
_PAGES: Final = {"github.com", "www.github.com"}


class SourceApp(BaseModel):
    """An app and its installation, whose tokens are made with the private key of the app."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9.]{1,40}$")] = Field(description="App ID or client ID.")
    installation: Annotated[int, BeforeValidator(in_digits), Field(ge=1)] = Field(
        description="Number of its installation in the organisation."
    )


class SourceOptions(BaseModel):
    """Where a source reads, and what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str | None = Field(
        None,
        description="Base address of the API, such as `https://HOST/api/v3` of an Enterprise Server. Null: that of the "
        "kind, such as `https://api.github.com`.",
    )
    repositories: Annotated[tuple[str, ...], Field(max_length=1000)] = Field(
        (),
        description="For github: patterns such as `org/*`, `org/name`, `!org/old-*`; repositories that a pattern "
        "matches, without those that one with `!` matches.",
        examples=[["acme/*", "!acme/old-*"]],
    )
    projects: Annotated[tuple[str, ...], Field(max_length=1000)] = Field(
        (),
        description="For pypistats: names of projects of the Python Package Index.",
        examples=[["requests", "flask"]],
    )
    streams: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(
        None, description="Streams to read. Null: all of the kind."
    )

    app: SourceApp | None = Field(
        None, description="The GitHub App whose private key serves as the token. Null: the token is an access token."
    )

    @field_validator("address")
    @classmethod
    def _is_a_base_address(cls, address: str | None) -> str | None:
        return None if address is None else _base_address(address)

    @field_validator("repositories")
    @classmethod
    def _are_patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if _PATTERN.fullmatch(pattern) is None:
                raise ValueError(f"{pattern[:80]!r} is not a pattern such as org/*, org/name or !org/old-*")
        if patterns and all(pattern.startswith("!") for pattern in patterns):
            raise ValueError("has only patterns that exclude; add one that includes, such as org/*")
        return tuple(dict.fromkeys(patterns))

    @field_validator("projects")
    @classmethod
    def _are_projects(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if _PROJECT.fullmatch(name) is None:
                raise ValueError(f"{name[:80]!r} is not a name of a project such as requests")
        return tuple(dict.fromkeys(re.sub(r"[-_.]+", "-", name).lower() for name in names))


class Repositories:
    """Which repositories patterns mean; GitHub's names are the same in upper and lower case."""

    def __init__(self, patterns: Iterable[str]) -> None:
        patterns = [pattern.lower() for pattern in patterns]
        self._taken = [pattern for pattern in patterns if not pattern.startswith("!")]
        self._matches = _any_of(self._taken)
        self._leaves_out = _any_of([pattern[1:] for pattern in patterns if pattern.startswith("!")])

    @property
    def owners(self) -> Sequence[str]:
        """Of whom repositories have to be listed, in small letters."""
        return list(dict.fromkeys(pattern.partition("/")[0] for pattern in self._taken if _is_wild(pattern)))

    @property
    def named(self) -> Sequence[str]:
        """Those that are told in full, ``owner/name`` in small letters."""
        return [pattern for pattern in self._taken if not _is_wild(pattern)]

    def __contains__(self, full_name: str) -> bool:
        name = full_name.lower()
        return self._matches.fullmatch(name) is not None and self._leaves_out.fullmatch(name) is None


def source_options(kind: SourceKind, given: Any) -> SourceOptions:
    """The options that a JSON object means for a kind of source.

    Raises:
        InvalidParameters: it cannot mean any; the message has each mistake.
    """
    try:
        options = SourceOptions.model_validate(given)
    except ValidationError as error:
        raise invalid(error, SourceOptions.model_json_schema(), whole="source") from error
    if wrong := list(_wrongly_named(kind, options)):
        raise invalid_parameters(wrong)
    known = kind.streams()
    unknown = [stream for stream in options.streams or () if stream not in known]
    if unknown:
        reason = f"is not a stream of {kind.name}"
        raise invalid_parameters(
            [
                WrongValue(
                    parameter="streams", received=one, reason=reason, allowed=list(known), nearest=meant(one, [*known])
                )
                for one in unknown
            ]
        )
    return options


def _wrongly_named(kind: SourceKind, options: SourceOptions) -> Iterator[WrongValue]:
    """What is to be read and is not named, and what the kind knows nothing of."""
    for name, example in _EXAMPLES.items():
        given = list(getattr(options, name))
        if name == kind.names and not given:
            reason = f"names nothing that {kind.name} could read"
            yield WrongValue(parameter=name, received=given, reason=reason, allowed=example)
        elif name != kind.names and given:
            reason = f"is not what a source of {kind.name} names; give {kind.names}"
            yield WrongValue(parameter=name, received=given, reason=reason, allowed=_EXAMPLES[kind.names])
    if options.app is not None and kind.app_token is None:
        reason = f"is of GitHub; {kind.name} has no apps, so leave it out"
        yield WrongValue(parameter="app", received=None, reason=reason, is_shown=False)


def address_of(kind: SourceKind, options: SourceOptions) -> str:
    """The base address of the API, without a slash at its end."""
    return options.address or kind.base_url


def _is_wild(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    """What one of these patterns matches; nothing without any."""
    return re.compile("|".join(map(translate, patterns)) or r"(?!)")


def _base_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError("is not an address such as https://HOST/api/v3") from error
    if parts.scheme not in {"https", "http"} or not host or port == 0 or re.search(r"[\s\\]", text):
        raise ValueError("is not an address such as https://HOST/api/v3")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("has more than a scheme, a host, a port and a path; give the token separately")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("would send the token unencrypted; http is only for this machine; use https://")
    if host in _PAGES:
        raise ValueError("is the address of the web pages; the API is at https://api.github.com")
    return text.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
