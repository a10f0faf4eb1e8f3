"""A process that tells, over servers of its own."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.storage.resources import Resources
from tests.conftest import LoadText, load_file
from tests.deliveries.scene import Scene, with_settings


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
