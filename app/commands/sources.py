"""Commands about sources: add, list, show, sync, pause, resume, gaps, remove."""

import os
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from app.commands import opening, sources_text
from app.commands.instants import as_iso
from app.commands.opening import Server
from app.commands.terminal import err, out
from app.errors import InvalidParameters

sources = typer.Typer(help="Sources: APIs that are read regularly, such as GitHub.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the source.")]
Repos = Annotated[
    list[str] | None,
    typer.Option(
        "--repos",
        help="For github, a pattern: org/*, org/name, or !org/old-* to exclude; repeat it for more. Default: none.",
    ),
]
Projects = Annotated[
    list[str] | None,
    typer.Option("--projects", help="For pypistats, a project such as requests; repeat it for more. Default: none."),
]
TokenEnv = Annotated[
    str | None,
    typer.Option(
        "--token-env", help="Variable of this terminal with the token, which is stored encrypted. Default: none."
    ),
]
TokenFrom = Annotated[
    str | None,
    typer.Option(
        "--token-from",
        help="Where servers read the token each time: env:OPENHOURS_TOKEN_NAME, or file:NAME. Default: none.",
    ),
]
Address = Annotated[
    str | None, typer.Option(help="Base address of the API, such as https://HOST/api/v3. Default: that of the kind.")
]
Streams = Annotated[
    list[str] | None, typer.Option("--stream", help="Read only this stream; repeat it for more. Default: all.")
]
AppId = Annotated[
    str | None,
    typer.Option(
        "--app-id", help="App ID or client ID of a GitHub App, whose private key the token is. Default: none."
    ),
]
Installation = Annotated[
    int | None, typer.Option("--installation", min=1, help="Number of its installation. Default: none.")
]
Since = Annotated[str | None, typer.Option(help="Instant, such as 2026-01-01T00:00:00Z. Default: from the beginning.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it is read. Default: only queue the sync.")]
Check = Annotated[
    bool, typer.Option("--check/--no-check", help="Check first whether it can be read, and refuse what cannot.")
]


@sources.command()
def add(
    kind: Annotated[str, typer.Argument(help="Kind of source: github or pypistats.")],
    *,
    repos: Repos = None,
    projects: Projects = None,
    name: Annotated[str | None, typer.Option(help="Name of the source in other commands. Default: the kind.")] = None,
    token_env: TokenEnv = None,
    token_from: TokenFrom = None,
    address: Address = None,
    app_id: AppId = None,
    installation: Installation = None,
    stream: Streams = None,
    check: Check = True,
    server: Server = None,
) -> None:
    """Add a source, after a check of what its token may read."""
    more = {"address": address, "streams": stream or None, "token_from": token_from, "app": _app(app_id, installation)}
    token, name = _token(token_env), name or kind
    with opening.client(server, slots=0) as client:
        found = client.add_source(
            name, repos or (), projects=projects or (), kind=kind, token=token, check=check, **more
        )
    _tell_findings(found)
    begins = "the server runs its syncs" if server else f"openhours sources sync {name} --wait reads it now"
    out.print(f"{name} is added; {begins}", markup=False)


@sources.command("set")
def set_(
    name: Name,
    *,
    repos: Repos = None,
    projects: Projects = None,
    token_env: TokenEnv = None,
    token_from: TokenFrom = None,
    address: Address = None,
    app_id: AppId = None,
    installation: Installation = None,
    stream: Streams = None,
    check: Check = True,
    server: Server = None,
) -> None:
    """Replace what a source reads, or its token; without a new one the token stays."""
    more = {"address": address, "streams": stream or None, "token_from": token_from, "app": _app(app_id, installation)}
    token = _token(token_env)
    with opening.client(server, slots=0) as client:
        found = client.set_source(name, repos or (), projects=projects or (), token=token, check=check, **more)
    _tell_findings(found)
    out.print(f"{name} is changed", markup=False)


@sources.command("list")
def list_(server: Server = None) -> None:
    """List sources by name."""
    with opening.client(server, slots=0) as client:
        found = client.sources()
    table = Table("source", "reads", "last read", "state", box=None)
    for one in found:
        table.add_row(*sources_text.row(one))
    out.print(table)


@sources.command()
def show(name: Name, server: Server = None) -> None:
    """Show the state of a source: up to when it is read, its last sync, its token, what is missing."""
    with opening.client(server, slots=0) as client:
        found = client.source(name)
    for line in sources_text.status(found):
        out.print(line, markup=False)


@sources.command()
def sync(
    name: Name,
    *,
    wait: Wait = False,
    server: Server = None,
) -> None:
    """Read what is new."""
    with opening.client(server, slots=1 if wait else 0) as client:
        _tell_sync(client, name, client.sync_source(name), wait=wait, is_elsewhere=server is not None)


@sources.command()
def reset(
    name: Name,
    *,
    since: Since = None,
    stream: Streams = None,
    wait: Wait = False,
    server: Server = None,
) -> None:
    """Read again what has changed since an instant, or everything."""
    instant = _instant(since)
    with opening.client(server, slots=1 if wait else 0) as client:
        sync_id = client.reset_source(name, streams=stream or (), since=instant)
        _tell_sync(client, name, sync_id, wait=wait, is_elsewhere=server is not None)


@sources.command()
def reprocess(
    name: Name,
    *,
    since: Since = None,
    stream: Annotated[str | None, typer.Option(help="Only this stream. Default: all.")] = None,
    server: Server = None,
) -> None:
    """Rebuild rows from the stored pages, without a request, after a change of the rules by which they are made."""
    instant = _instant(since)
    with opening.client(server, slots=0 if server else 1) as client:
        job_id = client.reprocess_source(name, stream=stream, since=instant)
        if server is None:
            client.wait_for_sync(name)
    out.print(f"{name}: {job_id} {'will make' if server else 'has made'} its rows anew", markup=False)


@sources.command()
def pause(name: Name, server: Server = None) -> None:
    """Start no more syncs until the source is resumed."""
    with opening.client(server, slots=0) as client:
        out.print(client.pause_source(name)["paused_reason"], markup=False)


@sources.command()
def resume(name: Name, server: Server = None) -> None:
    """Resume a source, beginning with a sync now."""
    with opening.client(server, slots=0) as client:
        client.resume_source(name)
    out.print(f"{name} goes on", markup=False)


@sources.command()
def gaps(
    name: Name,
    *,
    closed: Annotated[bool, typer.Option("--all", help="Also list closed gaps. Default: only open ones.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Number to list, newest first.")] = 50,
    server: Server = None,
) -> None:
    """List what is known not to have been read, and why."""
    with opening.client(server, slots=0) as client:
        found = client.gaps(name, closed=closed, limit=limit)
    for one in found:
        for line in sources_text.gap(one):
            out.print(line, markup=False)
    if not found:
        err.print("nothing is missing", markup=False)


@sources.command()
def repositories(
    name: Name,
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Number to list, in order of their names.")] = 200,
    server: Server = None,
) -> None:
    """List the repositories that a source knows, with their states."""
    with opening.client(server, slots=0) as client:
        found = client.source_repositories(name, limit=limit)
    table = Table("repository", "branch", "state", "since", box=None)
    for one in found:
        since = sources_text.instant(one["state_since"])
        table.add_row(one["full_name"], one["default_branch"] or "", one["state"], since)
    out.print(table)


@sources.command()
def events(name: Name, server: Server = None) -> None:
    """Show what to enter at GitHub so that it sends events, which make a source sync sooner."""
    with opening.client(server, slots=0) as client:
        found = client.event_secret(name)
    for line in sources_text.events(found):
        err.print(line, markup=False)
    out.print(found["secret"], markup=False)


@sources.command()
def remove(name: Name, server: Server = None) -> None:
    """Remove a source; its rows stay."""
    with opening.client(server, slots=0) as client:
        client.remove_source(name)
    out.print(f"{name} removed; the rows that it has read stay", markup=False)


def _token(variable: str | None) -> str | None:
    if variable is None:
        return None
    token = os.environ.get(variable, "").strip()
    if not token:
        raise InvalidParameters(
            f"--token-env: the variable {variable} is not set, or empty; give the name of one that has the token"
        )
    return token


def _instant(since: str | None) -> str | None:
    return None if since is None else as_iso(since, option="--since")


def _app(app_id: str | None, installation: int | None) -> dict[str, Any] | None:
    if (app_id is None) != (installation is None):
        raise InvalidParameters("--app-id and --installation belong together: give both, or none")
    return None if app_id is None else {"id": app_id, "installation": installation}


def _tell_sync(client: Any, name: str, sync_id: str, *, wait: bool, is_elsewhere: bool) -> None:
    if not wait:
        begins = "" if is_elsewhere else " by a server; with --wait, this command does it"
        out.print(f"{name}: sync {sync_id} will be done{begins}", markup=False)
        return
    found = client.wait_for_sync(name)
    for line in sources_text.status(found):
        out.print(line, markup=False)
    if found["error"]:
        raise sources_text.failure(found)


def _tell_findings(found: Mapping[str, Any]) -> None:
    for one in found["findings"]:
        (out if one["level"] == "ok" else err).print(sources_text.finding(one), markup=False)
