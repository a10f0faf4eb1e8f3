"""Tokens of a GitHub App: made with its private key, kept while they hold, made anew before they end."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.errors import SourceUnavailable, TokenRefused
from app.sources.checks import check
from app.sources.github.app_token import AppToken
from app.sources.options import source_options
from app.sources.register import access
from app.sources.registry import SOURCE_KINDS
from app.storage.resources import Resources
from tests.commands import free_port
from tests.github import World, serve

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
GITHUB = SOURCE_KINDS["github"]


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def decoded(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_a_source_with_an_app_is_read_with_tokens_of_its_installation(resources: Resources) -> None:
    world = World(seed=1, now=datetime.now(UTC))
    world.create_repository("acme/web")
    with serve(world) as github:
        app = {"id": "1234", "installation": 5678}
        given = {"repositories": ["acme/*"], "address": github.address, "app": app, "streams": ["pull_requests"]}
        options = source_options(GITHUB, given)
        reached = access(GITHUB, options, lambda: pem(KEY), resources.engine)
        found = [one.message for one in check(GITHUB, options, reached)]
        later = access(GITHUB, options, lambda: pem(KEY), resources.engine)
        addresses = [one.address for one in github.asked]
    assert "acme: 1 repository is read: acme/web." in found
    assert addresses.count("/app/installations/5678/access_tokens") == 2
    token = reached.token()
    assert token is not None
    assert world.tokens[token].installation
    assert later.token() != token
    assert later.token_hash == reached.token_hash  # ETags and limits are those of the installation


def test_a_token_is_kept_until_shortly_before_it_ends() -> None:
    world = World(seed=1)
    with serve(world) as github:
        now = world.now.timestamp()
        token = AppToken(github.address, "1234", 5678, pem(KEY), now=lambda: now)
        first = token()
        assert token() == first
        now += 3600 - 310
        assert token() == first
        now += 20
        assert token() != first
        assert len(github.asked) == 2


def test_what_the_app_says_of_itself_is_signed_and_holds_for_less_than_ten_minutes() -> None:
    one = AppToken("http://127.0.0.1:1", "1234", 5678, pem(KEY), now=lambda: 1_800_000_000.5)
    head, claim, signature = one._claim().split(".")
    assert decoded(head) == {"alg": "RS256", "typ": "JWT"}
    assert decoded(claim) == {"iat": 1_799_999_940, "exp": 1_800_000_480, "iss": "1234"}
    signed = f"{head}.{claim}".encode()
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    KEY.public_key().verify(raw, signed, padding.PKCS1v15(), SHA256())


def test_what_is_no_key_of_an_app_is_refused_without_showing_it() -> None:
    for wrong in ("ghp_a_token_is_no_key_0123456789", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"):
        with pytest.raises(TokenRefused, match="must be the private key of the App") as refused:
            AppToken("http://127.0.0.1:1", "1", 2, wrong)()
        assert wrong not in str(refused.value)
    with pytest.raises(TokenRefused, match="is an RSA key"):
        AppToken("http://127.0.0.1:1", "1", 2, pem(ec.generate_private_key(ec.SECP256R1())))()


def test_an_api_that_is_away_or_knows_no_such_installation_is_told_of() -> None:
    with pytest.raises(SourceUnavailable, match="did not answer properly"):
        AppToken(f"http://127.0.0.1:{free_port()}", "1", 2, pem(KEY))()
    with serve(World()) as github, pytest.raises(TokenRefused, match="has no installation 2"):
        AppToken(f"{github.address}/elsewhere", "1", 2, pem(KEY))()
