"""A process that tells, over servers of its own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.access.principal import Principal, acting_as
from app.access.scopes import SCOPES_OF, Role
from app.storage.resources import Resources
from tests.conftest import LoadText, load_file
from tests.deliveries.scene import Scene, with_settings


@pytest.fixture(autouse=True)
def as_admin() -> Iterator[Principal]:
    """Who acts in each test."""
    admin = Principal(name="ada", via="local", scopes=SCOPES_OF[Role.ADMIN])
    with acting_as(admin):
        yield admin


@pytest.fixture
def scene(resources: Resources) -> Scene:
    """Without a mail server, and with a webhook ``ops`` that hears only what names it."""
    made = Scene(with_settings(resources))
    made.webhook(9, "ops", events=())
    return made


@pytest.fixture
def load_text(scene: Scene, tmp_path: Path) -> LoadText:
    """Loads a CSV given as text that comes now: rules go by the clock."""

    def run(kind: str, text: str) -> int:
        path = tmp_path / f"{kind}.csv"
        path.write_text(text, encoding="utf-8", newline="")
        return load_file(scene.resources, kind, path, now=datetime.now(UTC)).rows_read

    return run
