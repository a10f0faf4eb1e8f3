"""Commands about deliveries: list, show, send."""

import json
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.commands import opening
from app.commands.administration import AsJson, tell_json
from app.commands.opening import Server
from app.commands.telling import outcome, receiver
from app.commands.terminal import err, out
from app.commands.webhooks import tell_outcome

deliveries = typer.Typer(help="Deliveries: messages to webhooks and by mail.", no_args_is_help=True)

DeliveryId = Annotated[str, typer.Argument(help="Id of the delivery, as deliveries list prints it.")]


@deliveries.command("list")
def list_(
    *,
    status: Annotated[
        str | None, typer.Option(help="Only waiting, delivered, failed or dropped deliveries. Default: all.")
    ] = None,
    webhook: Annotated[str | None, typer.Option(help="Only those to the webhook of this name. Default: all.")] = None,
    subject: Annotated[
        str | None, typer.Option(help="Only those about the report, file or other object with this id. Default: all.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Number to list, newest first.")] = 20,
    as_json: AsJson = False,
    server: Server = None,
) -> None:
    """List deliveries, newest first."""
    with opening.client(server, slots=0) as client:
        page = client.page("deliveries", status=status, webhook=webhook, subject=subject, limit=limit)
    if as_json:
        tell_json(page["deliveries"])
    else:
        table = Table("delivery", "to", "event", "status", "attempts", "created", box=None)
        for one in page["deliveries"]:
            status_code = "" if one["status_code"] is None else f" {one['status_code']}"
            table.add_row(
                *(one["delivery_id"], escape(receiver(one)), one["event"], f"{one['status']}{status_code}"),
                *(str(one["attempts"]), one["created_at"]),
            )
        out.print(table)
    if page["next_cursor"]:
        err.print(f"there are more than {limit:,}: use --limit, --status, --webhook or --subject")


@deliveries.command()
def show(delivery_id: DeliveryId, *, as_json: AsJson = False, server: Server = None) -> None:
    """Show a delivery: its content, its outcome, the response of its receiver."""
    with opening.client(server, slots=0) as client:
        one = client.delivery(delivery_id)
    if as_json:
        tell_json(one)
        return
    state = "waits to be sent" if one["status"] == "waiting" and one["tried_at"] is None else outcome(one)
    lines = [
        f"{one['event']} to {receiver(one)}: {one['title']}",
        f"{state}; attempts: {one['attempts']:,}",
        *(f"{name}: {one[f'{name}_at']}" for name in ("created", "tried", "ended") if one[f"{name}_at"]),
    ]
    if one["answer"]:
        lines.append(f"it answered: {one['answer']}")
    lines.append(json.dumps(one["payload"], indent=2, ensure_ascii=False))
    for line in lines:
        out.print(line, markup=False)


@deliveries.command()
def send(delivery_id: DeliveryId, *, as_json: AsJson = False, server: Server = None) -> None:
    """Resend a delivery, or send a waiting one immediately, and show the outcome.

    Exit code 1 if it did not arrive at once.
    """
    with opening.client(server, slots=1 if server is None else 0) as client:
        before = client.send_delivery(delivery_id)
        found = client.wait_for_delivery(delivery_id, after=before["tried_at"])
    tell_outcome(found, as_json=as_json)
