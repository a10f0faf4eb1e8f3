"""Whom somebody wants to have told: names of webhooks, addresses of mail."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from app.deliveries.tables import webhook, wish
from app.sending.one_line import one_line
from app.sending.smtp import address, may_receive
from app.settings import Settings, listed
from app.wording.suggestions import suggestions
from app.wording.validation import invalid
from app.wording.wrong_values import WrongValue, invalid_parameters

#: Recipients of one message: a list of people belongs to a mail server.
MOST_RECIPIENTS: Final = 50

#: What a mail about a report may carry: its tables, and its page.
Attachment = Literal["csv", "page"]


class Notify(BaseModel):
    """Whom to tell, and what mails carry beside the text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: Annotated[
        tuple[str, ...],
        Field(
            max_length=MOST_RECIPIENTS,
            description="Names of webhooks, and addresses in the domains that may get mail.",
            examples=[["ops-channel", "ops@example.com"]],
        ),
    ] = ()
    attach: Annotated[
        tuple[Attachment, ...],
        Field(description="What a mail about a report contains: its tables (`csv`), its page (`page`)."),
    ] = ("csv",)

    @field_validator("to", mode="after")
    @classmethod
    def _each_once(cls, to: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.strip() for one in to if one.strip()))

    @property
    def is_nobody(self) -> bool:
        """Whether nobody is to be told."""
        return not self.to


NOBODY: Final = Notify()


def read_notify(given: Any) -> Notify:
    """Whom to tell, from what somebody gives: a list, a text with commas, or the whole as an object.

    Raises:
        InvalidParameters: it is none of these.
    """
    match given:
        case None:
            return NOBODY
        case str():
            whole: Any = {"to": listed(given)}
        case list() | tuple():
            whole = {"to": given}
        case _:
            whole = given
    try:
        return Notify.model_validate(whole)
    except ValidationError as error:
        raise invalid(error, Notify.model_json_schema(), whole="notify", within="notify") from error


def require_known(connection: Connection, wanted: Notify, settings: Settings) -> Notify:
    """The same with each address as mail servers know it.

    Raises:
        InvalidParameters: there is no such webhook, or no mail may be sent there.
    """
    if wanted.is_nobody:
        return wanted
    may_be_names = [one for one in wanted.to if "\0" not in one]  # Postgres has no such text
    names = set(connection.scalars(select(webhook.c.name).where(webhook.c.name.in_(may_be_names))))
    found, wrong = [], []
    for at, one in enumerate(wanted.to):
        try:
            found.append(one if one in names else mail_address(one, settings))
        except ValueError as error:
            near = () if "@" in one else suggestions(one, connection.scalars(select(webhook.c.name)))
            wrong.append(WrongValue(parameter=f"notify.{at}", received=one, reason=str(error), nearest=near))
    if wrong:
        raise invalid_parameters(wrong)
    return wanted.model_copy(update={"to": tuple(dict.fromkeys(found))})


def mail_address(text: str, settings: Settings) -> str:
    """An address that may get mail. Raises ValueError."""
    if "@" not in text:
        raise ValueError("is neither the name of a webhook nor a mail address")
    if settings.smtp_url is None:
        raise ValueError("cannot get mail: no mail server is set (OPENHOURS_SMTP_URL)")
    try:
        found = address(text)
    except ValueError as error:  # who is told this is told the text, too
        raise ValueError(str(error).removeprefix(f"{one_line(text, most=100)!r} ")) from error
    if not may_receive(found, settings.mail_domains):
        allowed = settings.mail_domains or "none"
        raise ValueError(f"is in a domain to which no mail is sent; OPENHOURS_MAIL_DOMAINS allows {allowed}")
    return found


def may_get_mail(text: str, settings: Settings) -> str | None:
    """An address as mail servers know it, if mail may be sent there."""
    try:
        return mail_address(text, settings)
    except ValueError:
        return None


def want(connection: Connection, subject: str, wanted: Notify) -> None:
    """Record whom to tell when a job ends, in the transaction that records the job."""
    if not wanted.is_nobody:
        statement = insert(wish).values(subject=subject, notify=wanted.model_dump(mode="json"))
        connection.execute(statement.on_conflict_do_nothing())


def take_wanted(connection: Connection, subject: str) -> Notify:
    """Whom to tell when a job ends; it is told once, so that nothing of it stays."""
    return stored(connection.scalar(delete(wish).where(wish.c.subject == subject).returning(wish.c.notify)))


def stored(found: Mapping[str, Any] | None) -> Notify:
    """What a row has of it."""
    return Notify.model_validate(found) if found else NOBODY


def merged(wishes: Sequence[Notify]) -> Notify:
    """All of them: each is told once, with all that anybody wants it to carry."""
    to = dict.fromkeys(one for wish in wishes for one in wish.to)
    attach = dict.fromkeys(one for wish in wishes if wish.to for one in wish.attach)
    return Notify.model_construct(to=tuple(to), attach=tuple(attach))
