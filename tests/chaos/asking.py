"""One HTTP request on a connection of its own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

#: Longer than the service takes for anything, seconds.
TIMEOUT_SECONDS = 40


class NoAnswer(Exception):
    """The connection could not be made, or broke."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    url: str,
    method: str = "GET",
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Answer:
    """The answer, whatever its status.

    Raises:
        NoAnswer: there was none.
    """
    parts = urlsplit(url)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=timeout_seconds)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    except (OSError, HTTPException) as error:
        raise NoAnswer(f"{method} {parts.path}: {error!r}") from error
    finally:
        connection.close()
