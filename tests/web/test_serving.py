"""A server of a command's own process."""

import threading
from threading import Thread

import pytest

from app.storage.resources import Resources
from app.web.server import serving


def test_ctrl_c_while_it_ends_waits_for_its_end(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    joined = Thread.join
    waited: list[str] = []

    def interrupted(self: Thread, timeout: float | None = None) -> None:
        if self.name == "http":
            waited.append(self.name)
            if len(waited) == 1:
                raise KeyboardInterrupt
        joined(self, timeout)

    monkeypatch.setattr(Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt), serving(resources, slots=0):
        pass
    assert "http" not in {thread.name for thread in threading.enumerate()}
