"""Asks the provider: its description, its keys, and what a code is worth (OpenID Connect Core 1.0, section 3.1)."""

import logging
from dataclasses import dataclass
from threading import Lock
from time import monotonic, time
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.access.oidc.attempt import Attempt
from app.access.oidc.configuration import OidcConfiguration
from app.errors import LoginFailed, SingleSignOnUnavailable

#: Signatures that only the provider can make. With those of a shared secret, whoever knows a public key could sign.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")

#: How long the provider may take to answer, seconds.
TIMEOUT_SECONDS: Final = 5

#: How long its description and keys are kept, and how long at least before they are asked for anew, seconds.
KEPT_SECONDS: Final = 600
LEAST_SECONDS: Final = 30

#: How far the clocks may differ, seconds.
LEEWAY_SECONDS: Final = 60

#: Longest answer, bytes.
MAX_BYTES: Final = 1 << 20

#: Longest name and identity, characters.
MAX_CHARACTERS: Final = 255

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the provider says that somebody is; only ``issuer`` and ``subject`` together tell people apart.

    Attributes:
        name: how to show them; anybody may have it there.
        email: as the provider has it, or None.
        groups: those of the claim that the settings name.
    """

    issuer: str
    subject: str
    name: str
    email: str | None
    groups: list[str]


@dataclass(frozen=True, slots=True)
class _Description:
    """Of the provider, and when it was fetched, monotonic seconds."""

    document: dict[str, Any]
    keys: KeySet
    fetched: float


class Provider:
    """Safe to use from several threads."""

    def __init__(self, configuration: OidcConfiguration) -> None:
        self._configuration = configuration
        self._described: _Description | None = None
        self._lock = Lock()

    def login_address(self, attempt: Attempt) -> str:
        """Where to send the browser.

        Raises:
            SingleSignOnUnavailable: the provider does not answer, or not as it should.
        """
        document = self._description().document
        with self._client() as client:
            address, _ = client.create_authorization_url(
                document["authorization_endpoint"],
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
        return str(address)

    def identity_of(self, code: str, attempt: Attempt) -> Identity:
        """Redeem a code.

        Raises:
            LoginFailed: the code is not good, or the ID token is not for this login.
            SingleSignOnUnavailable: the provider does not answer, or not as it should.
        """
        description = self._description()
        token = self._redeemed(description.document["token_endpoint"], code, attempt)
        id_token = token.get("id_token")
        if not isinstance(id_token, str):
            raise SingleSignOnUnavailable("The provider answered without an ID token; ask its operator.")
        try:
            claims = self._claims(id_token, description, attempt)
        except (JoseError, ValueError, TypeError) as error:
            _log.warning("an ID token is refused: %s", type(error).__name__)
            raise LoginFailed("The login at the provider does not match this one. Start again.") from error
        return self._identity(claims)

    def _redeemed(self, endpoint: str, code: str, attempt: Attempt) -> dict[str, Any]:
        try:
            with self._client() as client:
                token = client.fetch_token(
                    endpoint, grant_type="authorization_code", code=code, code_verifier=attempt.verifier
                )
        except OAuthError as error:
            _log.info("the provider refuses a code: %s", error.error)
            raise LoginFailed("The provider does not accept the login. Start again.") from error
        except (httpx2.HTTPError, ValueError) as error:
            raise _unavailable(error) from error
        return dict(token)

    def _claims(self, id_token: str, description: _Description, attempt: Attempt) -> dict[str, Any]:
        try:
            token = jwt.decode(id_token, description.keys, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            # It may have signed with a key that it did not have when we asked.
            newer = self._description(not_of=description)
            if newer is description:
                raise
            token = jwt.decode(id_token, newer.keys, algorithms=list(ALGORITHMS))
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": self._configuration.issuer},
                "aud": {"essential": True, "value": self._configuration.client_id},
            },
            {"nonce": attempt.nonce, "client_id": self._configuration.client_id},
        )
        claims.validate(now=int(time()), leeway=LEEWAY_SECONDS)
        return dict(claims)

    def _identity(self, claims: dict[str, Any]) -> Identity:
        subject = claims["sub"]
        groups = claims.get(self._configuration.groups_claim, [])
        groups = [groups] if isinstance(groups, str) else groups
        if not isinstance(subject, str) or not 0 < len(subject) <= MAX_CHARACTERS or not isinstance(groups, list):
            raise LoginFailed("The provider does not identify the user correctly; ask its operator.")
        texts = (claims.get(name) for name in ("preferred_username", "name", "email", "sub"))
        name = next(text for text in texts if isinstance(text, str) and text.strip())
        email = claims.get("email")
        return Identity(
            issuer=self._configuration.issuer,
            subject=subject,
            name=name.strip()[:MAX_CHARACTERS],
            email=email[:MAX_CHARACTERS] if isinstance(email, str) else None,
            groups=[group for group in groups if isinstance(group, str)],
        )

    def _description(self, not_of: _Description | None = None) -> _Description:
        """The provider's description: a kept one, unless it is old or, not fetched just now, ``not_of``."""
        with self._lock:
            kept = self._described
            limit = KEPT_SECONDS if not_of is None or kept is not not_of else LEAST_SECONDS
            if kept is None or monotonic() - kept.fetched > limit:
                self._described = kept = self._fetched()
            return kept

    def _fetched(self) -> _Description:
        issuer = self._configuration.issuer
        try:
            with httpx2.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False) as client:
                document = _json(client, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                _require_of(issuer, document)
                keys = KeySet.import_key_set(_json(client, document["jwks_uri"]))  # type: ignore[arg-type]
        except (httpx2.HTTPError, JoseError, ValueError, TypeError, KeyError) as error:
            raise _unavailable(error) from error
        return _Description(document, keys, monotonic())

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            client_id=self._configuration.client_id,
            client_secret=self._configuration.client_secret,
            scope=self._configuration.scopes,
            redirect_uri=self._configuration.redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
        )


def _json(client: httpx2.Client, address: str) -> dict[str, Any]:
    """A JSON object of at most MAX_BYTES."""
    with client.stream("GET", address) as answer:
        answer.raise_for_status()
        content = bytearray()
        for block in answer.iter_bytes():
            content += block
            if len(content) > MAX_BYTES:
                raise ValueError("the answer is too long")
    document = httpx2.Response(200, content=bytes(content)).json()
    if not isinstance(document, dict):
        raise TypeError("the response is not a JSON object")
    return document


def _require_of(issuer: str, document: dict[str, Any]) -> None:
    """Refuse the description of another issuer, and addresses without TLS unless the issuer's has none.

    The settings allow that on loopback alone.
    """
    if document.get("issuer") != issuer:
        raise ValueError("it names another issuer")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if urlsplit(document[name]).scheme not in {"https", urlsplit(issuer).scheme}:
            raise ValueError(f"its {name} is not https")


def _unavailable(error: Exception) -> SingleSignOnUnavailable:
    _log.warning("the provider returned an invalid response: %s: %s", type(error).__name__, error)
    return SingleSignOnUnavailable(
        "The provider of single sign-on returned an invalid response. Try again in a moment, or log in by password."
    )
