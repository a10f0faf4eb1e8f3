"""Whether a page of another site has a browser ask: browsers say so themselves, so that no form needs a secret.

The rule is that of Go's net/http.CrossOriginProtection: ``Sec-Fetch-Site`` decides; a browser without it sends
``Origin``; whoever sends neither is no browser.
"""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from app.errors import CrossOrigin

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class CrossSite:
    """The check, for a service at ``public_url`` whose API pages of ``origins`` may use."""

    def __init__(self, *, public_url: str | None, origins: Collection[str]) -> None:
        self._own = None if public_url is None else _origin_of(public_url)
        self._origins = frozenset(origins)

    def check(self, scope: Scope, headers: Headers, *, may_be_listed: bool) -> None:
        """Raise CrossOrigin for a request that the page of another site has made.

        Pages of the origins may ask what needs no login, and in local mode anything (``may_be_listed``); a session is
        none of theirs, though a browser sends its cookie for pages of the same site.
        """
        origin = headers.get("origin")
        if may_be_listed and origin is not None and (origin in self._origins or "*" in self._origins):
            return
        site = headers.get("sec-fetch-site")
        if site in {"same-origin", "none"} or (
            site is None and (origin is None or self._is_own(origin, scope, headers))
        ):
            return
        told = f"Sec-Fetch-Site: {site}" if site is not None else f"Origin: {origin}"
        raise CrossOrigin(
            f"A page of another site made your browser send this request ({told}), so it was refused. Use a page of "
            f"this service, or a key."
        )

    def _is_own(self, origin: str, scope: Scope, headers: Headers) -> bool:
        is_https = self._own is not None and self._own.startswith("https:")
        scheme = "https" if is_https else scope["scheme"]
        return origin in {self._own, f"{scheme}://{headers.get('host', '').lower()}"}


def is_safe(method: str) -> bool:
    """Whether a method changes nothing by its definition."""
    return method in _SAFE


def _origin_of(url: str) -> str:
    """The origin of an address, as browsers write it: without the port that its scheme has anyway."""
    parts = urlsplit(url)
    port = "" if parts.port in {None, {"http": 80, "https": 443}.get(parts.scheme)} else f":{parts.port}"
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"
