"""Whom somebody wants to have told, in bodies and answers."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.deliveries.notify import Attachment, Notify

#: In the body of what begins something. It is checked by read_notify, in words of its own.
NotifyBody = Annotated[
    list[str] | Notify | None,
    Field(
        description="Recipients to notify when it has ended: names of webhooks, and addresses that may get mail; as "
        "an object, also what a mail contains.",
        examples=[["ops-channel", "ops@example.com"]],
    ),
]


class Recipients(BaseModel):
    """Whom something tells."""

    to: list[str] = Field(description="Names of webhooks, and mail addresses.")
    attach: list[Attachment] = Field(description="What a mail about a report contains.")


def recipients(notify: Notify) -> Recipients:
    """For an answer."""
    return Recipients(to=list(notify.to), attach=[] if notify.is_nobody else list(notify.attach))
