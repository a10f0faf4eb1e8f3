"""The application starts whole or not at all."""

from threading import enumerate as threads
from typing import Any

import pytest

from app.jobs.periodic import Periodic
from app.replica.loops import Loop, started
from app.storage.resources import Resources
from app.web.application import create_app
from tests.kinds import KINDS
from tests.local_client import LocalClient


def test_what_has_started_stops_when_the_rest_cannot_start(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(loop: Loop, **options: Any) -> Periodic:
        if loop.name == "uploads":
            raise RuntimeError("can't start new thread")
        return started(loop, **options)

    monkeypatch.setattr("app.replica.replica.started", no_room)
    before = set(threads())
    with (
        pytest.raises(RuntimeError, match="can't start new thread"),
        LocalClient(create_app(resources, slots=1, kinds=KINDS)),
    ):
        pytest.fail("It started.")
    begun = set(threads()) - before
    for thread in begun:  # the memory of the login limits begins a timer that ends by itself
        thread.join(timeout=30)
    assert [thread.name for thread in begun if thread.is_alive()] == []
