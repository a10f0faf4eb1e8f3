"""A provider of OpenID Connect on loopback, written from the specification; it can be told to misbehave."""

import hashlib
import hmac
import json
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import time
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID, CLIENT_SECRET = "openhours", "s3cret-of-the-client"

Claims = dict[str, Any]


@dataclass
class TestProvider:
    """What it says about whoever logs in, and how it may differ from what it should.

    Attributes:
        person: claims of who logs in.
        signed: makes the ID token of the claims; by default with the key that is published.
        changed: the last change to the claims of an ID token.
        document: changes to the description.
    """

    __test__ = False

    issuer: str = ""
    person: Claims = field(
        default_factory=lambda: {"sub": "248289761001", "preferred_username": "ada", "groups": ["ops"]}
    )
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1", "use": "sig"}))
    signed: Callable[[Claims], str] | None = None
    changed: Callable[[Claims], Claims] = field(default=lambda claims: claims)
    document: Claims = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def authorize(self, query: dict[str, str]) -> str:
        """Section 3.1.2.5: where the browser goes with a code; the person has logged in here, and agrees."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, Claims]:
        """Section 3.1.3: the answer of the token endpoint. A code works once, for who asked for it (RFC 7636)."""
        name, _, secret = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        if (unquote(name), unquote(secret)) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode()
        if asked is None or asked.get("code_challenge") != challenge.rstrip("="):
            return 400, {"error": "invalid_grant"}
        now = int(time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.person,
        }
        make = self.signed or self.by_the_published_key
        return 200, {
            "access_token": secrets.token_urlsafe(8),
            "token_type": "Bearer",
            "id_token": make(self.changed(claims)),
        }

    def by_the_published_key(self, claims: Claims) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def by_nobody(self, claims: Claims) -> str:
        """``alg`` none."""
        return ".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "none"}, claims)) + "."

    def by_the_public_key_as_a_secret(self, claims: Claims) -> str:
        """What anybody could sign, if HS256 were accepted."""
        begin = ".".join(
            _encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": self.key.kid}, claims)
        )
        signature = hmac.digest(self.key.as_pem(private=False), begin.encode(), "sha256")
        return f"{begin}.{_encoded(signature)}"

    def by_another_key(self, claims: Claims) -> str:
        stranger = RSAKey.generate_key(2048, {"kid": self.key.kid})
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, stranger)

    def described(self) -> Claims:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.document,
        }

    def keys(self) -> Claims:
        return dict(KeySet([self.key]).as_dict(private=False))


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


@contextmanager
def provider() -> Iterator[TestProvider]:
    """One on a free port of loopback."""
    one = TestProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            one.asked.append(parts.path)
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", one.authorize({k: v[0] for k, v in parse_qs(parts.query).items()}))
                self.end_headers()
            else:
                pages = {"/.well-known/openid-configuration": one.described, "/keys": one.keys}
                self._answer(200, pages[parts.path]())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(*one.redeem(form, self.headers["Authorization"]))

        def _answer(self, status: int, document: Claims) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        one.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield one
        finally:
            server.shutdown()
            thread.join()
