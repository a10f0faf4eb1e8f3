"""Bodies of webhooks: as each service takes them, and with names that are names and nothing else."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.sending.formats import FORMATS, MOST_BYTES, body_of

PAGE = "https://hours.example/console/reports/0193?a=1&b=2"

#: A name that would do something where it is taken for more than text.
HOSTILE = "<!channel> <@U1> @everyone <@&7> *b* [here](https://evil.example) </at><https://evil.example|x> & `c` :x:"


def event(**data: Any) -> dict[str, Any]:
    return {
        "type": "report.complete",
        "timestamp": "2026-11-20T12:00:00Z",
        "data": {
            "report_id": "0193",
            "title": "Report uptime is complete",
            "page": PAGE,
            "facts": [["Report", "uptime"], ["Rows", "14"]],
            **data,
        },
    }


def built(name: str, **data: Any) -> Any:
    return json.loads(body_of(name, event(**data)))


def texts(value: Any) -> Iterator[str]:
    """Every text of a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)


def test_the_formats_are_these() -> None:
    assert list(FORMATS) == ["standard", "slack", "teams", "discord"]


def test_standard_is_the_event_itself_without_spaces() -> None:
    told = event(title="Überblick")
    body = body_of("standard", told)
    assert json.loads(body) == told
    assert body.startswith(b'{"type":"report.complete","timestamp":"2026-11-20T12:00:00Z","data":{"report_id":"0193",')
    assert "Überblick".encode() in body


@pytest.mark.parametrize("name", FORMATS)
def test_half_of_a_character_is_replaced_for_it_has_no_bytes(name: str) -> None:
    assert body_of(name, event(title="a\ud800")).decode()


def test_slack_gets_sections_of_text_that_it_does_not_interpret() -> None:
    page = PAGE.replace("&", "&amp;")
    assert built("slack") == {
        "text": "Report uptime is complete",
        "blocks": [
            {"type": "section", "text": mrkdwn("*Report uptime is complete*")},
            {"type": "section", "fields": [mrkdwn("*Report*\nuptime"), mrkdwn("*Rows*\n14")]},
            {"type": "section", "text": mrkdwn(f"<{page}|Open in Openhours>")},
        ],
    }


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def test_teams_gets_a_card_in_the_envelope_of_a_workflow() -> None:
    message = built("teams")
    (attachment,) = message["attachments"]
    assert (message["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert [[run["text"] for run in block["inlines"]] for block in card["body"]] == [
        ["Report uptime is complete"],
        ["Report: ", "uptime"],
        ["Rows: ", "14"],
    ]
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open in Openhours", "url": PAGE}]


def test_discord_gets_an_embed_that_mentions_nobody() -> None:
    assert built("discord") == {
        "embeds": [
            {
                "title": "Report uptime is complete",
                "url": PAGE,
                "timestamp": "2026-11-20T12:00:00Z",
                "fields": [
                    {"name": "Report", "value": "uptime", "inline": True},
                    {"name": "Rows", "value": "14", "inline": True},
                ],
            }
        ],
        "allowed_mentions": {"parse": []},
    }


@pytest.mark.parametrize("name", ["slack", "teams", "discord"])
def test_an_event_without_a_page_has_no_link(name: str) -> None:
    told = event()
    del told["data"]["page"]
    found = list(texts(json.loads(body_of(name, told))))
    assert not [text for text in found if "https://hours.example" in text]
    assert "Open in Openhours" not in found


def test_what_slack_would_take_for_a_mention_or_a_link_is_escaped() -> None:
    message = built("slack", title=HOSTILE, facts=[[HOSTILE, HOSTILE]])
    for text in texts(message):
        assert "<" not in text.replace(f"<{PAGE.replace('&', '&amp;')}|Open in Openhours>", "")
    assert message["text"].startswith("&lt;!channel&gt; &lt;@U1&gt; @everyone")
    assert "&amp; `c`" in message["text"]
    assert all(block["text"]["verbatim"] for block in message["blocks"] if "text" in block)


def test_what_discord_would_take_for_markup_is_escaped() -> None:
    (embed,) = built("discord", title=HOSTILE, facts=[[HOSTILE[:40], HOSTILE]])["embeds"]
    for text in (embed["title"], embed["fields"][0]["name"], embed["fields"][0]["value"]):
        for at, one in enumerate(text):
            assert one not in "<>@[]()*`:#_~|" or text[at - 1] == "\\", text


def test_what_teams_gets_is_in_runs_which_know_no_markup() -> None:
    message = built("teams", title=HOSTILE, facts=[[HOSTILE, "v"]])
    body = message["attachments"][0]["content"]["body"]
    assert body[0]["inlines"][0]["text"] == HOSTILE
    assert {run["type"] for block in body for run in block["inlines"]} == {"TextRun"}
    assert "msteams" not in message["attachments"][0]["content"]  # without entities, nobody is mentioned


@pytest.mark.parametrize("name", ["slack", "teams", "discord"])
def test_a_page_cannot_end_the_link_it_is_in(name: str) -> None:
    found = list(texts(built(name, page='https://hours.example/a|b> <!channel> "')))
    (link,) = [text for text in found if "hours.example" in text]
    assert "https://hours.example/a%7Cb%3E%20%3C!channel%3E%20%22" in link


@pytest.mark.parametrize("name", ["slack", "teams", "discord"])
def test_texts_that_are_too_long_end_in_an_ellipsis_and_empty_ones_are_a_dash(name: str) -> None:
    found = list(texts(built(name, title="word " * 1000, facts=[["", " \n "], ["a\nb", "\u202ec\x00"]])))
    assert [text for text in found if text.strip("*").endswith("…")]
    assert [text for text in found if "\N{EN DASH}" in text]
    assert not [text for text in found if "\x00" in text or "\u202e" in text]


_TEXT = st.text(st.sampled_from('<>&@*\\"\n aé€😀\x00\u202e\ud800'), max_size=60).map(lambda text: text * 30)


@example("😀" * 600, [("😀" * 200, "😀" * 600)] * 40, PAGE)
@example("a", [("b", "c")] * 40, PAGE)
@example("a" * 600, [("b" * 200, "c" * 600)] * 40, PAGE)
@given(_TEXT, st.lists(st.tuples(_TEXT, _TEXT), max_size=40), st.sampled_from([PAGE, "", "https://x/" + "a" * 3000]))
def test_every_message_is_within_the_limits_of_its_service(title: str, facts: list[tuple[str, str]], page: str) -> None:
    told = event(title=title, facts=[list(fact) for fact in facts], page=page)
    for name in ("slack", "teams", "discord"):
        body = body_of(name, told)
        assert len(body) < MOST_BYTES
        message = json.loads(body)
        {"slack": _slack_takes, "teams": _teams_takes, "discord": _discord_takes}[name](message)


def _slack_takes(message: dict[str, Any]) -> None:
    """https://docs.slack.dev/reference/block-kit: 50 blocks, 3,000 characters, 10 fields of 2,000."""
    assert len(message["blocks"]) <= 50
    for block in message["blocks"]:
        assert 1 <= len(block.get("fields", [0])) <= 10
        for field in [block["text"]] if "text" in block else block["fields"]:
            assert 1 <= len(field["text"]) <= (3000 if "text" in block else 2000)


def _teams_takes(message: dict[str, Any]) -> None:
    """https://learn.microsoft.com/connectors/teams: 28 KB of a message."""
    assert all(run["text"] for block in message["attachments"][0]["content"]["body"] for run in block["inlines"])


def _discord_takes(message: dict[str, Any]) -> None:
    """https://discord.com/developers/docs/resources/message: the limits of embeds."""
    (embed,) = message["embeds"]
    assert 1 <= len(embed["title"]) <= 256
    assert len(embed["fields"]) <= 25
    for field in embed["fields"]:
        assert 1 <= len(field["name"]) <= 256
        assert 1 <= len(field["value"]) <= 1024
    assert len(embed["title"]) + sum(len(one["name"]) + len(one["value"]) for one in embed["fields"]) <= 6000
    assert len(embed.get("url", "")) <= 2048
