"""Secrets that a test has made, and the places in which none of them may ever be found."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from sqlalchemy import Engine, inspect

from app.access import second_factor, secrets
from app.access.secrets import Kind, Secret
from app.storage.postgres import driver_cursor

#: A shorter text is found in anything.
SHORTEST = 8


class SecretsSeen:
    """Texts by their names; tests add passwords and what servers answer, ``noting`` adds what is made meanwhile."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, name: str, text: str) -> str:
        """Look for it from now on; returns it."""
        assert len(text) >= SHORTEST, f"{name} is too short to be looked for"
        self._texts[text] = name
        return text

    def found_in(self, text: str) -> list[str]:
        """Names of those that are in a text: as they are, in hexadecimal digits, or in base64."""
        return sorted({name for secret, name in self._texts.items() if any(one in text for one in _forms(secret))})


@contextmanager
def noting(seen: SecretsSeen) -> Iterator[None]:
    """Have every credential and recovery code that this process makes or reads be added."""
    recovery_code = second_factor._recovery_code

    def noted(kind: Kind, text: str) -> Secret:
        return Secret(kind, seen.add(f"{kind.value} {len(seen)}", text))

    def noted_code() -> str:
        return seen.add(f"recovery code {len(seen)}", recovery_code())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "Secret", noted)
        patch.setattr(second_factor, "_recovery_code", noted_code)
        yield


def dump_of(engine: Engine) -> str:
    """Every row of every table, as ``COPY … TO STDOUT`` writes it."""
    tables = inspect(engine).get_table_names()
    out = StringIO()
    with engine.connect() as connection, driver_cursor(connection) as cursor:
        for table in tables:
            cursor.copy_expert(f'COPY (SELECT * FROM "{table}") TO STDOUT', out)
    return out.getvalue()


def _forms(secret: str) -> Iterator[str]:
    raw = secret.encode()
    yield secret
    yield raw.hex()
    # In the middle of other bytes base64 begins elsewhere: three ways, without the ends that depend on what is around.
    for shift in range(3):
        coded = base64.b64encode(bytes(shift) + raw).decode().rstrip("=")
        yield coded[4 if shift else 0 : len(coded) - 3]
