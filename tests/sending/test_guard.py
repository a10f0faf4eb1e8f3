"""Which addresses may be dialled: however one is spelt, nothing inside is reached that is not allowed."""

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sending.dialling import post
from app.sending.guard import LONGEST_URL, SETTING, Guard, Receiver, Refused
from app.sending.outcome import Verdict
from tests.sending.receiver import Network, is_public

PUBLIC = "93.184.216.34"

#: Hosts that lead inside, or would if somebody took their spelling; and some that are none.
SPELLINGS = (
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f.1", "0x7f000001", "0x7f.0x0.0x0.0x1", "017700000001"),
    *("0177.0.0.1", "127.0.0.01", "127.0.0.1.", "127.0.0.1%00", "%31%32%37.0.0.1", "::1"),
    *("0", "0.0.0.0"),  # noqa: S104 - nothing is bound
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
    *("[::ffff:0:127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"),
    *("[2001:0:7f00:1::]", "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[fe80::1]", "[fe80::1%25eth0]", "[fe80::1%1]"),
    *("[2606:2800:21f::1%1]", "[93.184.216.34]", "[hooks.example]"),
    *("[fd00::1]", "[fd00:ec2::254]", "[fec0::1]", "[ff02::1]", "[ff0e::1]", "[2001:db8::1]", "[3fff::1]", "[100::1]"),
    *("169.254.169.254", "169.254.43518", "100.64.0.1", "100.100.100.200", "192.0.2.1", "192.0.0.192", "198.18.0.1"),
    *("198.51.100.7", "203.0.113.7", "192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "168.63.129.16", "[127.0.0.1]", "127.0.0.1 "),
    *(
        "127。0。0。1",
        "①②⑦.⓪.⓪.①",
        "\uff11\uff12\uff17.0.0.1",
        "127.0.0.1\t",
        "127.0.0.1\\.example.com",
        "::ffff:127.0.0.1",
    ),
    *("localhost", "LOCALHOST", "localhost.", "db.localhost", "printer.local", "metadata.google.internal", "postgres"),
    *("example.com@127.0.0.1", "example.com:443@127.0.0.1", "127.0.0.1#@example.com", "127.0.0.1?@example.com", ""),
    *("[::1]example.com", "[::1", "::1]", "127.0.0.1:80:443", "-example.com", "example..com", "a" * 64 + ".com"),
)


@pytest.mark.parametrize("host", SPELLINGS)
def test_76_no_spelling_of_an_address_inside_is_dialled(host: str) -> None:
    network = Network({name: [["127.0.0.1"]] for name in ("localhost", "postgres", "printer.local", "localhost.")})
    for url in (f"https://{host}/hook", f"https://{host}:443", f"HTTPS://{host}?a=b"):
        outcome = post(url, b"{}", {}, guard=Guard(), resolver=network.resolve, connect=network.connect)
        assert (outcome.verdict, network.dialled) == (Verdict.REFUSED, [])
        assert outcome.error is not None
        assert outcome.error.endswith(".")
        with pytest.raises(Refused):
            Guard().check_url(url)
    with pytest.raises(Refused):
        Guard().vet(host, 443, lambda *_: ["127.0.0.1"])


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.1.2.3", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "fe80::1%2"])
def test_76_a_name_of_which_one_address_is_inside_is_refused_whole(inside: str) -> None:
    for addresses in ([inside], [PUBLIC, inside], [inside, PUBLIC]):
        with pytest.raises(Refused, match=r"'hooks\.example' does not lead only to the public internet") as refused:
            Guard().vet("hooks.example", 443, lambda *_, found=addresses: found)
        assert inside not in str(refused.value)  # what names mean inside is nobody's business


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07::1", "64:ff9b::5db8:d822"])
def test_a_name_of_public_addresses_is_resolved_once_and_each_address_is_given_once(address: str) -> None:
    network = Network({"hooks.example": [[address, address], ["127.0.0.1"]]})
    assert Guard().vet("HOOKS.example", 443, network.resolve) == (ip_address(address),)
    assert network.resolved == ["hooks.example"]


def test_a_name_without_addresses_is_no_refusal_but_a_failure() -> None:
    with pytest.raises(OSError, match="no address"):
        Guard().vet("hooks.example", 443, lambda *_: [])


@pytest.mark.parametrize(
    ("url", "receiver"),
    [
        ("https://hooks.example", Receiver(True, "hooks.example", 443, "/")),
        ("https://Hooks.Example:8443/A?b=C", Receiver(True, "hooks.example", 8443, "/A?b=C")),
        ("https://xn--bcher-kva.example?q=1", Receiver(True, "xn--bcher-kva.example", 443, "/?q=1")),
        (f"https://{PUBLIC}/", Receiver(True, PUBLIC, 443, "/")),
        ("https://[2606:2800:21F::1]/", Receiver(True, "2606:2800:21f::1", 443, "/")),
    ],
)
def test_an_address_that_is_right_is_taken_apart(url: str, receiver: Receiver) -> None:
    assert Guard().check_url(url) == receiver


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://hooks.example/", "must begin with https://"),
        ("hooks.example", "must begin with https://"),
        ("https:/hooks.example", "must begin with https://"),
        ("javascript:alert(1)", "must begin with https://"),
        ("http://hooks.example/", f"http is only for internal receivers that {SETTING} allows"),
        ("https://ada:secret@hooks.example/", "Leave them out"),
        ("https://hooks.example/#part", "has a fragment"),
        ("https://hooks.example/a b", "has ' ' at character 24"),
        ("https://bücher.example/", "Write names beyond ASCII as xn--"),
        ("https://hooks.example:0/", "a port from 1 to 65535"),
        ("https://hooks.example:65536/", "a port from 1 to 65535"),
        ("https://hooks.example:/", "a port from 1 to 65535"),
        ("https://hooks.example:25/", "Port 25 is that of another protocol"),
        ("https://hooks.example/" + "a" * LONGEST_URL, f"at most {LONGEST_URL:,} are allowed"),
        ("https://127.1/", "'127.1' is neither the name of a host nor an address in the usual notation"),
        ("https://10.0.0.1/", f"'10.0.0.1' does not lead only to the public internet.*with {SETTING}"),
    ],
)
def test_a_wrong_address_is_refused_with_what_to_do_and_without_its_secrets(url: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        Guard().check_url(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("allow", "host", "addresses"),
    [
        ("10.1.0.0/16", "10.1.2.3", []),
        ("10.1.0.0/16", "hooks.corp", ["10.1.2.3", "10.1.2.4"]),
        ("10.1.0.0/16", "hooks.corp", ["10.1.2.3", "::ffff:10.1.2.3"]),
        (" fd00::/8 ,, 10.1.2.3", "hooks", ["fd00::1", "10.1.2.3"]),
        ("hooks.corp", "hooks.corp", ["127.0.0.1"]),
        ("*.Corp", "a.hooks.corp", ["127.0.0.1"]),
        ("localhost", "LocalHost", ["::1", "127.0.0.1"]),
    ],
)
def test_receivers_inside_that_are_allowed_are_reached_also_by_http_and_at_any_port(
    allow: str, host: str, addresses: list[str]
) -> None:
    guard, network = Guard(allow), Network({host.lower(): [addresses]})
    expected = tuple(map(ip_address, addresses or [host]))
    for url in (f"https://{host}/", f"http://{host}:81/"):
        receiver = guard.check_url(url)
        assert guard.vet(receiver.host, receiver.port, network.resolve, is_tls=receiver.is_tls) == expected


@pytest.mark.parametrize(
    ("allow", "host", "addresses"),
    [
        ("10.1.0.0/16", "hooks.corp", ["10.2.0.1"]),
        ("10.1.0.0/16", "hooks.corp", ["10.1.2.3", "127.0.0.1"]),
        ("hooks.corp", "a.hooks.corp", ["10.0.0.1"]),
        ("*.corp", "corp", ["10.0.0.1"]),
        ("*.corp", "evilcorp", ["10.0.0.1"]),
        ("*.corp", "corp.example", ["10.0.0.1"]),
        ("hooks.corp", "10.0.0.1", []),
        ("127.0.0.1", "2130706433", []),
        ("127.0.0.1", "::1", []),
    ],
)
def test_what_the_list_does_not_say_stays_refused(allow: str, host: str, addresses: list[str]) -> None:
    with pytest.raises(Refused):
        Guard(allow).vet(host, 443, lambda *_: addresses)


def test_http_and_ports_of_other_protocols_are_refused_at_the_attempt_where_a_receiver_is_public() -> None:
    guard = Guard("10.0.0.0/8")  # of a name nobody knows before whether it is meant
    for url, words in (("http://hooks.example/", "Use https"), ("https://hooks.example:25/", "Port 25")):
        receiver = guard.check_url(url)
        for addresses in ([PUBLIC], [PUBLIC, "10.0.0.1"]):
            with pytest.raises(Refused, match=words):
                guard.vet(receiver.host, receiver.port, lambda *_, found=addresses: found, is_tls=receiver.is_tls)


@pytest.mark.parametrize(
    ("allow", "words"),
    [
        ("10.0.0.1/8", r"'10\.0\.0\.1/8' is neither a network .*: bits are set after its prefix"),
        ("hooks.corp, 10.0.0", r"'10\.0\.0' is neither a network such as 10\.1\.0\.0/16, nor a host name"),
        ("*", r"'\*' is neither"),
        ("https://hooks.corp/", "is neither"),
        ("hooks.corp:8080", "is neither"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_with_the_part_that_is_wrong(allow: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Guard(allow)


def _spelt(address: int, spelling: int, number: str) -> str:
    """An IPv4 address as inet_aton takes it: of one to four parts, each in decimal, hexadecimal or octal."""
    first = [address >> shift & 255 for shift in (24, 16, 8)][: spelling - 1]
    last = address & (1 << 8 * (5 - spelling)) - 1
    return ".".join(format(part, number) for part in [*first, last])


@given(
    st.integers(0, (1 << 32) - 1),
    st.integers(1, 4),
    st.sampled_from(["d", "#x", "#X", "03o", "010d"]),
    st.sampled_from(["{}", "{}.", "[{}]", "[::ffff:{}]", "[64:ff9b::{}]", "[::{}]"]),
)
def test_an_address_is_taken_for_what_it_is_or_not_at_all(address: int, parts: int, number: str, form: str) -> None:
    network = Network()
    host = form.format(_spelt(address, parts, number))
    try:
        receiver = Guard().check_url(f"https://{host}/")
        found = Guard().vet(receiver.host, receiver.port, network.resolve)
    except Refused:
        return
    assert [int(one) & 0xFFFF_FFFF for one in found] == [address]
    assert is_public(str(IPv4Address(address)))
    assert network.resolved == []
