"""Leaves out cookies that take long to read: a browser sends those of other programs on the same host, too."""

from collections.abc import Iterable

#: Headers as ASGI has them.
_Headers = Iterable[tuple[bytes, bytes]]


def with_plain_cookies(headers: _Headers) -> _Headers:
    """The headers, of whose cookies those are left out that have a backslash: none of ours has one.

    Starlette has quoted values read by Python's ``http.cookies``, which before 3.11.10 and 3.12.6 takes the square of
    the number of backslashes (CVE-2024-7592): 30,000 of them keep the loop busy for seconds.
    """
    if not any(b"\\" in value for name, value in headers if name == b"cookie"):
        return headers
    return [(name, _plain(value) if name == b"cookie" else value) for name, value in headers]


def _plain(cookies: bytes) -> bytes:
    return b";".join(one for one in cookies.split(b";") if b"\\" not in one)
