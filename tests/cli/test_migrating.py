"""A program that owns its Postgres migrates it at its start, however long that takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from app.commands import opening
from app.settings import Settings
from app.storage import migrate
from app.storage import resources as opened
from app.storage.resources import Addresses


def test_a_migration_has_no_limit_of_a_request(servers: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def addresses(_: Settings) -> Iterator[Addresses]:
        yield replace(servers, embedded=frozenset({"postgres"}))

    def limit(engine: Engine) -> None:
        with engine.connect() as connection:
            limits.append(connection.scalar(text("SHOW statement_timeout")))

    limits = list[str]()
    monkeypatch.setattr(opened, "addresses", addresses)
    monkeypatch.setattr(migrate, "migrate", limit)
    with opening.resources(Settings(), server=True) as (_, resources):
        limit(resources.engine)
    assert limits == ["0", "15s"]
