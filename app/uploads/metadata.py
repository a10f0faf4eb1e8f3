"""Upload-Metadata: keys with values in base64, between commas."""

import base64
import binascii
import re
from typing import Final

from app.errors import InvalidUpload

#: Longest name of a file that is kept, characters.
LONGEST_NAME: Final = 1024

_SHA256: Final = re.compile("[0-9a-f]{64}")


def parse(header: str | None) -> dict[str, str]:
    """The values by key; raises InvalidUpload where it cannot be parsed."""
    found: dict[str, str] = {}
    for pair in (header or "").split(",") if (header or "").strip() else ():
        key, _, encoded = pair.strip().partition(" ")
        if not key or not key.isascii():
            raise InvalidUpload(f"Upload-Metadata: {pair!r} does not begin with a key of ASCII characters.")
        if key in found:
            raise InvalidUpload(f"Upload-Metadata: the key {key} appears twice.")
        found[key] = _decoded(key, encoded.strip())
    return found


def file_name(text: str | None) -> str | None:
    """The sender's name of a file, for display only; raises InvalidUpload for one that cannot be displayed."""
    if text is None or text == "":
        return None
    if len(text) > LONGEST_NAME or not text.isprintable():
        raise InvalidUpload(
            f"filename is {text[:80]!r}, {len(text)} characters; allowed are up to {LONGEST_NAME}, all printable."
        )
    return text


def digest(text: str | None) -> str | None:
    """A SHA-256 as the sender gives it; raises InvalidUpload for anything else."""
    if text is not None and not _SHA256.fullmatch(text.lower()):
        raise InvalidUpload(f"sha256 is {text!r}; it must be 64 hexadecimal digits.")
    return text and text.lower()


def _decoded(key: str, encoded: str) -> str:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidUpload(f"Upload-Metadata: the value {encoded!r} of {key} is not base64 of UTF-8.") from error
    if "\0" in text:
        raise InvalidUpload(f"Upload-Metadata: the value of {key} has a NUL character.")
    return text
