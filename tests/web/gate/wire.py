"""Requests byte by byte, as no HTTP client would write them."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPResponse
from urllib.parse import urlsplit

#: Longer than any answer takes, seconds.
PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(address: str, method: str, path: str, headers: Sequence[str] = (), body: bytes = b"") -> Answer:
    """The answer to a request; ``headers`` are lines, and a Host that they lack is added."""
    parts = urlsplit(address)
    lines = [f"{method} {path} HTTP/1.1", *headers, "Connection: close"]
    if not any(line.lower().startswith("host:") for line in headers):
        lines.insert(1, f"Host: {parts.netloc}")
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    with socket.create_connection((parts.hostname, parts.port or 80), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(head + body)
        answer = HTTPResponse(connection, method=method)
        answer.begin()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, named, answer.read())
