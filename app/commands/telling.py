"""Who is told of something: the option of commands that begin it, and what became of it."""

from collections.abc import Mapping, Sequence
from time import monotonic, sleep
from typing import Annotated, Any, Final

import typer

from app.commands.terminal import err

#: How long a command waits until those are told whom it was to have told, seconds: no longer than people do.
TOLD_SECONDS: Final = 10

#: Pause between two looks, seconds.
_LOOK_SECONDS: Final = 0.5

NotifyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--notify",
        metavar="NAME|ADDRESS",
        help="Webhook or mail address to notify when it has ended; repeat it for more. Default: nobody.",
    ),
]


def names_of(notify: Sequence[str] | None) -> list[str]:
    """Whom ``--notify`` names, each once; an empty text names nobody."""
    return list(dict.fromkeys(one.strip() for given in notify or () for one in given.split(",") if one.strip()))


def told_after(before: Mapping[str, Any], notify: Sequence[str] | None) -> dict[str, Any]:
    """Whom something tells after a change: as ``before``, or whom ``notify`` names; mails carry what they did."""
    attach = {"attach": before["attach"]} if before["to"] else {}
    return {"to": before["to"] if notify is None else names_of(notify), **attach}


def receiver(delivery: Mapping[str, Any]) -> str:
    """Who gets a delivery: name of the webhook, or address."""
    return str(delivery["webhook"] or delivery["address"])


def outcome(delivery: Mapping[str, Any]) -> str:
    """How a delivery stands, in words."""
    status = {"waiting": "has not arrived and will be retried"}.get(delivery["status"], delivery["status"])
    code = "" if delivery["status_code"] is None else f" ({delivery['status_code']})"
    error = "" if delivery["error"] is None else f": {delivery['error']}"
    again = f" Next: {delivery['due_at']}." if delivery["due_at"] and delivery["tried_at"] else ""
    return f"{status}{code}{error}{again}"


def tell_notified(client: Any, subject: str, notify: Sequence[str]) -> None:
    """Wait a moment until those are told of a report or a file whom this process is to tell, and say how that went."""
    deadline, waits_for = monotonic() + TOLD_SECONDS, set(names_of(notify))
    while waits_for:
        for one in client.deliveries(subject=subject):
            if receiver(one) in waits_for and (one["status"] != "waiting" or one["tried_at"]):
                waits_for.discard(receiver(one))
                err.print(f"{receiver(one)}: {outcome(one)}", markup=False)
        if waits_for and monotonic() > deadline:
            err.print(f"not sent yet: {', '.join(sorted(waits_for))}; the next serve or worker does it", markup=False)
            return
        if waits_for:
            sleep(_LOOK_SECONDS)
