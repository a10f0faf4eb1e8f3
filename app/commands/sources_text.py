"""How the commands about sources say what was answered: lines for people, within 80 columns where names allow it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from textwrap import wrap
from typing import Any, Final

from app.errors import OpenhoursError

#: Width of lines, characters.
_WIDTH: Final = 80

#: What is said before a finding.
_LEVELS: Final = {"ok": "", "warning": "warning: ", "error": "error: "}

Answer = Mapping[str, Any]


def finding(one: Answer) -> str:
    """What a look at an API has found."""
    return f"{_LEVELS[one['level']]}{one['message']}"


def row(one: Answer) -> Sequence[str]:
    """A source in a list: name, patterns or projects, when it was last read, its state."""
    return one["name"], _named(one), instant(one["synced_at"]) or "never", _state(one)


def status(one: Answer) -> Iterator[str]:
    """How a source is doing."""
    yield from _wrapped(f"{one['name']}: {one['address']}, {_named(one)}")
    yield from _wrapped(f"token: {_token(one)}")
    yield f"read up to: {_watermark(one)}"
    yield from _wrapped(f"last sync: {_sync(one)}")
    if not one["projects"]:
        states = ", ".join(f"{number:,} {state}" for state, number in sorted(one["repository_states"].items()))
        yield f"repositories: {states or 'none yet'}"
    more = f" (openhours sources gaps {one['name']})" if one["open_gaps"] else ""
    yield f"gaps: {one['open_gaps']:,}{more}"
    if not one["enabled"]:
        yield from _wrapped(f"paused: {one['paused_reason']}")
    if one["error"]:
        yield from _wrapped(f"error: {one['error']['message']}")
    if one["cursors"]:
        width = max(len(cursor["name"]) for cursor in one["cursors"])
        yield ""
        for cursor in one["cursors"]:
            counts = [f"of {cursor['scopes']:,}"]
            counts += [f"{cursor[name]:,} {name}" for name in ("unfinished", "missing") if cursor[name]]
            counts += ["in turn"] if cursor["in_turn"] else []
            read = instant(cursor["watermark"]) or "-"
            yield f"{cursor['name']:{width}}  {read:17}  {', '.join(counts)}"


def gap(one: Answer) -> Iterator[str]:
    """Something that was not read: what, and below it why."""
    of = f" of {one['repository']}" if one["repository"] else ""
    since = f" since {instant(one['since'])}" if one["since"] else ""
    until = f" until {instant(one['until'])}" if one["until"] else ""
    closed = f", read after all at {instant(one['closed_at'])}" if one["closed_at"] else ""
    yield f"{one['stream']}{of}{since}{until}{closed}"
    yield from _wrapped(f"  {one['message']}")


def events(one: Answer) -> Iterator[str]:
    """What is entered at GitHub, but for the secret."""
    yield "At GitHub, in the settings of the organisation or repository, add a webhook:"
    is_path = one["address"].startswith("/")
    yield f"  Payload URL: {'https://YOUR-SERVER' if is_path else ''}{one['address']}"
    yield f"  Content type: {one['content_type']}"
    yield from _wrapped(f"  Events: {', '.join(one['events'])}")
    yield "  Secret:"


def instant(text: str | None) -> str:
    """An instant to the minute, in UTC; nothing for none."""
    return "" if text is None else f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%MZ}"


def failure(one: Answer) -> OpenhoursError:
    """The error that a sync has ended with."""
    error = OpenhoursError(one["error"]["message"])
    error.code = one["error"]["code"]
    return error


def _named(one: Answer) -> str:
    return ", ".join(one["repositories"] or one["projects"])


def _state(one: Answer) -> str:
    if not one["enabled"]:
        return "paused"
    return f"failed: {one['error']['code']}" if one["error"] else "ok"


def _token(one: Answer) -> str:
    given = one["token"] or "none"
    for budget in one["budget"]:
        if budget["resource"] != "core" or budget["remaining"] is None:
            continue
        of = "" if budget["allowed"] is None else f" of {budget['allowed']:,}"
        until = f" until {instant(budget['reset_at'])}" if budget["reset_at"] else ""
        return f"{given}; {budget['remaining']:,}{of} requests left{until}"
    return given


def _watermark(one: Answer) -> str:
    if one["watermark"] is None:
        return "not everything is read yet"
    return f"{instant(one['watermark'])}, {_ago(one['lag_seconds'])} ago"


def _ago(seconds: float) -> str:
    minutes = int(seconds // 60)
    for unit, size in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if minutes >= 2 * size or size == 1:
            number = minutes // size
            return f"{number:,} {unit}{'' if number == 1 else 's'}"
    raise AssertionError(seconds)


def _sync(one: Answer) -> str:
    last = one["last_sync"]
    if last is None:
        return "none"
    if last["status"] == "queued":
        return f"waits until {instant(last['begins_at'])}" if last["begins_at"] else "waits to begin"
    if last["status"] == "running":
        how_far = f": {last['stage']}, {last['progress']:.0%}" if last["stage"] else ""
        return f"runs since {instant(last['started_at'])}{how_far}"
    told = [f"{one[name]:,} {name}" for name in ("records", "requests") if one[name] is not None]
    return f"{last['status']} at {instant(last['finished_at'])}{_took(last)}{': ' if told else ''}{', '.join(told)}"


def _took(last: Answer) -> str:
    if not (last["started_at"] and last["finished_at"]):
        return ""
    seconds = datetime.fromisoformat(last["finished_at"]) - datetime.fromisoformat(last["started_at"])
    return f" after {seconds / timedelta(seconds=1):.0f} s"


def _wrapped(line: str) -> list[str]:
    return wrap(line, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
