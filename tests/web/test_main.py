"""The application starts whole or not at all."""

from threading import enumerate as threads

import pytest
from fastapi.testclient import TestClient

from app.storage.resources import Resources
from app.uploads.janitor import UploadKeeper
from app.web.application import create_app
from tests.kinds import KINDS


def test_what_has_started_stops_when_the_rest_cannot_start(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_: UploadKeeper) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(UploadKeeper, "start", no_room)
    before = set(threads())
    with (
        pytest.raises(RuntimeError, match="can't start new thread"),
        TestClient(create_app(resources, slots=1, kinds=KINDS)),
    ):
        pytest.fail("It started.")
    assert [thread.name for thread in set(threads()) - before if not thread.daemon] == []
