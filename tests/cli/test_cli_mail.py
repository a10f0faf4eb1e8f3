"""The commands about mail, and that reports and files tell by it."""

import json
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import insert

from app.deliveries.tables import unsubscribed
from app.storage.resources import Resources
from tests.cli.telling import VARIABLES, telling_server
from tests.cli.test_cli_refusals import own_servers
from tests.cli.test_doctor import lines
from tests.commands import CommandLine, free_port
from tests.sending.mail_servers import PASSWORD, USER, Received, knows_ada, receiving

__all__ = ["own_servers"]

ADA = "ada@example.org"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that of whoever runs the tests; and nothing is said of one in the current folder."""
    monkeypatch.setenv("OPENHOURS_HOME", str(tmp_path / "home"))


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    return CommandLine(monkeypatch, capsys)


@pytest.fixture
def received() -> Received:
    return Received()


@pytest.fixture
def smtp_port(received: Received) -> Iterator[int]:
    with receiving(received) as port:
        yield port


def test_a_test_says_what_the_mail_server_answered(
    cli: CommandLine, received: Received, smtp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENHOURS_SMTP_URL", f"smtp://127.0.0.1:{smtp_port}")
    sent = cli("mail", "test", ADA)
    assert (sent.code, sent.err) == (0, "")
    assert sent.out == f"the mail server has accepted it for {ADA}: 250 2.0.0 OK: queued as 4F1\n"
    assert received.recipients == [[ADA]]
    assert received.senders == ["openhours@example.com"]
    assert message_from_bytes(received.mails[0], policy=default)["Subject"] == "A test of mail from Openhours"
    received.answers[ADA] = "550 5.1.1 no such mailbox"
    refused = cli("mail", "test", ADA)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        f"setup_error: The mail server refused {ADA} as the recipient with 550. It said: 5.1.1 no such mailbox\n"
    )


@pytest.mark.parametrize(
    ("address", "url", "said"),
    [
        (ADA, None, "setup_error: No mail server is set: set OPENHOURS_SMTP_URL and OPENHOURS_MAIL_FROM.\n"),
        (ADA, "smtp://mail:sesame", "bad_setting: OPENHOURS_SMTP_URL "),
        (ADA, "smtp://127.0.0.1:{port}", "setup_error: Nothing listens at the host and port of OPENHOURS_SMTP_URL.\n"),
        (
            "ada@example.com",
            "smtp://127.0.0.1:{port}",
            "invalid_parameters: 'ada@example.com' is in a domain to which",
        ),
        ("ada", "smtp://127.0.0.1:{port}", "invalid_parameters: 'ada' is not a mail address such as ada@example.org"),
        ("a b@example.org", "smtp://127.0.0.1:{port}", "invalid_parameters: 'a b@example.org' is not a mail address"),
    ],
)
def test_a_test_that_cannot_be_sent_says_why(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, address: str, url: str | None, said: str
) -> None:
    if url is not None:
        monkeypatch.setenv("OPENHOURS_SMTP_URL", url.format(port=free_port()))
    outcome = cli("mail", "test", address)
    assert (outcome.code, outcome.out) == (1 if said.startswith("setup_error") else 2, "")
    assert outcome.err.startswith(said)
    assert "sesame" not in outcome.err


def test_who_unsubscribed_is_listed_and_allowed_again(cli: CommandLine, resources: Resources) -> None:
    with resources.engine.begin() as connection:
        connection.execute(insert(unsubscribed).values(address=ADA))
    with telling_server(resources, slots=0) as address:
        there = ("--server", address)
        assert cli("mail", "unsubscribed", *there).out == f"{ADA}\n"
        assert json.loads(cli("mail", "unsubscribed", "--json", *there).out) == [ADA]
        assert cli("mail", "allow", ADA, *there).out == f"{ADA} may get mail again\n"
        assert cli("mail", "unsubscribed", *there).err == "nobody has unsubscribed\n"
        again = cli("mail", "allow", ADA, *there)
        assert (again.code, again.err) == (2, f"unknown_address: {ADA} has not unsubscribed.\n")


def test_reports_and_files_tell_whom_they_are_given(
    fresh_cli: CommandLine,
    received: Received,
    smtp_port: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name, value in (VARIABLES | {"OPENHOURS_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}"}).items():
        monkeypatch.setenv(name, value)
    hours = tmp_path / "hours.csv"
    hours.write_text("store_id,day,start_time_local,end_time_local\n7,0,09:00:00,17:00:00\n", encoding="utf-8")
    sent = fresh_cli("upload", str(hours), "--kind", "hours", "--notify", ADA, "--notify", f" {ADA}")
    assert sent.code == 0, sent.err
    assert f"{ADA}: delivered (250)" in sent.err.splitlines()
    made = fresh_cli("report", "pull_requests", "--out", f"{tmp_path}/", "--notify", ADA)
    assert made.code == 0, made.err
    assert f"{ADA}: delivered (250)" in made.err.splitlines()
    assert received.recipients == [[ADA], [ADA]]
    loaded = fresh_cli("load", "hours", str(hours), "--notify", ADA)
    assert loaded.code == 0, loaded.err
    assert f"the next serve or worker, or one that runs, tells {ADA}" in loaded.err.splitlines()
    refused = fresh_cli("load", "hours", str(hours), "--notify", "nobody")
    assert (refused.code, refused.out) == (2, "")
    assert "nobody" in refused.err


@pytest.mark.usefixtures("own_servers")
def test_doctor_says_whether_the_mail_server_can_be_logged_in_to(
    cli: CommandLine, received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving(received, authenticator=knows_ada, auth_require_tls=False) as port:
        answers = f"ok 127.0.0.1:{port} answers with no encryption"
        for login, said in {
            "": answers,
            f"{USER}:{quote(PASSWORD, safe='')}@": f"{answers} and accepts the login",
            f"{USER}:sesame@": "FAIL setup_error: The mail server does not accept user and password of OPENHOURS_SMTP_",
        }.items():
            monkeypatch.setenv("OPENHOURS_SMTP_URL", f"smtp://{login}127.0.0.1:{port}")
            outcome = cli("doctor")
            assert lines(outcome.out)["mail server"].startswith(said)
            assert "sesame" not in outcome.out + outcome.err
    assert received.mails == []
    assert lines(cli("doctor").out)["mail server"].startswith("FAIL setup_error: Nothing listens at the host and port")
    monkeypatch.delenv("OPENHOURS_MAIL_FROM")
    assert lines(cli("doctor").out)["mail server"].startswith("FAIL bad_setting: OPENHOURS_SMTP_URL is set, but OPENHO")
    monkeypatch.delenv("OPENHOURS_SMTP_URL")
    assert "mail server" not in lines(cli("doctor").out)
