"""What a head may ask for that no server here does: HTTP has it refused rather than ignored (RFC 9110, RFC 9112)."""

from collections.abc import Iterable

from app.errors import BadMessage, UnknownExpectation, UnknownTransferCoding
from app.wording.values import shown


def not_understood(headers: Iterable[tuple[bytes, bytes]]) -> BadMessage | None:
    """The refusal of what a client expects, or of a body in a coding that would be taken as it comes; None: nothing.

    ``headers`` have names in lower case.
    """
    for name, value in headers:
        text = value.decode("latin-1").strip()
        if name == b"expect" and text.lower() != "100-continue":
            return UnknownExpectation(f"Expect: {shown(text)} is not supported; allowed is 100-continue.")
        if name == b"transfer-encoding" and text.lower() != "chunked":
            return UnknownTransferCoding(f"Transfer-Encoding: {shown(text)} is not supported; allowed is chunked.")
    return None
