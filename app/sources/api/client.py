"""Asks an API, one request after the other, by its rules for limits, and as long as it takes to get a whole answer.

The token goes to the one host that the source names, and nowhere else: of a Link only the parameters are used, and a
redirect to another host is an error.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx2

from app import __version__
from app.errors import SourceUnavailable, TokenRefused
from app.sources.api.budget import Budget
from app.sources.api.failures import words_of
from app.sources.api.raw_answer import RawAnswer, clock, content_of, parsed, said
from app.sources.api.rules import Rules
from app.sources.contract import MOST_WAIT_SECONDS, Access, Answer, Missing, MustWait, Params

#: For a connection, and between two pieces of a body, seconds.
TIMEOUT: Final = httpx2.Timeout(30.0, connect=10.0)

#: How often a request is made that is not answered properly, and the pauses between, seconds.
PAUSES: Final = (1.0, 4.0, 10.0)

#: Redirects that are followed, one after the other.
MOST_REDIRECTS: Final = 3

_log = logging.getLogger(__name__)


class ApiClient:
    """A client; see the contract.

    ``sleep`` and ``now`` are those of the process unless a test gives others.
    """

    def __init__(
        self,
        access: Access,
        http: httpx2.Client,
        rules: Rules,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._access = access
        self._base = access.base_url.rstrip("/")
        self._http = http
        self._rules = rules
        self._budget = Budget(access.engine, access.token_hash)
        self._sleep = sleep
        self._now = now
        self._token = access.token()
        self.requests = 0

    @property
    def token_hash(self) -> str:
        return self._access.token_hash

    def get(self, path: str, params: Params | None = None, *, etag: str | None = None) -> Answer:
        """Ask for a path; see the contract."""
        asked, redirects, failures, waited = dict(params or {}), 0, 0, 0.0
        url, renewed = self._base + path, False
        while True:
            resource = self._rules.resource(path)
            waited = self._wait_for_turn(resource, waited)
            raw = self._ask(url, asked, etag)
            pauses, seconds = self._rules.wants_pause(raw)
            self._note(resource, raw, is_refused=pauses)
            if pauses:
                self._budget.pause(resource, seconds)
            elif raw.trouble is not None or raw.status >= 500 or raw.status == 202:  # it is being made ready
                failures = self._try_again(failures, url, raw)
            elif raw.status == 401 and not renewed:  # it may have ended just now, or the API may be mistaken once
                self._token, renewed = self._access.token(), True
                self._sleep(PAUSES[0])
            elif raw.status in {301, 302, 307, 308} and redirects < MOST_REDIRECTS:
                url, redirects = self._redirected(url, raw), redirects + 1
                asked = {} if urlsplit(url).query else asked  # some hosts leave them out of the new address
            elif (answer := self._answer(url, params or {}, raw)) is not None:
                return answer
            else:
                failures = self._try_again(failures, url, raw)

    def _wait_for_turn(self, resource: str, waited: float) -> float:
        """Take a request of the budget; returns the seconds that were waited for this answer, with those before."""
        while (seconds := self._budget.take(resource)) > 0:
            if waited + seconds > MOST_WAIT_SECONDS:
                until = self._now() + timedelta(seconds=seconds)
                raise MustWait(
                    f"The API wants a pause of {seconds:.0f} seconds, until {until:%Y-%m-%dT%H:%M:%SZ}.", until
                )
            _log.info("waiting %.1f seconds for the API", seconds)
            self._sleep(seconds)
            waited += seconds
        return waited

    def _ask(self, url: str, params: Params, etag: str | None) -> RawAnswer:
        headers = {"user-agent": f"openhours/{__version__}", **self._rules.headers(self._base)}
        if self._token is not None:
            headers["authorization"] = f"Bearer {self._token}"
        if etag is not None:
            headers["if-none-match"] = etag
        self.requests += 1
        try:
            with self._http.stream("GET", url, params=dict(params) or None, headers=headers) as response:
                kept = {name: response.headers[name] for name in self._rules.kept if name in response.headers}
                links = {str(link.get("rel")): str(link["url"]) for link in response.links.values() if "url" in link}
                content, trouble = content_of(response)
                return RawAnswer(response.status_code, kept, content, links, trouble)
        except httpx2.HTTPError as error:
            return RawAnswer(0, {}, b"", {}, words_of(error))

    def _note(self, resource: str, raw: RawAnswer, *, is_refused: bool) -> None:
        if (limits := self._rules.limits(raw, resource)) is not None:
            self._budget.note(resource, limits, was_free=raw.status == 304, is_refused=is_refused)

    def _try_again(self, failures: int, url: str, raw: RawAnswer) -> int:
        if failures == min(len(PAUSES), self._access.tries - 1):
            what = raw.trouble or (f"status {raw.status}" if raw.status != 200 else "its answer is not JSON")
            raise SourceUnavailable(
                f"{url} did not answer properly, {failures + 1} times: {what}. The next sync asks again."
            )
        self._sleep(PAUSES[failures])
        return failures + 1

    def _redirected(self, url: str, raw: RawAnswer) -> str:
        """Where to ask instead: never at another host, which must not see the token."""
        target = urljoin(url, raw.headers.get("location", ""))
        if not target.startswith(f"{self._base}/"):
            raise SourceUnavailable(
                f"{url} redirects to {target}, which is not below {self._base}. Nothing was sent there; if the API has "
                "moved, give the source its new address."
            )
        return target

    def _answer(self, url: str, params: Params, raw: RawAnswer) -> Answer | None:
        """What the answer says; None: its JSON is broken, so that it may have been cut on its way."""
        if raw.status == 401:
            raise TokenRefused(
                f"{self._base} does not accept the token{said(raw)}: it was revoked, has expired, or belongs to "
                f"another host. "
                "Give the source a new one."
            )
        if (why := self._rules.absence(raw)) is not None:
            raise Missing(f"{url} answers {raw.status}{said(raw)}.", why)
        if raw.status not in {200, 204, 304}:
            raise SourceUnavailable(f"{url} answers {raw.status}{said(raw)}{_asked_with(params)}.")
        try:
            body = parsed(raw.content) if raw.status == 200 else None
        except ValueError:
            return None
        parts = urlsplit(url)
        following = _query(raw.links.get("next"))
        last = _query(raw.links.get("last")) or {}
        return Answer(
            path=parts.path.removeprefix(urlsplit(self._base).path),
            params=params,
            status=raw.status,
            headers={name: value for name, value in raw.headers.items() if name != "location"},
            body=body,
            at=clock(raw.headers),
            next=following,
            last=int(last["page"]) if str(last.get("page", "")).isdecimal() else None,
            size_bytes=len(raw.content),
        )


def client_of(rules: Rules = Rules()) -> Callable[[Access], AbstractContextManager[ApiClient]]:  # noqa: B008 - frozen
    """What opens clients of an API with such rules; certificates and proxies are those of the system."""

    @contextmanager
    def opened(access: Access) -> Iterator[ApiClient]:
        with httpx2.Client(timeout=TIMEOUT, follow_redirects=False) as http:
            yield ApiClient(access, http, rules)

    return opened


def _query(url: str | None) -> dict[str, str] | None:
    return None if url is None else dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def _asked_with(params: Params) -> str:
    return f"; it was asked with {urlencode(params, safe=':/')}" if params else ""
