"""Commands about activity: when teams work, and reading counts again."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import Enum
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from app.commands import opening
from app.commands.instants import as_iso
from app.commands.opening import Server
from app.commands.terminal import err, out
from app.errors import InvalidParameters
from openhours import Client


class ActivityOf(Enum):
    """What a name is of."""

    PROJECT = "project"
    REPO = "repo"


activity = typer.Typer(help="Activity: installs and commits, and when teams work.", no_args_is_help=True)

#: What a state of a month says to people.
_STATES: Mapping[str, str] = {
    "complete": "",
    "partial": "some days are missing",
    "no_data": "nobody has counted",
    "before_first": "before the first count",
}

#: Of the kinds of sources that count, the streams that do; none: all.
_STREAMS: Mapping[str, Sequence[str]] = {"pypistats": (), "github": ("commits",)}


@activity.command()
def show(
    name: Annotated[str, typer.Argument(help="A project, or owner/name of a repository.")],
    *,
    kind: Annotated[
        ActivityOf | None, typer.Option(help="Kind of the name. Default: repo if it contains a slash.")
    ] = None,
    months: Annotated[int, typer.Option(min=1, max=120, help="Whole months before that of --as-of.")] = 12,
    as_of: Annotated[str | None, typer.Option(help="Instant, such as 2026-11-01T00:00:00Z. Default: now.")] = None,
    source: Annotated[
        str | None, typer.Option(help="Source of the installs. Default: the one with the latest day.")
    ] = None,
    server: Server = None,
) -> None:
    """Show installs of a project or commits of a repository: by month, for the last 30 days, in total."""
    instant = None if as_of is None else as_iso(as_of, option="--as-of")
    with opening.client(server, slots=0) as client:
        found = client.activity(name, kind=kind and kind.value, months=months, as_of=instant, source=source)
    table = Table(
        "month", Column(found["metric"], justify="right"), Column("days", justify="right"), "", box=None, pad_edge=False
    )
    for one in found["timeline"]:
        shown = "-" if one["value"] is None else f"{one['value']:,}"
        table.add_row(one["month"], shown, f"{one['days_covered']}/{one['days']}", _STATES[one["state"]])
    out.print(table)
    recent, total = found["last_30_days"], found["total"]
    if recent is not None:
        days = f"{recent['from']} to {recent['to']}, {recent['days_covered']} of 30 days counted"
        out.print(f"last 30 days: {recent['value']:,} ({days})", markup=False)
    else:
        out.print("last 30 days: not counted", markup=False)
    out.print("in all: " + ("nobody has counted" if total is None else f"{total['value']:,}"), markup=False)
    if found["source"] is not None:
        others = [other for other in found["sources"] if other != found["source"]]
        more = f"; --source shows {', '.join(others)}" if others else ""
        out.print(f"counted by {found['source']}{more}", markup=False)


@activity.command()
def gaps(
    source: Annotated[str | None, typer.Option(help="Only this source. Default: all.")] = None,
    server: Server = None,
) -> None:
    """Show days that a source of installs did not report, between days that it did."""
    with opening.client(server, slots=0) as client:
        answer = client.activity_gaps(source=source)
    found = answer["gaps"]
    if not found:
        err.print("no day is missing between days that a source has counted", markup=False)
        return
    table = Table("source", "project", "first", "last", Column("days", justify="right"), box=None, pad_edge=False)
    for one in found:
        table.add_row(one["source"], one["project"] or "(all)", one["first"], one["last"], f"{one['days']:,}")
    out.print(table)
    if answer["is_cut"]:
        err.print(f"these are the first {len(found):,}; --source shows those of one source", markup=False)


@activity.command()
def hours(
    *,
    months: Annotated[int, typer.Option(min=1, max=120, help="Whole months before that of --as-of.")] = 12,
    as_of: Annotated[str | None, typer.Option(help="Instant, such as 2026-11-01T00:00:00Z. Default: now.")] = None,
    server: Server = None,
) -> None:
    """Show the share of commits and merges inside the hours of each team of five people or more."""
    instant = None if as_of is None else as_iso(as_of, option="--as-of")
    with opening.client(server, slots=0) as client:
        found = client.activity_hours(months=months, as_of=instant)
    if not found:
        err.print("no team has commits in these months", markup=False)
        return
    table = Table("team", "month", "people", "commits", "in hours", "merges", "in hours", box=None, pad_edge=False)
    for one in found:
        shares = [_share(one, name) for name in ("commits", "merges")]
        counts = [f"{one[name]:,}" for name in ("people", "commits", "merges")]
        table.add_row(one["team"], one["month"], counts[0], counts[1], shares[0], counts[2], shares[1])
    out.print(table)
    if any(one["reason"] for one in found):
        err.print("-: fewer than five people have committed, so a share would reveal individuals", markup=False)


@activity.command()
def backfill(
    *,
    first: Annotated[
        str | None, typer.Option("--from", help="First UTC day to read again, such as 2026-01-01. Default: none.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Everything that the API still has, instead of --from. Default: off.")
    ] = False,
    source: Annotated[
        str | None, typer.Option(help="Name of the source. Default: all that read installs or commits.")
    ] = None,
    server: Server = None,
) -> None:
    """Make sources read installs and commits again from a day on; existing counts stay until they are replaced."""
    since = _since(first, everything=everything)
    with opening.client(server, slots=0) as client:
        chosen = list(_counting(client, source))
        for one in chosen:
            streams = _STREAMS[one["kind"]]
            sync_id = client.reset_source(one["name"], streams=streams, since=since)
            whence = f"from {first} on" if first else "from the beginning"
            out.print(f"{one['name']} is read again {whence}: sync {sync_id}", markup=False)
    if not chosen:
        err.print("no source reads installs or commits; add one with openhours sources add", markup=False)


def _since(first: str | None, *, everything: bool) -> str | None:
    """The instant from which is read again; None: from the beginning."""
    if (first is None) != everything:
        raise InvalidParameters("give either --from DAY, such as --from 2026-01-01, or --all to read everything again")
    if first is None:
        return None
    try:
        return f"{date.fromisoformat(first)}T00:00:00Z"
    except ValueError as error:
        raise InvalidParameters(f"--from: {first!r} is not a day; write it as 2026-01-01") from error


def _counting(client: Client, name: str | None) -> Iterator[Mapping[str, Any]]:
    """The sources that are meant."""
    if name is not None:
        one = client.source(name)
        if not _counts(one):
            raise InvalidParameters(f"--source: {name} reads {', '.join(one['streams'])}: neither installs nor commits")
        yield one
        return
    for one in client.sources():
        if _counts(one) and one["enabled"]:
            yield one
        elif _counts(one):
            err.print(f"{one['name']} is paused and left out; openhours sources resume {one['name']}", markup=False)


def _counts(one: Mapping[str, Any]) -> bool:
    streams = _STREAMS.get(one["kind"])
    return streams is not None and (not streams or bool({*streams} & {*one["streams"]}))


def _share(one: Mapping[str, Any], name: str) -> str:
    share = one[f"{name}_in_hours"]
    return f"{share:.0%}" if share is not None else "-" if one["reason"] else ""
