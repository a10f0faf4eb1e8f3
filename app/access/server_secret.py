"""The secret key of the installation, from which others are derived; it is in no database."""

import os
import secrets
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from app.errors import SetupError
from app.settings import Settings, listed

_FILE: Final = "secret-key"


class ServerSecret:
    """One key or several: the first is used for what is new, the others for what was made with them."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = {sha256(key.encode()).hexdigest()[:8]: key.encode() for key in keys}

    def ids(self) -> list[str]:
        """The names of all keys, that for what is new first."""
        return list(self._keys)

    def newest_id(self) -> str:
        """The name of the key for what is new; it does not tell the key.

        Raises:
            SetupError: there is none.
        """
        if not self._keys:
            raise SetupError(
                "This needs a secret key. Set OPENHOURS_SECRET_KEY to 32 random characters or more, the same for all "
                "replicas."
            )
        return next(iter(self._keys))

    def key(self, key_id: str) -> bytes:
        """The key of this name.

        Raises:
            SetupError: it is not among the keys any more.
        """
        if key_id not in self._keys:
            raise SetupError(
                "OPENHOURS_SECRET_KEY lacks a key that is still in use. Add the earlier key behind the new one, after "
                "a comma."
            )
        return self._keys[key_id]

    def __repr__(self) -> str:
        return f"ServerSecret({', '.join(self._keys)})"


def server_secret(settings: Settings) -> ServerSecret:
    """The keys of the settings; else one that is made once in the home of the embedded servers, if Postgres is there.

    Raises:
        SetupError: the file cannot be made or read.
    """
    if settings.secret_key is not None:
        return ServerSecret(listed(settings.secret_key.get_secret_value()))
    if settings.database_url is not None:
        return ServerSecret([])  # other replicas could not see a file of ours
    return ServerSecret([_kept(settings.home / _FILE)])


def _kept(path: Path) -> str:
    """The content of a file; of several processes that make it at once, one does."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile("w", dir=path.parent) as file:  # only its owner may read it
                file.write(secrets.token_urlsafe(32))
                file.flush()
                with suppress(FileExistsError):
                    os.link(file.name, path)
        return path.read_text().strip()
    except OSError as error:
        raise SetupError(f"Cannot keep the secret key in {path}: {error.strerror}.") from error
