"""Tokens of sources: encrypted, or read from where they are kept; never readable from the database alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.server_secret import ServerSecret
from app.errors import InvalidParameters, SetupError, TokenUnavailable
from app.sources.secrets import SourceSecrets, StoredToken
from app.telemetry import logs
from app.telemetry.logs import redacted
from app.telemetry.redaction import Redactor

OLD, NEW = "an old key of thirty-two letters", "a new key of thirty-two letters."
TOKEN = "ghp_0123456789abcdefghijklmnopqrstuvwxyz"

#: What a token in a header may consist of; long, because each is masked in what follows.
TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=24, max_size=100)


@pytest.fixture(scope="module", autouse=True)
def own_redactor() -> Iterator[None]:
    """The tokens made here are masked here alone: a log of another test may well have a text like one of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "_redactor", Redactor())
        yield


def secrets_of(*keys: str, folder: Path | None = None, environment: dict[str, str] | None = None) -> SourceSecrets:
    return SourceSecrets(ServerSecret(list(keys)), folder=folder, environment=environment or {})


@given(token=TOKENS)
def test_a_token_comes_back_as_it_was_and_is_not_in_what_is_stored(token: str) -> None:
    stored = secrets_of(NEW).seal("1", f"{token}\n")
    assert secrets_of(NEW).open("1", stored) == token
    assert stored.token is not None
    assert token.encode() not in stored.token
    assert token not in repr(stored)


def test_a_private_key_is_a_token_too() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"
    assert secrets_of(NEW).open("1", secrets_of(NEW).seal("1", key)) == key.strip()


def test_a_token_is_of_no_use_in_the_row_of_another_source() -> None:
    stored = secrets_of(NEW).seal("1", TOKEN)
    with pytest.raises(TokenUnavailable, match="belongs to another source"):
        secrets_of(NEW).open("2", stored)


def test_an_older_key_still_opens_and_is_told_from_the_newest() -> None:
    stored = secrets_of(OLD).seal("1", TOKEN)
    both = secrets_of(NEW, OLD)
    assert both.open("1", stored) == TOKEN
    assert both.is_of_older_key(stored)
    assert not both.is_of_older_key(both.seal("1", TOKEN))
    with pytest.raises(TokenUnavailable, match="not in OPENHOURS_SECRET_KEY any more"):
        secrets_of(NEW).open("1", stored)


def test_without_a_secret_key_nothing_is_stored() -> None:
    with pytest.raises(SetupError, match="OPENHOURS_SECRET_KEY"):
        secrets_of().seal("1", TOKEN)
    assert secrets_of().open("1", StoredToken()) is None
    assert secrets_of().event_secrets("1") == []


def test_a_reference_is_read_anew_each_time(tmp_path: Path) -> None:
    environment = {"OPENHOURS_TOKEN_GITHUB": TOKEN}
    known = secrets_of(folder=tmp_path, environment=environment)
    by_variable = known.refer("env:OPENHOURS_TOKEN_GITHUB")
    (tmp_path / "github").write_text(f"{TOKEN}\n")
    by_file = known.refer("file:github")
    assert by_variable == StoredToken(token_from="env:OPENHOURS_TOKEN_GITHUB")
    assert known.open("1", by_variable) == known.open("1", by_file) == TOKEN
    assert known.open("1", known.refer(f"file:{tmp_path}/github")) == TOKEN
    environment["OPENHOURS_TOKEN_GITHUB"] = "another_token_5bd0a1c7"
    (tmp_path / "github").write_text("short\t")
    assert known.open("1", by_variable) == "another_token_5bd0a1c7"
    assert known.open("1", by_file) == "short"
    (tmp_path / "github").write_text("two words")
    with pytest.raises(InvalidParameters, match="the text of 9 characters is not a token"):
        known.open("1", by_file)


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("env:OPENHOURS_DATABASE_URL", "its name must begin with OPENHOURS_TOKEN_"),
        ("env:OPENHOURS_TOKEN_", "its name must begin with OPENHOURS_TOKEN_"),
        ("env:AWS_SECRET_ACCESS_KEY", "its name must begin with OPENHOURS_TOKEN_"),
        ("file:../outside", "does not name a file in"),
        ("file:/etc/hostname", "does not name a file in"),
        ("file:", "does not name a file in"),
        ("vault:x", "is not env:OPENHOURS_TOKEN_NAME or file:NAME"),
    ],
)
def test_a_reference_leads_to_nothing_that_is_no_token(tmp_path: Path, reference: str, reason: str) -> None:
    folder = tmp_path / "tokens"
    folder.mkdir()
    (tmp_path / "outside").write_text(TOKEN)
    environment = {"OPENHOURS_DATABASE_URL": TOKEN, "OPENHOURS_TOKEN_": TOKEN, "AWS_SECRET_ACCESS_KEY": TOKEN}
    with pytest.raises(InvalidParameters, match=reason) as refused:
        secrets_of(folder=folder, environment=environment).refer(reference)
    assert TOKEN not in str(refused.value)


def test_no_file_is_read_unless_there_is_a_folder_for_them(tmp_path: Path) -> None:
    (tmp_path / "github").write_text(TOKEN)
    with pytest.raises(InvalidParameters, match="OPENHOURS_SECRETS_FOLDER, the folder of such files, is not set"):
        secrets_of().refer(f"file:{tmp_path}/github")


@pytest.mark.parametrize("reference", ["env:OPENHOURS_TOKEN_GITHUB", "file:github", "file:empty", "file:folder"])
def test_what_is_not_there_is_said(tmp_path: Path, reference: str) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "folder").mkdir()
    with pytest.raises(TokenUnavailable, match="The token is to be read from "):
        secrets_of(folder=tmp_path).refer(reference)


def test_a_text_that_is_no_token_is_refused_without_showing_it() -> None:
    for wrong in ("", " ", "two words", "line\nbreak", "grün", "x" * 9000):
        with pytest.raises(InvalidParameters, match="is not a token") as refused:
            secrets_of(NEW).seal("1", wrong)
        assert not wrong.strip() or wrong not in str(refused.value)


def test_a_token_that_was_opened_is_masked_in_the_log() -> None:
    token = "github_pat_that_only_this_test_knows_1234567890"
    assert token in redacted(f"Bearer of {token}")
    secrets_of(NEW).seal("1", token)
    assert token not in redacted(f"Bearer of {token}")
    secrets_of(NEW).seal("1", "lantern")
    assert "lantern" in redacted("a lantern is an ordinary word")
    named = "token_that_only_this_test_knows_by_its_name"
    secrets_of(environment={"OPENHOURS_TOKEN_X": named}).refer("env:OPENHOURS_TOKEN_X")
    secrets_of(environment={"OPENHOURS_TOKEN_X": named}).open("1", StoredToken(token_from="env:OPENHOURS_TOKEN_X"))
    assert named not in redacted(f"by {named}")


def test_events_of_each_source_are_signed_with_a_secret_of_its_own_under_each_key() -> None:
    both = secrets_of(NEW, OLD)
    first, second = both.event_secrets("1"), both.event_secrets("2")
    assert len({*first, *second}) == 4
    assert first == [*secrets_of(NEW).event_secrets("1"), *secrets_of(OLD).event_secrets("1")]
    assert all(len(one) == 64 for one in first)
