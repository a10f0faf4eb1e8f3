"""What OPENHOURS_SMTP_URL may be; what is wrong is told of without the password."""

import re

import pytest

from app.sending.mail_server import Security, Server, parse


@pytest.mark.parametrize(
    ("url", "host", "port", "security"),
    [
        ("smtps://mail.example.org", "mail.example.org", 465, Security.TLS),
        ("smtps://mail.example.org:4650/", "mail.example.org", 4650, Security.TLS),
        ("SMTPS://Mail.Example.org", "mail.example.org", 465, Security.TLS),
        ("smtp://mail.example.org", "mail.example.org", 587, Security.STARTTLS),
        ("smtp://mail_relay:25", "mail_relay", 25, Security.STARTTLS),
        ("smtp://mail.example.org:25?tls=starttls", "mail.example.org", 25, Security.STARTTLS),
        ("smtp://10.0.0.7:25?tls=none", "10.0.0.7", 25, Security.NONE),
        ("smtp://localhost:25", "localhost", 25, Security.NONE),
        ("smtp://127.0.0.1:25", "127.0.0.1", 25, Security.NONE),
        ("smtp://[::1]:25", "::1", 25, Security.NONE),
        ("smtp://localhost:25?tls=starttls", "localhost", 25, Security.STARTTLS),
        ("smtp://mail.example.org.", "mail.example.org", 587, Security.STARTTLS),
        ("smtp://localhost.example.org", "localhost.example.org", 587, Security.STARTTLS),
    ],
)
def test_an_address_of_a_server(url: str, host: str, port: int, security: Security) -> None:
    assert parse(url) == Server(host=host, port=port, security=security)


def test_user_and_password_are_percent_encoded() -> None:
    server = parse("smtps://ada%40example.org:p%2Fa%3As%23s%25%20@mail.example.org")
    assert (server.user, server.password) == ("ada@example.org", "p/a:s#s% ")
    assert parse("smtp://ada:pw@localhost:25").password == "pw", "it stays on this machine"


def test_a_server_does_not_show_its_password() -> None:
    server = parse("smtps://ada:hunter2@mail.example.org")
    assert "hunter2" not in f"{server!r} {server}"
    assert "mail.example.org" in repr(server)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "does not begin with smtps:// or smtp://"),
        ("hunter2", "does not begin with"),
        ("hunter2:25", "does not begin with"),
        ("https://ada:hunter2@mail.example.org", "does not begin with"),
        ("smtps:ada:hunter2@mail.example.org", "does not begin with"),
        ("smtps://", "has no host"),
        ("smtps://ada:hunter2@", "has no host"),
        ("smtps://ada:hunter2@-mail", "has no host"),
        ("smtps://ada:hunter2@mail..org", "has no host"),
        ("smtps://ada:hunter2@bücher.example", "in ASCII"),
        ("smtps://ada:hunter2@" + "a" * 64 + ".org", "has no host"),
        ("smtps://ada:hunter2@" + "a." * 130 + "org", "has no host"),
        ("smtps://ada:hunter2@mail:99999", "has a host or a port that cannot be read"),
        ("smtps://ada:hunter2@mail:0", "port 0"),
        ("smtps://ada:hunter2@[::1", "has a host or a port that cannot be read"),
        ("smtps://ada:hunter/2@mail.example.org", "%2F"),
        ("smtps://ada:12/hunter2@mail.example.org", "%2F"),
        ("smtps://ada:12?hunter2@mail.example.org", "%3F"),
        ("smtps://ada:hun@ter2@mail.example.org", "%40"),
        ("smtps://ada:hunter2@mail,other", "several hosts"),
        ("smtps://ada:12#hunter2@mail.example.org", "%23"),
        ("smtps://ada:hunter2%@mail.example.org", "that starts no code"),
        ("smtps://ada:hunter2%zz@mail.example.org", "that starts no code"),
        ("smtps://ada:hunter2 @mail.example.org", "has a space"),
        ("smtps://ada:hunter2@mail.example.org\n", "has a space or an invisible"),
        ("smtps://ada:hunter2\N{RIGHT-TO-LEFT OVERRIDE}@mail.example.org", "invisible"),
        ("smtps://ada@mail.example.org", "a user without a password"),
        ("smtps://:hunter2@mail.example.org", "a password without a user"),
        ("smtps://ada:hünter2@mail.example.org", "not ASCII"),
        ("smtps://ada:hunter2%0D%0AQUIT@mail.example.org", "invisible"),
        ("smtps://ada:hunter2@mail.example.org?tls=none", "an unknown option after the ?"),
        ("smtp://ada:hunter2@mail.example.org?tls=", "an unknown option after the ?"),
        ("smtp://ada:hunter2@mail.example.org?tls=none&tls=none", "an unknown option after the ?"),
        ("smtp://ada:hunter2@mail.example.org?verify=no", "an unknown option after the ?"),
        ("smtp://ada:hunter2@mail.example.org?tls=none", "unencrypted"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_of_the_password(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as refused:
        parse(url)
    assert not re.search("unter|hun|ter2", str(refused.value))
    assert refused.value.__suppress_context__ or refused.value.__context__ is None, "a log would show its cause"
