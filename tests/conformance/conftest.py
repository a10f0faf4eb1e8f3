"""A server whose every operation can be asked."""

from collections.abc import Iterator

import pytest

from app.jobs.waiters import Waiters
from app.storage.resources import Resources
from app.web.server import serving

#: How long it lets a request wait for its report, seconds.
LONGEST_WAIT_SECONDS = 0.01


@pytest.fixture(scope="module")
def address(loaded: Resources) -> Iterator[str]:
    """A server that lets nobody wait as long as they ask for: hundreds of requests would take as many half minutes."""
    wait = Waiters.wait

    async def wait_shortly(self: Waiters, report_id: str, *, seconds: float) -> None:
        await wait(self, report_id, seconds=min(seconds, LONGEST_WAIT_SECONDS))

    with pytest.MonkeyPatch.context() as patch, serving(loaded, slots=1) as address:
        patch.setattr(Waiters, "wait", wait_shortly)
        yield address
