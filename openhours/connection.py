"""HTTP to one server, with its problems and its absence as errors of this library."""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx2

from openhours.errors import InvalidInput, NotAllowed, NotAuthenticated, OpenhoursError, Problem, ServerUnreachable
from openhours.keys import key_for, key_id

#: A server that does not answer within this is not there, seconds. No request waits at the server for as long.
TIMEOUT_SECONDS: Final = 30.0

#: Items of a list that are asked for at a time; every list allows as many.
PAGE_ROWS: Final = 200

#: Answers about who asks.
_REFUSED: Final[Mapping[int, type[Problem]]] = {401: NotAuthenticated, 403: NotAllowed}

#: What makes a link a presigned one of S3.
_SIGNATURE: Final = "X-Amz-Signature"

#: What the system puts before its words for an error.
_ERRNO: Final = re.compile(r"^\[Errno -?\d+\] ")


class Connection:
    """Connections to one server; close them after use.

    Args:
        address: such as ``http://127.0.0.1:8000``; may have a path.
        key: sent to this server alone; None: the one that the environment has, or ``openhours login`` has stored for
            it; empty: none.

    Raises:
        InvalidInput: the address has no scheme; what is there is no key, or others can read where it is stored.
    """

    def __init__(self, address: str, *, key: str | None = None) -> None:
        if not address.startswith(("http://", "https://")):
            raise InvalidInput(f"{address!r} is not an address; give one such as http://127.0.0.1:8000")
        self.address = address.rstrip("/")
        key = key_for(self.address, given=key)
        self._auth = KeyAuth(self.address, key)
        self._key_id = key and key_id(key)
        self._http = httpx2.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False, auth=self._auth)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def page(self, name: str, **query: Any) -> Mapping[str, Any]:
        """One page of a list as answered: of ``reports``, ``datasets``, ``entities``; what is None is not asked for."""
        return self._ask("GET", f"/{name}", params={one: value for one, value in query.items() if value is not None})

    def _rows(self, name: str, *, most: int | None, **query: Any) -> Iterator[Mapping[str, Any]]:
        """The items of a list, page after page, at most so many of them."""
        cursor, left = None, sys.maxsize if most is None else most
        while left > 0:
            page = self.page(name, **query, cursor=cursor, limit=min(left, PAGE_ROWS))
            yield from page[name]
            left -= len(page[name])
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _ask(self, method: str, path: str, **options: Any) -> Mapping[str, Any]:
        """The object that is answered.

        Raises:
            ServerUnreachable: nobody answers, or somebody else.
            Problem: the server refuses.
        """
        return _object(self._response(method, path, **options), self.address)

    def _list(self, path: str) -> list[Any]:
        """The list that is answered."""
        response = self._response("GET", path)
        body = _json(response)
        if not isinstance(body, list):
            raise stranger(response, self.address)
        return body

    def _response(self, method: str, path: str, **options: Any) -> httpx2.Response:
        with client_errors(self.address):
            response = self._http.request(method, self.address + path, **options)
        if not response.is_success:
            raise problem_of(response, self.address)
        return response


class KeyAuth(httpx2.Auth):
    """Sends a key to one server and to nobody else: files may be linked to an object store.

    Such a link is signed, also where the store is behind the same address, and S3 refuses two credentials.
    """

    def __init__(self, address: str, key: str | None) -> None:
        self._origin = _origin(httpx2.URL(address))
        self._key = key

    def auth_flow(self, request: httpx2.Request) -> Iterator[httpx2.Request]:  # type: ignore[override]
        """As httpx calls it."""
        if self._key and _origin(request.url) == self._origin and _SIGNATURE not in request.url.params:
            request.headers["Authorization"] = f"Bearer {self._key}"
        yield request


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def problem_of(response: httpx2.Response, address: str) -> OpenhoursError:
    """What an answer other than success means."""
    status = response.status_code
    try:
        # The answer to HEAD has no body.
        document = {} if status in _REFUSED and not response.content else _object(response, address)
    except ServerUnreachable as error:
        return error
    return _REFUSED.get(status, Problem)(document, status, address=address)


def _object(response: httpx2.Response, address: str) -> Mapping[str, Any]:
    body = _json(response)
    if not isinstance(body, dict):
        raise stranger(response, address)
    return body


def _json(response: httpx2.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def stranger(response: httpx2.Response, address: str) -> ServerUnreachable:
    """The error of an answer that no Openhours server gives."""
    return ServerUnreachable(f"{address} answers {response.status_code}, but not as an Openhours server.")


@contextmanager
def client_errors(address: str) -> Iterator[None]:
    """Turn a server that does not answer into ServerUnreachable."""
    try:
        yield
    except (httpx2.TransportError, httpx2.InvalidURL) as error:
        raise ServerUnreachable(f"{address} does not answer: {_ERRNO.sub('', str(error))}") from error
