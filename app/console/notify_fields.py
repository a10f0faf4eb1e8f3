"""The fields of a form that say who is told when something has ended, and what mails carry then."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from app.console.asking import Refused, at_fields
from app.console.marked import marked

#: The field with names of webhooks and addresses, and its title.
NAME: Final = "notify"
TITLE: Final = marked("Who is told")

#: Fields of what mails carry, each with its value in the API; no parameter of a report is called so.
ATTACHED: Final = {"notify__csv": "csv", "notify__page": "page"}

#: What stands in a new form.
NEW: Final = {NAME: "", "notify__csv": "true"}


def texts_of(recipients: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the fields for recipients as the API answers them."""
    if not recipients["to"]:
        return dict(NEW)
    ticks = {field: "true" for field, value in ATTACHED.items() if value in recipients["attach"]}
    return {NAME: "\n".join(recipients["to"]), **ticks}


def asked_for(asked: Callable[[str], str]) -> dict[str, str]:
    """What an address asks to be in the fields; as in a new form if it names nobody."""
    return {field: asked(field) for field in (NAME, *ATTACHED)} if asked(NAME) else dict(NEW)


def typed(form: Mapping[str, str]) -> dict[str, str]:
    """What was typed into the fields, for the address of another form; nothing if nobody is named."""
    return {field: form.get(field, "") for field in (NAME, *ATTACHED)} if form.get(NAME, "").strip() else {}


def notify_of(form: Mapping[str, str]) -> dict[str, Any] | None:
    """The recipients of a form that was filled in, as the API takes them; None if nobody is named."""
    to = [one.strip() for one in re.split(r"[,\r\n]", form.get(NAME, "")) if one.strip()]
    return {"to": to, "attach": [value for field, value in ATTACHED.items() if field in form]} if to else None


def at_field(refusal: Refused) -> Refused:
    """A refusal in which what is said of single recipients stands at their field."""
    return at_fields(refusal, lambda name: NAME if name.partition(".")[0] == NAME else name)
