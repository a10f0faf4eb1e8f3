"""Tokens of an installation of a GitHub App, made with the App's private key and made anew before they end.

https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app. GitHub gives them for an hour.
"""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx2
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.errors import SourceUnavailable, TokenRefused
from app.sources.api.failures import words_of
from app.telemetry.logs import conceal

#: A token is made anew so long before it ends, seconds: a request must not take it over its end.
_MARGIN_SECONDS: Final = 300

#: How long what the App says of itself holds, and how much earlier than now it begins, seconds: clocks differ. GitHub
#: allows ten minutes together.
_CLAIM_SECONDS: Final = 540
_EARLIER_SECONDS: Final = 60

_TIMEOUT: Final = httpx2.Timeout(30.0, connect=10.0)


@dataclass(slots=True)
class AppToken:
    """Gives the token of one installation that is valid now.

    Attributes:
        base_url: of the API.
        app_id: number or client id of the App.
        installation_id: number of its installation in the organisation.
        private_key: of the App, PEM.
        now: seconds since 1970, by the clock of this machine.
    """

    base_url: str
    app_id: str
    installation_id: int
    private_key: str = field(repr=False)
    now: Callable[[], float] = time.time
    _token: str | None = field(default=None, repr=False)
    _ends: float = 0.0

    def __call__(self) -> str:
        """The token.

        Raises:
            TokenRefused: the key is none, or not that of the App, or the App is not installed there.
            SourceUnavailable: GitHub does not answer.
        """
        if self._token is None or self.now() > self._ends - _MARGIN_SECONDS:
            made = self._made()
            self._token, self._ends = str(made["token"]), datetime.fromisoformat(made["expires_at"]).timestamp()
            conceal(self._token)
        return self._token

    def _made(self) -> dict[str, Any]:
        url = f"{self.base_url}/app/installations/{self.installation_id}/access_tokens"
        headers = {"authorization": f"Bearer {self._claim()}", "accept": "application/vnd.github+json"}
        try:
            with httpx2.Client(timeout=_TIMEOUT, follow_redirects=False) as http:
                answer = http.post(url, headers=headers)
            body = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise SourceUnavailable(f"{url} did not answer properly: {words_of(error)}.") from error
        if answer.status_code in {401, 403, 404}:
            raise TokenRefused(
                f"{url} answers {answer.status_code}: the private key is not that of the App {self.app_id}, or the App "
                f"has no installation {self.installation_id}. Check both numbers and the key at GitHub."
            )
        if answer.status_code != 201 or not isinstance(body, dict) or not {"token", "expires_at"} <= body.keys():
            raise SourceUnavailable(f"{url} answers {answer.status_code}, without a token.")
        return body

    def _claim(self) -> str:
        """Who the App is, as a JSON Web Token that its key signs (RS256)."""
        began = int(self.now()) - _EARLIER_SECONDS
        parts = ({"alg": "RS256", "typ": "JWT"}, {"iat": began, "exp": began + _CLAIM_SECONDS, "iss": self.app_id})
        signed = b".".join(_coded(json.dumps(part).encode()) for part in parts)
        return b".".join((signed, _coded(_key(self.private_key).sign(signed, PKCS1v15(), SHA256())))).decode()


def _key(text: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise TokenRefused(
            "The token of a source with an App must be the private key of the App, a text that begins with -----BEGIN "
            "and has no password."
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise TokenRefused("The private key of a GitHub App is an RSA key; this one is another.")
    return key


def _coded(content: bytes) -> bytes:
    return urlsafe_b64encode(content).rstrip(b"=")
