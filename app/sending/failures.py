"""Why an attempt got no answer, in words for whoever made the webhook."""

import socket
import ssl
from collections.abc import Mapping
from typing import Final

import httpcore2

#: By number of OpenSSL (X509_V_ERR_…).
_CERTIFICATES: Final = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    62: "its certificate is for another name",
    64: "its certificate is for another address",
}

_UNTRUSTED: Final = "its certificate is not from an authority that this service trusts"

_TOO_LATE: Final = "the connection timed out"

#: The first that fits.
_WORDS: Final[Mapping[type[BaseException], str]] = {
    socket.gaierror: "there is no such host, or the name server does not answer",
    ssl.SSLError: "TLS failed: check that it accepts https at this port",
    ConnectionRefusedError: "the connection was refused: nothing listens there, or a firewall blocks it",
    httpcore2.ConnectTimeout: _TOO_LATE,
}


def words_of(error: Exception, *, connected: bool, seconds: float) -> str:
    """What has happened, as the end of a sentence.

    Args:
        connected: whether there was a connection.
        seconds: how long all of an attempt may take.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATES.get(error.verify_code, _UNTRUSTED)
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words
    if isinstance(error, TimeoutError):
        return f"it did not answer within the {seconds:g} seconds of an attempt" if connected else _TOO_LATE
    if isinstance(error, OSError) and not connected:
        return "it cannot be reached from the network of this service"
    return "the connection ended without an answer, or the answer does not follow HTTP"
