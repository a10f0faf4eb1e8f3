"""What this process sends by: the guard of webhooks, the mail server, as the settings have them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from app.errors import BadSetting
from app.sending import smtp
from app.sending.guard import Guard
from app.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Means:
    """What sends messages.

    Attributes:
        guard: which addresses webhooks may go to.
        server: of mail; None: there is none.
        sender: the address that mails come from.
        domains: those that may get mail, as may_receive() takes them.
    """

    guard: Guard
    server: smtp.Server | None
    sender: str | None
    domains: str


def means_of(settings: Settings) -> Means:
    """By the settings.

    Raises:
        BadSetting: one of them cannot be used.
    """
    server = sender = None
    guard = _read("OPENHOURS_WEBHOOK_ALLOW", lambda: Guard(settings.webhook_allow))
    if settings.smtp_url is not None:
        address = settings.smtp_url.get_secret_value()
        server = _read("OPENHOURS_SMTP_URL", lambda: smtp.parse(address))
        if settings.mail_from is None:
            raise BadSetting("OPENHOURS_SMTP_URL is set, but OPENHOURS_MAIL_FROM is not: mails need a sender.")
    if settings.mail_from is not None:
        given = settings.mail_from
        sender = _read("OPENHOURS_MAIL_FROM", lambda: smtp.address(given))
    return Means(guard, server, sender, settings.mail_domains)


def _read(setting: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except ValueError as error:
        raise BadSetting(f"{setting} {error}.") from error
