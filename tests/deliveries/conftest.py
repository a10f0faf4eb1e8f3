"""A process that tells, over servers of its own."""

import pytest

from app.storage.resources import Resources
from tests.deliveries.scene import Scene, with_settings


@pytest.fixture
def scene(resources: Resources) -> Scene:
    """Without a mail server."""
    return Scene(with_settings(resources))
