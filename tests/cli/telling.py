"""What the commands about webhooks, deliveries, rules and mail are tested with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pydantic import SecretStr

from app.storage.resources import Resources
from app.web.server import serving

SECRET_KEY = "a key of these tests with 32 letters"

#: Variables of commands that work on the servers themselves; receivers and mail servers are on loopback.
VARIABLES = {
    "OPENHOURS_SECRET_KEY": SECRET_KEY,
    "OPENHOURS_WEBHOOK_ALLOW": "127.0.0.0/8",
    "OPENHOURS_MAIL_FROM": "openhours@example.com",
    "OPENHOURS_MAIL_DOMAINS": "example.org",
}


@contextmanager
def telling_server(resources: Resources, *, slots: int, smtp_port: int | None = None) -> Iterator[str]:
    """A server that may tell receivers on loopback and, over a mail server there, addresses in example.org."""
    settings = resources.settings.model_copy(
        update={
            "secret_key": SecretStr(SECRET_KEY),
            "webhook_allow": VARIABLES["OPENHOURS_WEBHOOK_ALLOW"],
            "mail_from": VARIABLES["OPENHOURS_MAIL_FROM"],
            "mail_domains": VARIABLES["OPENHOURS_MAIL_DOMAINS"],
            "smtp_url": None if smtp_port is None else SecretStr(f"smtp://127.0.0.1:{smtp_port}"),
        }
    )
    with serving(replace(resources, settings=settings), slots=slots) as address:
        yield address
