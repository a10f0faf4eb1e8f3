"""An answer as it came: its body, and what it says for people and for programs."""

import html
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx2

from app.sources.contract import Absence

#: Largest body, bytes: a page of 100 pull requests has 2 MiB, a comparison of many files 30.
MOST_BODY_BYTES: Final = 64 << 20

#: For a whole body, seconds.
MOST_SECONDS: Final = 120

_ABSENT: Final = {403: Absence.FORBIDDEN, 404: Absence.GONE, 410: Absence.OFF, 451: Absence.BLOCKED}

_TITLE: Final = re.compile(r"<title>([^<]*)</title>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it came, whole; ``trouble``: why it is none."""

    status: int
    headers: dict[str, str]
    content: bytes
    links: dict[str, str]
    trouble: str | None = None


def content_of(response: httpx2.Response) -> tuple[bytes, str | None]:
    """The body, and what is wrong with it if it is too long or takes too long."""
    content, began = bytearray(), time.monotonic()
    for piece in response.iter_bytes():
        content += piece
        if len(content) > MOST_BODY_BYTES:
            return b"", f"its body has more than {MOST_BODY_BYTES:,} bytes"
        if time.monotonic() - began > MOST_SECONDS:
            return b"", f"its body has not ended after {MOST_SECONDS} seconds"
    return bytes(content), None


def clock(headers: Mapping[str, str]) -> datetime:
    """When the answer was given, by the clock of the API; by ours if it does not say."""
    try:
        return parsedate_to_datetime(headers["date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError):
        return datetime.now(UTC)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of Retry-After; HTTP allows an instant, too, which proxies in front of a server give."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max((until - clock(headers)).total_seconds(), 0.0)


def parsed(content: bytes) -> Any:
    """The JSON; half of a surrogate pair, which a title that was cut may end with, is a question mark."""
    body = json.loads(content)
    if b"\\ud" in content.lower():
        body = json.loads(json.dumps(body, ensure_ascii=False).encode(errors="replace"))
    return body


def words(raw: RawAnswer) -> str:
    """What the body of a refusal says."""
    if raw.status < 400 or not raw.content:
        return ""
    try:
        body: Any = json.loads(raw.content)
    except ValueError:
        return raw.content[:1000].decode(errors="replace")
    return str(body.get("message", "")) if isinstance(body, dict) else ""


def absence(raw: RawAnswer) -> Absence | None:
    """Why there is nothing to read; None: not for one of the known reasons."""
    return _ABSENT.get(raw.status)


def said(raw: RawAnswer) -> str:
    """The words of a refusal behind its status, in brackets."""
    text = words(raw)
    if text.lstrip().startswith("<"):  # a page for people, from a proxy in front of the API
        title = _TITLE.search(text)
        text = html.unescape(title[1]) if title is not None else ""
    text = " ".join(text.split())[:200].rstrip(".")
    return f" ({text})" if text else ""
