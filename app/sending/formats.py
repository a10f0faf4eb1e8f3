"""The bodies of a webhook: the event itself, or a message as a chat service wants it.

Names in an event are anybody's. In a message they are text and nothing else: they mention nobody, link to nowhere, and
are cut to what the service takes.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

#: Largest body of a message, bytes; the specification of Standard Webhooks wants less than this, Teams takes 28 KB.
MOST_BYTES: Final = 20_000

#: The link to the page.
_OPEN: Final = "Open in Openhours"

#: What stands for a text that is empty: no service takes one.
_NOTHING: Final = "\N{EN DASH}"

#: What ends a text that is cut.
_CUT: Final = "…"

#: Longest title, label and value, characters, where a service takes more: it is a message, not a report.
_TITLE, _LABEL, _VALUE = 500, 100, 500

#: Facts of a message: Slack takes 10 of a section, Discord 25, for Teams there is no such number.
_SLACK_FACTS, _DISCORD_FACTS, _TEAMS_FACTS = 10, 25, 25

#: Longest address of a page, characters; a longer one is left out: Discord takes 2,048.
_LONGEST_PAGE: Final = 2_000

#: Longest title of Discord, and longest sum of all texts of a message, characters.
_DISCORD_TITLE, _DISCORD_SUM = 256, 6_000

#: Slack has these three for itself, and nothing that would escape its * and _.
_SLACK_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

#: Runs of Teams know no markup.
_TEAMS_ESCAPES: Final[Mapping[str, str]] = {}

#: Markdown of Discord. A backslash before @ keeps it from looking like a mention; allowed_mentions keeps it from
#: being one.
_DISCORD_ESCAPES: Final = {one: f"\\{one}" for one in "\\`*_~|<>[]()#@-:"}

Event = Mapping[str, Any]
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Message:
    """What of an event a message shows.

    Attributes:
        page: the address of its page, without characters that would end a link; None if it has none.
        facts: labels and values.
        timestamp: ISO 8601.
    """

    title: str
    page: str | None
    facts: tuple[tuple[str, str], ...]
    timestamp: str


def body_of(name: str, event: Event) -> bytes:
    """The body in a format, UTF-8.

    Args:
        name: of FORMATS.
        event: ``type``, ``timestamp`` and ``data``; of ``data`` messages show ``title``, ``facts`` (pairs of texts)
            and, if it is there, ``page``.
    """
    return FORMATS[name](event)


def standard(event: Event) -> bytes:
    """The event as it is."""
    return _json(event)


def slack(event: Event) -> bytes:
    """Block Kit: https://docs.slack.dev/reference/block-kit/blocks/section-block."""
    return _fitting(_slack, _message(event, _SLACK_FACTS))


def teams(event: Event) -> bytes:
    """An Adaptive Card, as the workflow "post to a channel when a webhook request is received" takes it."""
    return _fitting(_teams, _message(event, _TEAMS_FACTS))


def discord(event: Event) -> bytes:
    """An embed: https://discord.com/developers/docs/resources/message#embed-object-embed-limits."""
    return _fitting(_discord, _message(event, _DISCORD_FACTS))


#: By the name that a webhook has as its format.
FORMATS: Final[Mapping[str, Callable[[Event], bytes]]] = {
    "standard": standard,
    "slack": slack,
    "teams": teams,
    "discord": discord,
}


def _slack(message: _Message) -> Body:
    title = _cut(message.title, _TITLE, _SLACK_ESCAPES)
    blocks: list[Body] = [{"type": "section", "text": _mrkdwn(f"*{title}*")}]
    if message.facts:
        fields = [
            _mrkdwn(f"*{_cut(label, _LABEL, _SLACK_ESCAPES)}*\n{_cut(value, _VALUE, _SLACK_ESCAPES)}")
            for label, value in message.facts
        ]
        blocks.append({"type": "section", "fields": fields})
    if message.page is not None:
        blocks.append({"type": "section", "text": _mrkdwn(f"<{message.page.replace('&', '&amp;')}|{_OPEN}>")})
    return {"text": title, "blocks": blocks}  # the text is for notifications


def _mrkdwn(text: str) -> Body:
    return {"type": "mrkdwn", "text": text, "verbatim": True}  # or names of channels would become links


def _teams(message: _Message) -> Body:
    """Texts are runs: unlike text blocks and sets of facts, they know no Markdown."""
    body = [_runs({"text": _cut(message.title, _TITLE, _TEAMS_ESCAPES), "size": "Medium", "weight": "Bolder"})]
    for label, value in message.facts:
        shown = _cut(label, _LABEL, _TEAMS_ESCAPES), _cut(value, _VALUE, _TEAMS_ESCAPES)
        body.append(_runs({"text": f"{shown[0]}: ", "weight": "Bolder"}, {"text": shown[1]}))
    card: Body = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    if message.page is not None:
        card["actions"] = [{"type": "Action.OpenUrl", "title": _OPEN, "url": message.page}]
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _runs(*runs: Body) -> Body:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", **run} for run in runs]}


def _discord(message: _Message) -> Body:
    title = _cut(message.title, _DISCORD_TITLE, _DISCORD_ESCAPES)
    fields, total = [], len(title)
    for label, value in message.facts:
        shown = {"name": _cut(label, _LABEL, _DISCORD_ESCAPES), "value": _cut(value, _VALUE, _DISCORD_ESCAPES)}
        total += sum(map(len, shown.values()))
        if total <= _DISCORD_SUM:
            fields.append({**shown, "inline": True})
    embed: Body = {"title": title, "fields": fields, "timestamp": message.timestamp}
    if message.page is not None:
        embed["url"] = message.page
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


def _message(event: Event, most_facts: int) -> _Message:
    data = event["data"]
    page = quote(data.get("page") or "", safe="%:/?#[]@!$&'*+,;=~")
    return _Message(
        title=str(data["title"]),
        page=page if 0 < len(page) <= _LONGEST_PAGE else None,
        facts=tuple((str(label), str(value)) for label, value in data["facts"][:most_facts]),
        timestamp=str(event["timestamp"]),
    )


def _cut(text: str, most: int, escapes: Mapping[str, str]) -> str:
    """A text in one line and escaped; its beginning, if it is longer than so many characters then."""
    pieces = [escapes.get(one, one if one.isprintable() else "\ufffd") for one in " ".join(text.split())]
    if sum(map(len, pieces)) <= most:
        return "".join(pieces) or _NOTHING
    kept, length = "", len(_CUT)
    for piece in pieces:
        if (length := length + len(piece)) > most:
            break
        kept += piece
    return kept + _CUT


def _fitting(build: Callable[[_Message], Body], message: _Message) -> bytes:
    """A message; without its last facts, if it were too large."""
    body = _json(build(message))
    while len(body) >= MOST_BYTES and message.facts:
        message = replace(message, facts=message.facts[:-1])
        body = _json(build(message))
    return body


def _json(body: Event) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
