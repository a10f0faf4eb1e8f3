"""Commands about mail: unsubscribed, allow, test."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from app.commands import opening
from app.commands.administration import AsJson, tell_json
from app.commands.opening import Server
from app.commands.terminal import err, out
from app.errors import InvalidParameters, SetupError

mail = typer.Typer(help="Mail: test it, and see who has unsubscribed.", no_args_is_help=True)


@mail.command()
def unsubscribed(*, as_json: AsJson = False, server: Server = None) -> None:
    """List the addresses that get no mail, because their owners unsubscribed."""
    with opening.client(server, slots=0) as client:
        found = client.unsubscribed()
    if as_json:
        tell_json(found)
        return
    for one in found:
        out.print(one, markup=False)
    if not found:
        err.print("nobody has unsubscribed")


@mail.command()
def allow(
    address: Annotated[str, typer.Argument(help="An address that mail unsubscribed prints.")], server: Server = None
) -> None:
    """Allow mail again to an address that has unsubscribed."""
    with opening.client(server, slots=0) as client:
        client.allow_mail(address)
    out.print(f"{address} may get mail again", markup=False)


@mail.command("test")
def try_(address: Annotated[str, typer.Argument(help="Recipient, in a domain of OPENHOURS_MAIL_DOMAINS.")]) -> None:
    """Send a short mail immediately, with the settings of this machine, and show the response of the mail server."""
    from app.deliveries.means import means_of  # noqa: PLC0415 - SQLAlchemy takes a while to import
    from app.deliveries.notify import mail_address  # noqa: PLC0415
    from app.ids import new_id  # noqa: PLC0415
    from app.sending import smtp  # noqa: PLC0415
    from app.sending.letter import Letter, message  # noqa: PLC0415
    from app.sending.outcome import Verdict  # noqa: PLC0415

    settings = opening.settings()
    means, now = means_of(settings), datetime.now(UTC)
    if means.server is None or means.sender is None:
        raise SetupError("No mail server is set: set OPENHOURS_SMTP_URL and OPENHOURS_MAIL_FROM.")
    if "@" not in address:
        raise InvalidParameters(f"{address!r} is not a mail address such as ada@example.org.", received=address)
    try:
        recipient = mail_address(address, settings)
    except ValueError as error:
        raise InvalidParameters(f"{address!r} {error}.", received=address) from error
    letter = Letter(
        subject="A test of mail from Openhours",
        title="Mail arrives.",
        sentences=("Somebody is testing the mail server of Openhours with this address.",),
    )
    message_id = new_id(now)
    written = message(letter, sender=means.sender, recipient=recipient, message_id=message_id, unsubscribe=None, at=now)
    outcome = smtp.send(means.server, written, recipient=recipient)
    if outcome.verdict is not Verdict.DELIVERED:
        answer = f" It said: {outcome.answer}" if outcome.answer else ""
        raise SetupError(f"{outcome.error}{answer}")
    answer = f" {outcome.answer}" if outcome.answer else ""
    out.print(f"the mail server has accepted it for {recipient}: {outcome.status}{answer}", markup=False)
