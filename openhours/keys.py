"""The key that a client sends: given to it, in the environment, or stored for its server by ``openhours login``.

Stored keys are in one file of this user, by the address of their server, so that none is sent to another.
"""

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from openhours.errors import InvalidInput

#: Where programs that run unattended have theirs.
VARIABLE: Final = "OPENHOURS_API_KEY"

#: What fits into a header; anything else would end up in an error of the HTTP client, key and all.
_WORD: Final = re.compile(r"[!-~]+")

#: Characters of a key, behind its prefix, that are no secret.
_ID_LENGTH: Final = 8

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def key_for(address: str, *, given: str | None = None) -> str | None:
    """The key for a server; ``given`` counts before the environment, which counts before what is stored.

    Raises:
        InvalidInput: what was found is no key; other users can read the file.
    """
    if given is not None:
        return checked(given, "The key") if given else None
    if from_environment := os.environ.get(VARIABLE):
        return checked(from_environment, VARIABLE)
    return _stored().get(canonical(address))


def checked(key: str, where: str) -> str:
    """The key without surrounding space; it is not repeated where it is refused."""
    key = key.strip()
    if not _WORD.fullmatch(key):
        raise InvalidInput(f"{where} is not a key: a key is one word, such as oh_ and 49 letters and digits after it.")
    return key


def key_id(key: str) -> str | None:
    """By which servers name a key: what follows its prefix; None for what is none of theirs."""
    prefix, _, rest = key.partition("_")
    return rest[:_ID_LENGTH] if prefix == "oh" and len(rest) > _ID_LENGTH else None


def store(address: str, key: str) -> Path:
    """Keep a key for a server, instead of the one that was there; returns the file, which only its owner may read."""
    return _write({**_stored(), canonical(address): key})


def forget(address: str) -> str | None:
    """The key that was stored for a server, which is not any more."""
    keys = dict(_stored())
    key = keys.pop(canonical(address), None)
    if key is not None:
        _write(keys)
    return key


def canonical(address: str) -> str:
    """One spelling for each server: no user, no port that goes without saying, no slash at the end."""
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def file() -> Path:
    """Where keys are stored: ``~/.config/openhours/keys.json``, or below ``XDG_CONFIG_HOME``."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"), "openhours", "keys.json")  # noqa: PTH111 - an account without a home is no error here


def _stored() -> Mapping[str, str]:
    try:
        with file().open(encoding="utf-8") as stored:
            mode = os.fstat(stored.fileno()).st_mode & 0o777
            if mode & 0o077:
                raise InvalidInput(
                    f"Other users of this machine can read the keys in {file()} (mode {mode:04o}). Run: chmod 600 "
                    f"{file()}, and replace the keys if somebody may have read them."
                )
            keys = json.load(stored)
    except (FileNotFoundError, NotADirectoryError, PermissionError):  # this account has no home, or not this one
        return {}
    except ValueError:
        keys = None
    if not isinstance(keys, dict) or not all(isinstance(key, str) and _WORD.fullmatch(key) for key in keys.values()):
        raise InvalidInput(
            f"{file()} is not a file of keys by address. Remove it and log in again: openhours login URL"
        )
    return keys


def _write(keys: Mapping[str, str]) -> Path:
    """Write another file and put it in the place of the first: nobody sees half of one, or one that others can read."""
    target = file()
    if not target.is_absolute():
        raise InvalidInput(f"This account has no home folder to store a key in: set XDG_CONFIG_HOME, or {VARIABLE}.")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=".keys-")  # with mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump(keys, out, indent=2, sort_keys=True)
            out.write("\n")
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return target
