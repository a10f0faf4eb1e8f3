"""Commands about webhooks: list, show, add, set, remove, enable, disable, rotate, test, send-failed, events."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from app.commands import opening
from app.commands.administration import AsJson, tell_json, tell_secret
from app.commands.instants import as_iso
from app.commands.opening import Server
from app.commands.telling import outcome
from app.commands.terminal import err, out

webhooks = typer.Typer(help="Webhooks: receivers that are notified of events.", no_args_is_help=True)

#: How long ``test`` waits for the outcome, seconds: an attempt takes 15 at most.
_TEST_SECONDS: Final = 20

Name = Annotated[str, typer.Argument(help="Name or id of the webhook.")]
Events = Annotated[
    list[str] | None,
    typer.Option(
        "--event",
        help="Type of events that it gets, or * for all; repeat it for more; webhooks events lists "
        'them, "" is none. Default: none, only what names it; of set, those that it has.',
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="Format of messages: standard, slack, teams or discord. Default: standard; for set, unchanged.",
    ),
]
Description = Annotated[str | None, typer.Option(help="For people. Default: none; for set, unchanged.")]


@webhooks.command("list")
def list_(*, as_json: AsJson = False, server: Server = None) -> None:
    """List webhooks by name."""
    with opening.client(server, slots=0) as client:
        found = client.webhooks()
    if as_json:
        tell_json(found)
        return
    table = Table("name", "format", "events", "waiting", "delivered", "failed", "state", box=None)
    for one in found:
        numbers = (f"{one[number]:,}" for number in ("waiting", "delivered", "failed"))
        table.add_row(one["name"], one["format"], escape(" ".join(one["events"])), *numbers, escape(_state(one)))
    out.print(table)


@webhooks.command()
def events(*, as_json: AsJson = False, server: Server = None) -> None:
    """List the types of events that webhooks can get."""
    with opening.client(server, slots=0) as client:
        found = client.event_types()
    if as_json:
        tell_json(found)
        return
    table = Table("event", "what has happened", box=None)
    for name, words in found.items():
        table.add_row(name, escape(words))
    out.print(table)


@webhooks.command()
def show(name: Name, *, as_json: AsJson = False, server: Server = None) -> None:
    """Show a webhook: where it listens, which events it gets, how its deliveries went."""
    with opening.client(server, slots=0) as client:
        _tell(client.webhook(name), as_json=as_json)


@webhooks.command()
def add(
    name: Annotated[str, typer.Argument(help="Unique name: a to z, 0 to 9, -, _ and ., at most 64.")],
    url: Annotated[str, typer.Argument(help="URL of the receiver, such as https://hooks.example.com/x.")],
    *,
    event: Events = None,
    format_: Format = None,
    description: Description = None,
    as_json: AsJson = False,
    server: Server = None,
) -> None:
    """Create a webhook, and print its secret, which is shown only once."""
    given = _given(event, format_, description)
    with opening.client(server, slots=0) as client:
        made = client.add_webhook(name, url, **given)
    told = f"webhook {name} is added; its secret, with which the receiver checks signatures, is not shown again:"
    tell_secret(made["secret"], told, made, as_json=as_json)


@webhooks.command("set")
def set_(
    name: Name,
    *,
    url: Annotated[str | None, typer.Option(help="URL of the receiver. Default: unchanged.")] = None,
    event: Events = None,
    format_: Format = None,
    description: Description = None,
    as_json: AsJson = False,
    server: Server = None,
) -> None:
    """Change a webhook; what you do not give stays unchanged, and so does its secret."""
    with opening.client(server, slots=0) as client:
        before = client.webhook(name)
        kept = {one: before[one] for one in ("events", "format", "description", "enabled")}
        changed = kept | _given(event, format_, description)
        _tell(client.set_webhook(before["name"], before["url"] if url is None else url, **changed), as_json=as_json)


@webhooks.command()
def remove(name: Name, server: Server = None) -> None:
    """Remove a webhook, with the record of its deliveries."""
    with opening.client(server, slots=0) as client:
        client.remove_webhook(name)
    out.print(f"{name} removed", markup=False)


@webhooks.command()
def enable(name: Name, *, as_json: AsJson = False, server: Server = None) -> None:
    """Send events to a webhook from now on."""
    with opening.client(server, slots=0) as client:
        _tell(client.enable_webhook(name), as_json=as_json)


@webhooks.command()
def disable(name: Name, *, as_json: AsJson = False, server: Server = None) -> None:
    """Send nothing to a webhook until it is enabled; waiting deliveries are dropped."""
    with opening.client(server, slots=0) as client:
        _tell(client.disable_webhook(name), as_json=as_json)


@webhooks.command()
def rotate(name: Name, *, as_json: AsJson = False, server: Server = None) -> None:
    """Create a new secret and print it, only once; for a day, messages are signed with the previous one as well."""
    with opening.client(server, slots=0) as client:
        made = client.rotate_webhook(name)
    told = (
        f"the new secret of {made['name']}, which is not shown again; messages are also signed with the previous one "
        f"until "
        f"{made['previous_until']}:"
    )
    tell_secret(made["secret"], told, made, as_json=as_json)


@webhooks.command("test")
def try_(name: Name, *, as_json: AsJson = False, server: Server = None) -> None:
    """Send a test message to a webhook, and show the outcome.

    Exit code 1 if it did not arrive at once.
    """
    with opening.client(server, slots=1 if server is None else 0) as client:
        found = client.wait_for_delivery(client.test_webhook(name), timeout_seconds=_TEST_SECONDS)
    tell_outcome(found, as_json=as_json)


@webhooks.command("send-failed")
def send_failed(
    name: Name,
    *,
    since: Annotated[str, typer.Option(help="Instant, such as 2026-01-01T00:00:00Z, at or after which it was made.")],
    server: Server = None,
) -> None:
    """Resend everything that a webhook did not get since an instant."""
    instant = as_iso(since, option="--since")
    with opening.client(server, slots=0) as client:
        count = client.send_failed(name, since=instant)
    out.print(f"{count:,} {'delivery is' if count == 1 else 'deliveries are'} sent again", markup=False)
    if count and server is None:
        err.print("a running serve or worker does it, or the next one")


def tell_outcome(delivery: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what became of a delivery that was to be sent now; ends the command with 1 if it did not arrive."""
    if as_json:
        tell_json(delivery)
    else:
        line = f"{delivery['delivery_id']} to {delivery['webhook'] or delivery['address']}: {outcome(delivery)}"
        out.print(line, markup=False)
        if delivery["answer"]:
            out.print(f"it answered: {delivery['answer']}", markup=False)
    if delivery["status"] != "delivered":
        raise typer.Exit(1)


def _given(event: Sequence[str] | None, format_: str | None, description: str | None) -> dict[str, Any]:
    """The members that the options give."""
    told_of = None if event is None else [one for one in event if one]
    given = {"events": told_of, "format": format_, "description": description}
    return {name: value for name, value in given.items() if value is not None}


def _tell(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        tell_json(one)
        return
    lines = [f"{one['name']}: {one['format']} to {one['url']}, {_state(one)}"]
    lines += [one["description"]] if one["description"] else []
    lines += [f"told of: {', '.join(one['events']) or 'only what names it'}"]
    if one["failing_since"] is not None:
        lines.append(f"failing since: {one['failing_since']}")
    numbers = ", ".join(f"{one[number]:,} {number}" for number in ("waiting", "delivered", "failed"))
    last = "" if one["last_at"] is None else f"; last attempt {one['last_at']}"
    lines.append(f"deliveries: {numbers}{last}")
    if one["previous_until"] is not None:
        lines.append(f"secret: version {one['secret_version']}; the previous one signs until {one['previous_until']}")
    for line in lines:
        out.print(line, markup=False)


def _state(one: Mapping[str, Any]) -> str:
    if not one["enabled"]:
        return f"disabled: {one['disabled_reason']}" if one["disabled_reason"] else "disabled"
    return "failing" if one["failing_since"] is not None else "enabled"
