"""Addresses of mail: which are addresses, and which may have mails of this installation."""

import re
from typing import Final

from app.sending.one_line import one_line

#: RFC 5321: of the part before the @, and of a whole address, characters.
_MOST_OF_LOCAL, _MOST_OF_ADDRESS = 64, 254

_ATOM: Final = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
#: With "=?" begins what readers of mail decode: what is shown would be another address.
_LOCAL: Final = re.compile(rf"(?!.*=\?){_ATOM}(?:\.{_ATOM})*")
_DOMAIN_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?:{_DOMAIN_LABEL}\.)+(?![0-9]+$){_DOMAIN_LABEL}")


def address(text: str) -> str:
    """One mail address, its domain in lower case and in ASCII: what an envelope takes.

    Raises:
        ValueError: it is none, or more than one, or has a name, a comment or quotes.
    """
    if "<" in text:
        raise _not_an_address(text, "give only the part between < and >, without a name")
    local, at, domain = text.rpartition("@")
    if not at:
        raise _not_an_address(text, "it has no @")
    if len(local) > _MOST_OF_LOCAL or not _LOCAL.fullmatch(local):
        raise _not_an_address(
            text,
            f"before the @ may be at most {_MOST_OF_LOCAL} ASCII letters, digits and !#$%&'*+/=?^_`{{|}}~- with single "
            "dots between them",
        )
    plain = _ascii_domain(domain)
    if plain is None:
        raise _not_an_address(text, "after the @ must be the name of a domain with a dot in it")
    whole = f"{local}@{plain}"
    if len(whole) > _MOST_OF_ADDRESS:
        raise _not_an_address(text, f"it is longer than {_MOST_OF_ADDRESS} characters")
    return whole


def domain_of(address: str) -> str:
    """What is after the @."""
    return address.rpartition("@")[2]


def may_receive(recipient: str, domains: str) -> bool:
    """Whether mails may go to an address.

    Args:
        recipient: as address() returns it.
        domains: allowed ones with commas: ``example.org`` is that domain alone, ``*.example.org`` are those below it.
    """
    domain = domain_of(recipient)
    return any(_covers(one.strip(), domain) for one in domains.split(","))


def _covers(allowed: str, domain: str) -> bool:
    below = allowed.startswith("*.")
    plain = _ascii_domain(allowed.removeprefix("*."))
    return plain is not None and (domain.endswith(f".{plain}") if below else domain == plain)


def _ascii_domain(domain: str) -> str | None:
    """A domain as the DNS has it; None if it is none, or one that IDNA 2003 makes another of, such as those with ß."""
    if not domain.isascii():
        try:
            encoded = domain.encode("idna")
            if encoded.decode("idna") != domain.lower():
                return None
        except UnicodeError:
            return None
        domain = encoded.decode("ascii")
    domain = domain.lower()
    return domain if _DOMAIN.fullmatch(domain) else None


def _not_an_address(text: str, reason: str) -> ValueError:
    return ValueError(f"{one_line(text, most=100)!r} is not a mail address such as ada@example.org: {reason}")
