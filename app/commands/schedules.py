"""Commands about schedules: add, set, list, show, pause, resume, run, remove."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from app.commands import opening
from app.commands.opening import Server
from app.commands.telling import NotifyOption, names_of, told_after
from app.commands.terminal import out
from app.errors import InvalidParameters
from app.wording.broken_json import json_trouble
from app.wording.each_once import RepeatedName, json_of

schedules = typer.Typer(help="Schedules: reports and syncs that start automatically.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name or id of the schedule.")]


@schedules.command()
def add(
    name: Annotated[str, typer.Argument(help="Unique name: a to z, 0 to 9, -, _ and ., at most 64.")],
    report: Annotated[str | None, typer.Option(help="Report kind to start. Default: none, give it or --sync.")] = None,
    sync: Annotated[str | None, typer.Option(help="Name of the source to sync instead. Default: none.")] = None,
    params: Annotated[
        str, typer.Option(help='Parameters of the report as JSON, such as {"period": "last_week"}.')
    ] = "{}",
    every: Annotated[
        str | None,
        typer.Option(help="When: every hour, day, weekday, week or month. Default: none, give it or --cron."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Local time, HH:MM; with every hour :MM. Default: :00 of every hour.")
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(help="Day of every week; date of every month, 1 to 28, or last. Default: monday; 1."),
    ] = None,
    cron: Annotated[
        str | None, typer.Option(help='When, as five fields of cron: "30 6 * * 1-5". Default: none.')
    ] = None,
    timezone: Annotated[str, typer.Option(help="IANA time zone of these times.")] = "UTC",
    as_of: Annotated[
        str,
        typer.Option(help="as_of of the reports: run, the due time, or start_of_day, start_of_week, start_of_month."),
    ] = "run",
    catch_up: Annotated[
        str, typer.Option(help="Which due times to make up for when no replica was running: latest or none.")
    ] = "latest",
    notify: NotifyOption = None,
    server: Server = None,
) -> None:
    """Create a schedule, and show when it is due."""
    if (report is None) == (sync is None):
        raise InvalidParameters("give either --report KIND or --sync SOURCE: what the schedule is to start")
    given: dict[str, Any] = {one: value for one, value in _when(every, at, on, cron).items() if value is not None}
    given |= {"timezone": timezone, "as_of": as_of, "catch_up": catch_up}
    given |= {"notify": names_of(notify)} if notify else {}
    does, kind = _does(report, sync) or ("", "")
    with opening.client(server, slots=0) as client:
        made = client.add_schedule(name, kind, _params(params), does=does, **given)
    _show(made)


@schedules.command("set")
def set_(
    name: Name,
    *,
    report: Annotated[str | None, typer.Option(help="Report kind to start. Default: unchanged.")] = None,
    sync: Annotated[str | None, typer.Option(help="Name of the source to sync. Default: unchanged.")] = None,
    params: Annotated[
        str | None, typer.Option(help="All parameters of the report as JSON. Default: unchanged; {} for another kind.")
    ] = None,
    every: Annotated[
        str | None, typer.Option(help="When: every hour, day, weekday, week or month. Default: unchanged.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="With --every: local time, HH:MM; every hour :MM. Default: :00 of every hour."),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            help="With --every: day of every week; date of every month, 1 to 28, or last. Default: monday; 1."
        ),
    ] = None,
    cron: Annotated[str | None, typer.Option(help="When, as five fields of cron. Default: unchanged.")] = None,
    timezone: Annotated[str | None, typer.Option(help="IANA time zone. Default: unchanged.")] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="run, start_of_day, start_of_week or start_of_month, as for add. Default: unchanged."),
    ] = None,
    catch_up: Annotated[str | None, typer.Option(help="latest or none, as for add. Default: unchanged.")] = None,
    notify: Annotated[
        list[str] | None,
        typer.Option(
            "--notify",
            metavar="NAME|ADDRESS",
            help='Webhook or mail address to notify when a report has ended; repeat it for more, "" is nobody. '
            "Default: as it is.",
        ),
    ] = None,
    server: Server = None,
) -> None:
    """Change a schedule, which then acts with your rights; what you do not give stays unchanged."""
    if report is not None and sync is not None:
        raise InvalidParameters("give either --report KIND or --sync SOURCE: a schedule starts one of them")
    when = {name: value for name, value in _when(every, at, on, cron).items() if value is not None}
    given = {"timezone": timezone, "as_of": as_of, "catch_up": catch_up}
    given = {name: value for name, value in given.items() if value is not None}
    new_params = None if params is None else _params(params)
    with opening.client(server, slots=0) as client:
        before = client.schedule(name)
        does, kind = _does(report, sync) or (before["does"], before["kind"])
        if new_params is None:
            new_params = before["params"] if (does, kind) == (before["does"], before["kind"]) else {}
        kept = {one: before[one] for one in ("timezone", "as_of", "catch_up", "enabled")}
        told = told_after(before["notify"], notify)
        more = {**kept, **given, **(when or {"cron": before["cron"]}), "does": does, "notify": told}
        changed = client.set_schedule(before["name"], kind, new_params, **more)
    _show(changed)


@schedules.command("list")
def list_(
    state: Annotated[
        str | None,
        typer.Option(help="Only those that are active, paused, or whose last job failed. Default: all."),
    ] = None,
    server: Server = None,
) -> None:
    """List schedules by name."""
    with opening.client(server, slots=0) as client:
        found = client.schedules(state=state)
    table = Table("name", "begins", "when", "zone", "next", "last", box=None)
    for one in found:
        following = one["next"][0] if one["next"] else "paused" if one["paused_reason"] else "never"
        table.add_row(one["name"], escape(_begins(one)), one["words"], one["timezone"], following, _last(one))
    out.print(table)


@schedules.command()
def show(name: Name, server: Server = None) -> None:
    """Show a schedule: what it starts, when, and how that went."""
    with opening.client(server, slots=0) as client:
        found = client.schedule(name)
    _show(found)


@schedules.command()
def pause(name: Name, server: Server = None) -> None:
    """Suspend a schedule until it is resumed."""
    with opening.client(server, slots=0) as client:
        _show(client.pause_schedule(name))


@schedules.command()
def resume(name: Name, server: Server = None) -> None:
    """Resume a paused schedule; nothing is started for what it missed."""
    with opening.client(server, slots=0) as client:
        _show(client.resume_schedule(name))


@schedules.command()
def run(name: Name, server: Server = None) -> None:
    """Start now what a schedule starts, as of now."""
    with opening.client(server, slots=0) as client:
        job_id = client.run_schedule(name)
    out.print(f"{name} has begun {job_id}", markup=False)


@schedules.command()
def remove(name: Name, server: Server = None) -> None:
    """Remove a schedule; what it started stays."""
    with opening.client(server, slots=0) as client:
        client.remove_schedule(name)
    out.print(f"{name} removed", markup=False)


def _when(every: str | None, at: str | None, on: str | None, cron: str | None) -> dict[str, str | None]:
    return {"every": every, "at": at, "on": on, "cron": cron}


def _does(report: str | None, sync: str | None) -> tuple[str, str] | None:
    """What a schedule is to begin: a report or a sync, and which; None: nothing is said."""
    if report is not None:
        return "report", report
    return None if sync is None else ("sync", sync)


def _params(text: str) -> Any:
    try:
        found = json_of(text)
    except RepeatedName as error:
        raise InvalidParameters(f"--params: {error}.") from error
    except (ValueError, RecursionError) as error:
        raise InvalidParameters(
            f"--params: {text!r} is not JSON: {json_trouble(error)}; give an object such as {{}} or "
            '{"hourly": true}, in single quotation marks for the shell'
        ) from error
    if not isinstance(found, dict):
        raise InvalidParameters(f'--params: {text!r} is not a JSON object; give one such as {{}} or {{"hourly": true}}')
    return found


def _show(one: Mapping[str, Any]) -> None:
    params = f" {json.dumps(one['params'], ensure_ascii=False)}" if one["params"] else ""
    lines = [
        f"{one['name']}: {_begins(one)}{params}",
        f"{one['words']}, {one['timezone']} ({one['cron']}); for {one['runs_as']}",
    ]
    if one["notify"]["to"]:
        lines.append(f"tells {', '.join(one['notify']['to'])}")
    if one["paused_reason"]:
        lines.append(f"paused: {one['paused_reason']}")
    lines += [f"next: {at}" for at in one["next"]]
    if (last := one["last"]) is not None:
        error = f": {last['error']}" if last["error"] else ""
        lines.append(f"last: {last['due_at']}, {last['job_id']}, {_last(one)}{error}")
    if one["skipped"]:
        lines.append(f"missed before that: {one['skipped']:,}")
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _begins(one: Mapping[str, Any]) -> str:
    return f"{one['does']} {one['kind']}"


def _last(one: Mapping[str, Any]) -> str:
    last = one["last"]
    return "" if last is None else last["status"] or "removed since"
