"""Asks pypistats.org, or what answers as it does, one request after the other, and waits where it wants a pause.

The site allows 5 requests a second and 30 a minute, and says so with 429 and ``Retry-After``. It knows no tokens; one
that the source has all the same is for what stands before it, in a network of one's own.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx2

from app import __version__
from app.errors import SourceUnavailable, TokenRefused
from app.sources.budget import Budget
from app.sources.contract import MOST_WAIT_SECONDS, Absence, Access, Answer, Missing, MustWait, Params

#: For a connection, and between two pieces of a body, seconds.
TIMEOUT: Final = httpx2.Timeout(30.0, connect=10.0)

#: How often a request is made that is not answered properly, and the pauses between, seconds.
PAUSES: Final = (1.0, 4.0, 10.0)

#: Largest body, bytes: half a year of one package has 30 KiB.
MOST_BODY_BYTES: Final = 4 << 20

#: The budget that all requests are of.
_RESOURCE: Final = "core"

_ABSENT: Final = {403: Absence.FORBIDDEN, 404: Absence.GONE, 410: Absence.OFF, 451: Absence.BLOCKED}

_log = logging.getLogger(__name__)


class Pypistats:
    """A client; see the contract. ``sleep`` is that of the process unless a test gives another."""

    def __init__(self, access: Access, http: httpx2.Client, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._access = access
        self._base = access.base_url.rstrip("/")
        self._http = http
        self._budget = Budget(access.engine, access.token_hash)
        self._sleep = sleep
        self._token = access.token()
        self.requests = 0

    @property
    def token_hash(self) -> str:
        return self._access.token_hash

    def get(self, path: str, params: Params | None = None, *, etag: str | None = None) -> Answer:  # noqa: ARG002
        """Ask for a path; see the contract. The site gives no ETags."""
        failures, waited, asked = 0, 0.0, dict(params or {})
        url = self._base + path
        while True:
            waited = self._wait_for_turn(waited)
            response, trouble = self._ask(url, asked)
            if response is not None and response.status_code == 429:
                self._budget.pause(_RESOURCE, _seconds(response))
            elif response is not None and trouble is None and response.status_code < 500:
                return self._answer(path, asked, response)
            else:
                failures = self._try_again(failures, url, trouble)

    def _wait_for_turn(self, waited: float) -> float:
        """Wait until nobody has been asked to pause; returns the seconds waited, with those before."""
        while (seconds := self._budget.take(_RESOURCE)) > 0:
            if waited + seconds > MOST_WAIT_SECONDS:
                until = datetime.now(UTC) + timedelta(seconds=seconds)
                raise MustWait(
                    f"The API wants a pause of {seconds:.0f} seconds, until {until:%Y-%m-%dT%H:%M:%SZ}.", until
                )
            _log.info("waiting %.1f seconds for the API", seconds)
            self._sleep(seconds)
            waited += seconds
        return waited

    def _ask(self, url: str, params: Params) -> tuple[httpx2.Response | None, str | None]:
        """The answer, and what is wrong with it; no answer at all, and why."""
        headers = {"accept": "application/json", "user-agent": f"openhours/{__version__}"}
        if self._token is not None:
            headers["authorization"] = f"Bearer {self._token}"
        self.requests += 1
        try:
            response = self._http.get(url, params=dict(params) or None, headers=headers)
        except httpx2.HTTPError as error:
            return None, f"{type(error).__name__}: {error}".rstrip(": ")
        if len(response.content) > MOST_BODY_BYTES:
            return response, f"its body has more than {MOST_BODY_BYTES:,} bytes"
        if response.status_code >= 500:
            return response, f"status {response.status_code}"
        return response, _broken(response) if response.status_code == 200 else None

    def _try_again(self, failures: int, url: str, trouble: str | None) -> int:
        if failures == min(len(PAUSES), self._access.tries - 1):
            raise SourceUnavailable(
                f"{url} did not answer properly, {failures + 1} times: {trouble}. The next sync asks again."
            )
        self._sleep(PAUSES[failures])
        return failures + 1

    def _answer(self, path: str, params: Params, response: httpx2.Response) -> Answer:
        status, url = response.status_code, self._base + path
        if status == 401:
            raise TokenRefused(f"{self._base} does not take the token. Give the source another, or none.")
        if status in _ABSENT:
            raise Missing(f"{url} answers {status}.", _ABSENT[status])
        if status != 200:
            raise SourceUnavailable(f"{url} answers {status}; it was asked with {dict(params)}. Look at its address.")
        headers = {name: response.headers[name] for name in ("date", "retry-after") if name in response.headers}
        return Answer(
            path=path,
            params=params,
            status=status,
            headers=headers,
            body=json.loads(response.content),
            at=_instant(headers.get("date")) or datetime.now(UTC),
            size_bytes=len(response.content),
        )


@contextmanager
def opened(access: Access) -> Iterator[Pypistats]:
    """A client; certificates and proxies are those of the system and the environment."""
    with httpx2.Client(timeout=TIMEOUT, follow_redirects=False) as http:
        yield Pypistats(access, http)


def _broken(response: httpx2.Response) -> str | None:
    """What is wrong with a body that should be an object with a list; it may have been cut on its way."""
    try:
        body: Any = json.loads(response.content)
    except ValueError:
        return "its body is not JSON"
    return None if isinstance(body, dict) and isinstance(body.get("data"), list) else "its body has no list data"


def _seconds(response: httpx2.Response) -> float | None:
    """The pause that is asked for: seconds or, as HTTP allows, an instant; None: nothing is said."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    if (until := _instant(text)) is None:
        return None
    return max((until - (_instant(response.headers.get("date")) or datetime.now(UTC))).total_seconds(), 1.0)


def _instant(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text or "").astimezone(UTC)
    except (ValueError, TypeError):
        return None
