"""Pods without keys: a role by the token of their service account, as EKS gives it, and links that it signs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from app.storage.object_store import ObjectStore, StoreAddress

ROLE = "arn:aws:iam::111122223333:role/openhours"

ANSWER = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>key-{number}</AccessKeyId>
<SecretAccessKey>secret-{number}</SecretAccessKey><SessionToken>token-{number}</SessionToken>
<Expiration>{ends:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""


class Tokens(HTTPServer):
    """What of STS gives credentials for a token: each as long as ``lifetimes`` says, one after the other."""

    def __init__(self, lifetimes: list[timedelta]) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.lifetimes = lifetimes
        self.asked: list[dict[str, list[str]]] = []


class Asked(BaseHTTPRequestHandler):
    server: Tokens

    def do_POST(self) -> None:
        self.server.asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        number = len(self.server.asked)
        answer = ANSWER.format(number=number, ends=datetime.now(UTC) + self.server.lifetimes[number - 1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
        """Says nothing."""


@pytest.fixture
def tokens() -> Iterator[Tokens]:
    with Tokens([timedelta(minutes=8), timedelta(hours=1)]) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def store(tokens: Tokens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """As in a pod: no keys, but the variables that EKS sets for the annotation of the service account."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "token").write_text("of-the-service-account")
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{tokens.server_port}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    store = ObjectStore(
        StoreAddress(bucket="hours", region="eu-central-1", endpoint_url="https://s3.eu-central-1.amazonaws.com")
    )
    yield store
    store.close()


def asked_of(link: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(link).query).items()}


def test_a_link_ends_with_the_role_and_the_next_poll_makes_one_by_new_credentials(
    store: ObjectStore, tokens: Tokens
) -> None:
    first, second, third = (
        asked_of(store.link("reports/a.csv", media_type="text/csv", seconds=3000)) for _ in range(3)
    )
    assert first["X-Amz-Security-Token"] == "token-1"
    assert 470 <= int(first["X-Amz-Expires"]) <= 480, "as long as the credentials"
    assert second["X-Amz-Security-Token"] == third["X-Amz-Security-Token"] == "token-2", "less than ten minutes left"
    assert second["X-Amz-Credential"].startswith("key-2/")
    assert int(second["X-Amz-Expires"]) == int(third["X-Amz-Expires"]) == 3000
    assert len(tokens.asked) == 2


def test_the_role_is_that_of_the_service_account(store: ObjectStore, tokens: Tokens) -> None:
    store.link("reports/a.csv", media_type="text/csv", seconds=300)
    asked = tokens.asked[0]
    assert asked["Action"] == ["AssumeRoleWithWebIdentity"]
    assert (asked["RoleArn"], asked["WebIdentityToken"]) == ([ROLE], ["of-the-service-account"])


def test_a_link_of_the_usual_length_is_never_shorter(store: ObjectStore) -> None:
    for _ in range(3):
        link = asked_of(store.link("reports/a.csv", media_type="text/csv", seconds=300))
        assert link["X-Amz-Expires"] == "300"
