"""What tests of reports share."""

import pytest


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are empty: what they are drawn of is a file beside each."""
    monkeypatch.setattr("app.charts.files.png", lambda _: b"")
