"""Looks, before a source is stored, whether it can be read: the token, each owner, the streams of one repository.

It takes as many requests as there are owners and streams, and a few more.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from app.errors import SourceRefused, SourceUnavailable, TokenRefused
from app.mapping.expressions import evaluated
from app.sources.contract import Absence, Access, Answer, Client, Missing, MustWait, SourceKind
from app.sources.options import Repositories, SourceOptions
from app.sources.stream import Stream

#: Times that a request is made which is not answered properly: somebody waits.
_TRIES: Final = 2

#: Projects that are looked at: the site allows 5 requests a second.
_PROJECTS: Final = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look has found: a sentence, and whether the source works without it."""

    level: Literal["ok", "warning", "error"]
    message: str


def check(kind: SourceKind, options: SourceOptions, access: Access) -> list[Finding]:
    """What can be read with a token, and what not.

    Raises:
        SourceRefused: nothing can be read; ``findings`` among its details are all that was found.
        TokenRefused, SourceUnavailable: the API does not accept the token, or does not answer.
    """
    findings: list[Finding] = []
    try:
        with kind.client(replace(access, tries=_TRIES)) as client:
            if kind.find is not None:
                findings += _of_token(client, is_given=access.token() is not None)
            first = None
            if kind.find is None or kind.owned is None:
                findings += _of_projects(client, kind, options)
                return _acceptable(findings)
            for found in _of_repositories(kind.owned, client, options.repositories, access.base_url):
                findings.append(found.finding)
                first = first or found.first
            if first is not None:
                streams = kind.streams()
                wanted = [streams[name] for name in options.streams or streams]
                findings += _of_streams(client, wanted, first)
    except SourceUnavailable as error:
        message = error.message.removesuffix(" The next sync asks again.")
        raise SourceUnavailable(f"{message} Nothing was stored; check the address and the network.") from error
    except MustWait as error:
        findings.append(Finding("warning", f"{error.message} The rest was not checked."))
    return _acceptable(findings)


def _acceptable(findings: list[Finding]) -> list[Finding]:
    """The findings. Raises SourceRefused: one of them is an error."""
    if wrong := [finding.message for finding in findings if finding.level == "error"]:
        told = [{"level": one.level, "message": one.message} for one in findings]
        raise SourceRefused(" ".join(wrong), findings=told)
    return findings


def _of_projects(client: Client, kind: SourceKind, options: SourceOptions) -> Iterator[Finding]:
    """Whether the API knows the first projects: the name of one is easily misspelt, and one in ten may be new."""
    stream = next(iter(kind.streams().values()))
    known, unknown = [], []
    for project in options.projects[:_PROJECTS]:
        path = stream.request.path.format_map({"project": project})
        try:
            body = client.get(path, stream.request.params).body
        except Missing:
            unknown.append(project)
            continue
        if not isinstance(evaluated(stream.request.items, body), list):
            raise SourceUnavailable(f"{path} answers without the list {stream.request.items}, so it is another API.")
        known.append(project)
    if unknown and not known:
        message = f"{', '.join(unknown)}: the API knows no such project; check the spelling."
        yield Finding("error", message)
    elif unknown:
        message = f"{', '.join(unknown)}: the API knows no such project yet; it is asked once a day."
        yield Finding("warning", message)
    if known:
        more = len(options.projects) - len(known) - len(unknown)
        yield Finding("ok", f"Can be read: {', '.join(known)}{f'; {more:,} more were not tried' if more else ''}.")


@dataclass(frozen=True, slots=True)
class _Found:
    """Of a pattern or an owner: what to say, and a repository that is meant."""

    finding: Finding
    first: Mapping[str, Any] | None = None


def _of_token(client: Client, *, is_given: bool) -> Iterator[Finding]:
    try:
        answer = client.get("/rate_limit")
    except Missing:
        yield Finding("ok", "The API has no limits, or does not report them.")
        return
    core = _limits(answer)
    if not is_given:
        yield Finding(
            "warning", f"There is no token: only what is public can be read, with {_requests(core)}. Give it a token."
        )
        return
    scopes = answer.headers.get("x-oauth-scopes")
    says = "" if scopes is None else f" Its scopes: {scopes or 'none, so it reads only what is public'}."
    yield Finding("ok", f"The token works, with {_requests(core)}.{says}")
    if (ends := answer.headers.get("github-authentication-token-expiration")) is not None:
        yield Finding("warning", f"The token expires at {ends}; nothing is read after that until you give another.")


def _limits(answer: Answer) -> Mapping[str, Any]:
    body = answer.body
    with suppress(KeyError, TypeError):
        core: Mapping[str, Any] = body["resources"]["core"]
        return core
    return {}


def _requests(core: Mapping[str, Any]) -> str:
    limit, remaining = core.get("limit"), core.get("remaining")
    if not isinstance(limit, int) or not isinstance(remaining, int):
        return "as many requests as the API allows"
    return f"{remaining:,} of {limit:,} requests an hour left"


def _of_repositories(
    owned: Callable[[Client, str], Answer], client: Client, patterns: tuple[str, ...], address: str
) -> Iterator[_Found]:
    meant = Repositories(patterns)
    for owner in meant.owners:
        try:
            listed = owned(client, owner)
        except Missing as error:
            yield _Found(Finding("error", f"{owner}: {_no_owner(error, address)}"))
            continue
        items = [one for one in listed.body or [] if str(one.get("full_name", "")) in meant]
        more = f" on the first page of {len(listed.body or [])}" if listed.next else ""
        if not items and not listed.next:
            message = f"{owner}: none of the {len(listed.body or [])} repositories that the token sees matches "
            yield _Found(Finding("error", f"{message}{', '.join(patterns)}."))
            continue
        names = [str(one["full_name"]) for one in items[:3]]
        shown = f": {', '.join(names)}{' …' if len(items) > len(names) else ''}" if names else ""
        count = f"{len(items):,} {'repository is' if len(items) == 1 else 'repositories are'}"
        yield _Found(Finding("ok", f"{owner}: {count} read{more}{shown}."), items[0] if items else None)
    for name in meant.named:
        try:
            body = client.get(f"/repos/{name}").body
        except Missing as error:
            yield _Found(
                Finding("error", f"{name}: there is no such repository, or the token may not see it. {error.message}")
            )
        else:
            yield _Found(Finding("ok", f"{name}: is read."), body)


def _no_owner(error: Missing, address: str) -> str:
    hint = (
        "" if address.endswith(("api.github.com", "/api/v3")) else " The API of an Enterprise Server ends with /api/v3."
    )
    no_such = "there is no organisation or user of this name, or the token may not see it; check the spelling."
    return f"{no_such} {error.message}{hint}"


def _of_streams(client: Client, streams: list[Stream], repository: Mapping[str, Any]) -> Iterator[Finding]:
    """Whether the first page of each stream may be read, of one repository."""
    full_name = str(repository["full_name"])
    owner = full_name.partition("/")[0]
    places = {"repo_id": repository["id"], "owner": owner}
    readable = []
    for stream in streams:
        path = stream.request.path.format_map(places)
        try:
            answer = client.get(path, {**stream.request.params, "per_page": 1})
        except Missing as error:
            is_empty = error.absence is Absence.EMPTY
            if is_empty or (stream.request.absent == "empty" and error.absence is Absence.GONE):
                readable.append(stream.stream)
            else:
                of = owner if stream.scope == "source" else full_name
                yield Finding("warning", f"{stream.stream} cannot be read of {of}. {error.message}")
        except (SourceUnavailable, TokenRefused) as error:
            yield Finding("warning", f"{stream.stream} could not be tried. {error.message}")
        else:
            items = evaluated(stream.request.items, answer.body)
            if isinstance(items, list):
                readable.append(stream.stream)
            else:
                yield Finding("warning", f"{stream.stream}: {path} returns no list; is this the address of the API?")
    if readable:
        yield Finding("ok", f"Can be read of {full_name}: {', '.join(readable)}.")
