"""What the API says in English, in the language of a page, where it is a known text or has a known form.

Known texts are what kinds of files, reports and rules and types of events say of themselves: the catalogue has them
(tests/texts.py collects them). Forms have places for names, dates and times. Whatever else the API says stays English.
"""

import re
from functools import cache
from typing import Final

from markupsafe import Markup, escape

from app.console.marked import marked
from app.console.texts import Texts

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY: Final = f"(?:{'|'.join(_WEEKDAYS)})"
_BETWEEN: Final = "(?:, and |, | and | through )"
_TIME: Final = r"\d\d:\d\d"

#: What stands in places of such names; in others anything does.
_PLACES: Final = {
    "days": f"{_DAY}(?:{_BETWEEN}{_DAY})*",
    "times": f"{_TIME}(?:{_BETWEEN}{_TIME})*",
    "first": r"\d{4}-\d\d-\d\d",
    "last": r"\d{4}-\d\d-\d\d",
    "number": r"\d+",
}

#: The forms, the first that fits counts.
FORMS: Final = (
    marked("Paused by %(name)s."),
    marked("Disabled by %(name)s."),
    marked("a request"),
    marked("default hours"),
    marked("weekly hours"),
    marked("weekly hours from %(first)s"),
    marked("weekly hours to %(last)s"),
    marked("weekly hours from %(first)s to %(last)s"),
    marked("exception"),
    marked("exception: %(name)s"),
    marked("holiday: %(name)s (%(calendar)s)"),
    marked("it does not exist on this date"),
    marked("last hour"),
    marked("last day"),
    marked("last week"),
    marked("hourly"),
    marked("exact"),
    marked("polls"),
    marked("max gap"),
    marked("no poll yet"),
    marked("short outage"),
    marked("majority"),
    marked("tie"),
    marked("carried"),
    marked("carried too long"),
    marked("closed"),
    marked("closed %(name)s"),
    marked("is not one of %(values)s"),
    marked("is not a timestamp such as %(example)s"),
    marked("is empty"),
    marked("is not a time that exists"),
    marked('is not among the words %(values)s; add it to words, or "*" for the rest'),
    marked("Every minute"),
    marked("At minute %(number)s of every hour"),
    marked("At %(times)s every day"),
    marked("At %(times)s on %(days)s"),
    marked("At %(times)s on the first day of every month"),
    marked("At %(times)s on the last day of every month"),
    marked("At %(times)s on the %(number)sth day of every month"),
    marked("A test of the webhook %(webhook)s, sent by %(name)s."),
)

#: What stands between days and times of a list.
_AND: Final = {", and ": marked(" and "), " and ": marked(" and "), " through ": marked(" to "), ", ": ", "}

_PLACE: Final = re.compile(r"%\((\w+)\)s")


def told(texts: Texts, text: str) -> str | None:
    """The text in the language of the page; None: it is not known in it."""
    if texts.language == "en":
        return text
    found = texts(text)
    if found != text:
        return found
    for form in FORMS:
        if fits := _pattern(form).fullmatch(text):
            return texts(form, **{name: _said(texts, name, value) for name, value in fits.groupdict().items()})
    return None


def sentence(text: str) -> str:
    """With a capital in front and a point behind."""
    return f"{text[:1].upper()}{text[1:]}."


def with_code(text: str) -> Markup:
    """What stands between backticks as code."""
    parts = str(text).split("`")
    marks = [escape(part) if at % 2 == 0 else Markup("<code>{}</code>").format(part) for at, part in enumerate(parts)]
    return Markup("").join(marks)


def _said(texts: Texts, name: str, value: str) -> str:
    if name in {"first", "last"}:
        return str(texts.day(value))
    if name in {"days", "times"}:
        names = dict(zip(_WEEKDAYS, texts.weekdays(), strict=True))
        parts = re.split(f"({_BETWEEN})", value)
        return "".join(texts(_AND[part]) if part in _AND else names.get(part, part) for part in parts)
    return value


@cache
def _pattern(form: str) -> re.Pattern[str]:
    names, between = _PLACE.findall(form), _PLACE.split(form)[::2]
    places = [f"(?P<{name}>{_PLACES.get(name, '.+?')})" for name in names] + [""]
    return re.compile("".join(re.escape(part) + place for part, place in zip(between, places, strict=True)), re.DOTALL)
