"""What is one address of mail, and whether it may have mails."""

from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.sending.mail_address import address, domain_of, may_receive


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada.Lovelace+uptime@EXAMPLE.Org", "Ada.Lovelace+uptime@example.org"),
        ("o'brien@example.co.uk", "o'brien@example.co.uk"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_an_address(text: str, plain: str) -> None:
    assert address(text) == plain
    assert address(plain) == plain


@pytest.mark.parametrize(
    "text",
    [
        *("", "ada", "@", "ada@", "@example.org", "ada@example", "ada@@example.org", "a@b@example.org"),
        *("Ada <ada@example.org>", "<ada@example.org>", "ada@example.org (Ada)", "(x)ada@example.org"),
        *("ada@example.org, bob@example.org", "ada@example.org;bob@example.org", "ada@example.org bob@example.org"),
        *(" ada@example.org", "ada@example.org ", "ada @example.org", "ada@example.org\n", "ada@exa\tmple.org"),
        *("ada\r\nBcc: bob@example.org", "ada\0@example.org", "ada@example.org\r\nRCPT TO:<b@c.de>"),
        *('"a b"@example.org', '"ada"@example.org', ".ada@example.org", "ada.@example.org", "a..b@example.org"),
        *("jürgen@example.org", "ada@[127.0.0.1]", "ada@127.0.0.1", "ada@-a.org", "ada@a-.org", "ada@.org"),
        *("ada@example.org.", "ada@a_b.org", "ada@" + "a" * 64 + ".org", "a" * 65 + "@example.org"),
        "ada@" + "a.b" * 90 + ".example.org",
        "ada@straße.example",  # IDNA 2003 makes another domain of it: strasse.example
        "ada@ＥＸＡＭＰＬＥ.org",  # noqa: RUF001 - wide letters
        "ada@example。org",
        "ada@exa\N{ZERO WIDTH JOINER}mple.org",
        "ada@exa\N{RIGHT-TO-LEFT OVERRIDE}mple.org",
        "\N{RIGHT-TO-LEFT OVERRIDE}ada@example.org",
        "ada@\ud800.org",
        "=?utf-8?q?bob=40example.com?=@example.org",
    ],
)
def test_78_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=r" is not a mail address such as ada@example\.org: ") as refused:
        address(text)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 300


@given(st.text(st.sampled_from('ab.@<>",;:() \r\n=?_%!éß\N{ZERO WIDTH JOINER}'), max_size=12), st.booleans())
@example("a", True)
def test_the_library_reads_an_address_as_that_one_and_nothing_else(text: str, with_domain: bool) -> None:  # noqa: FBT001
    try:
        plain = address(f"{text}@example.org" if with_domain else text)
    except ValueError:
        return
    mail = EmailMessage(policy=SMTP)
    mail["To"] = plain
    header = mail["To"]
    assert isinstance(header, AddressHeader)
    assert [one.addr_spec for one in header.addresses] == [plain]
    assert mail.as_string() == f"To: {plain}\r\n\r\n"


def test_a_name_beside_an_address_is_told_as_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="give only the part between < and >, without a name"):
        address("Ada <ada@example.org>")


def test_the_domain_of_an_address() -> None:
    assert domain_of("ada@example.org") == "example.org"


@pytest.mark.parametrize(
    ("recipient", "domains", "may"),
    [
        ("ada@example.org", "example.org", True),
        ("ada@example.org", "example.com, Example.ORG ,x.y", True),
        ("ada@mail.example.org", "example.org", False),
        ("ada@mail.example.org", "*.example.org", True),
        ("ada@a.b.example.org", "*.example.org", True),
        ("ada@example.org", "*.example.org", False),
        ("ada@badexample.org", "*.example.org", False),
        ("ada@badexample.org", "example.org", False),
        ("ada@example.org.evil.net", "example.org,*.example.org", False),
        ("example.org@evil.net", "example.org", False),
        ("ada@xn--bcher-kva.example", "bücher.example", True),
        ("ada@xn--bcher-kva.example", "xn--bcher-kva.example", True),
        ("ada@example.org", "", False),
        ("ada@example.org", "*", False),
        ("ada@example.org", "*.org", False),
        ("ada@example.org", "ada@example.org", False),
        ("ada@example.org", ",", False),
    ],
)
def test_only_domains_that_are_allowed_have_mails(recipient: str, domains: str, may: bool) -> None:  # noqa: FBT001
    assert may_receive(recipient, domains) is may
