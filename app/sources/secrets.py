"""Tokens of sources: encrypted under the secret key of the installation, or read from where somebody else keeps them.

A token is never shown and never logged. Its ciphertext is of no use in the row of another source: the key that
encrypts it is derived for each source. A reference names a variable of the environment or a file, and only such that
are meant for it: else whoever may add a source could have any secret of this process sent to an address of theirs.
"""

import hmac
import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

from app.access.server_secret import ServerSecret, server_secret
from app.errors import InvalidParameters, TokenUnavailable
from app.settings import TOKEN_VARIABLES, Settings
from app.telemetry.logs import conceal

#: Longest token, characters: a private key of an App has about 1,700.
LONGEST: Final = 8192

#: Shorter ones are not looked for in the log, characters: they may be ordinary words. GitHub's have 40 and more.
_SHORTEST_CONCEALED: Final = 12

_ENCRYPTION: Final = b"openhours token of source\0"
_SIGNATURE: Final = b"openhours events of source\0"


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token as the table of sources has it; all None: there is none.

    Attributes:
        token: encrypted.
        token_key: name of the key of OPENHOURS_SECRET_KEY that it is encrypted under.
        token_from: ``env:NAME`` or ``file:NAME`` instead.
    """

    token: bytes | None = field(default=None, repr=False)
    token_key: str | None = None
    token_from: str | None = None


class SourceSecrets:
    """Encrypts, decrypts and looks up; knows no database."""

    def __init__(
        self, server_secret: ServerSecret, *, folder: Path | None, environment: Mapping[str, str] = os.environ
    ) -> None:
        """``folder`` holds the files that references may name; None: none may be."""
        self._server_secret = server_secret
        self._folder = folder
        self._environment = environment

    def seal(self, source_id: str, token: str) -> StoredToken:
        """A token, encrypted under the newest key.

        Raises:
            SetupError: there is no secret key.
            InvalidParameters: it is no token.
        """
        token = _token(token)
        key_id = self._server_secret.newest_id()
        return StoredToken(token=self._cipher(source_id, key_id).encrypt(token.encode()), token_key=key_id)

    def refer(self, text: str) -> StoredToken:
        """A reference, after a look at whether it leads to a token.

        Raises:
            InvalidParameters: it names neither a variable nor a file that references may name.
            TokenUnavailable: there is nothing.
        """
        self._read(text)
        return StoredToken(token_from=text)

    def open(self, source_id: str, stored: StoredToken) -> str | None:
        """The token; None if there is none.

        Raises:
            TokenUnavailable: what it is read from is not there, or the key that encrypted it is not known any more.
        """
        token = None
        if stored.token_from is not None:
            token = self._read(stored.token_from)
        elif stored.token is not None and stored.token_key is not None:
            token = self._decrypted(source_id, stored.token, stored.token_key)
        return token

    def is_of_older_key(self, stored: StoredToken) -> bool:
        """Whether a key encrypted it that is not for what is new any more."""
        return stored.token_key is not None and stored.token_key != self._server_secret.newest_id()

    def event_secrets(self, source_id: str) -> list[str]:
        """What events of a source may be signed with, under each key of the installation; the first is for what is new.

        Derived, so that nothing is stored. 64 hexadecimal digits each; none without a secret key.
        """
        made = [
            hmac.digest(self._server_secret.key(key_id), _SIGNATURE + source_id.encode(), "sha256").hex()
            for key_id in self._server_secret.ids()
        ]
        conceal(*made)
        return made

    def _decrypted(self, source_id: str, token: bytes, key_id: str) -> str:
        if key_id not in self._server_secret.ids():
            raise TokenUnavailable(
                "The key that encrypted the token of this source is not in OPENHOURS_SECRET_KEY any more. Add it "
                "behind the new one, after a comma, or give the source its token again."
            )
        try:
            return _token(self._cipher(source_id, key_id).decrypt(token).decode())
        except InvalidToken as error:
            raise TokenUnavailable(
                "The stored token of this source cannot be decrypted: it was changed, or belongs to another source. "
                "Give the source its token again."
            ) from error

    def _cipher(self, source_id: str, key_id: str) -> Fernet:
        key = hmac.digest(self._server_secret.key(key_id), _ENCRYPTION + source_id.encode(), "sha256")
        return Fernet(urlsafe_b64encode(key))

    def _read(self, reference: str) -> str:
        kind, _, name = reference.partition(":")
        if kind == "env" and name.startswith(TOKEN_VARIABLES) and name != TOKEN_VARIABLES:
            found = self._environment.get(name)
        elif kind == "file" and name and self._folder is not None and (self._folder / name).parent == self._folder:
            found = _content(self._folder / name)
        else:
            raise InvalidParameters(f"token_from: {reference[:80]!r} {self._refusal(kind)}")
        if found is None or not found.strip():
            missing = "a variable" if kind == "env" else "a file"
            raise TokenUnavailable(
                f"The token is to be read from {reference}, {missing} that this process does not have, or that is "
                "empty. Every replica needs it."
            )
        return _token(found)

    def _refusal(self, kind: str) -> str:
        if kind == "env":
            return f"names a variable that is not for tokens; its name must begin with {TOKEN_VARIABLES}."
        if kind == "file" and self._folder is None:
            return "names a file, but OPENHOURS_SECRETS_FOLDER, the folder of such files, is not set."
        if kind == "file":
            return f"does not name a file in {self._folder} (OPENHOURS_SECRETS_FOLDER)."
        return f"is not env:{TOKEN_VARIABLES}NAME or file:NAME."


def source_secrets(settings: Settings) -> SourceSecrets:
    """Those of a process. Raises SetupError: the secret key cannot be kept or read."""
    return SourceSecrets(server_secret(settings), folder=settings.secrets_folder)


def _content(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(LONGEST + 1)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise TokenUnavailable(f"The token is to be read from {path}, which cannot be read: {reason}.") from error


def _token(text: str) -> str:
    """Without the line break that files end with; a private key keeps those within. The log masks it from now on."""
    token = text.strip()
    is_header = token.isascii() and token.isprintable() and " " not in token
    if not token or len(token) > LONGEST or not (is_header or token.startswith("-----BEGIN ")):
        raise InvalidParameters(
            f"token: the text of {len(token):,} characters is not a token; one has up to {LONGEST:,} visible "
            "characters without a space. (It is not shown here.)"
        )
    if len(token) >= _SHORTEST_CONCEALED:
        conceal(token)
    return token
