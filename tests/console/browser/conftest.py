"""A served application on the sample data, and the machine's Chromium to look at it with."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial

import httpx2
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from app.storage.resources import Resources
from app.web.server import serving
from tests.chromium import OPTIONS, program
from tests.conftest import stopping_soon
from tests.console.browser.hands import HANDS, Mouse
from tests.console.browser.watched import PATIENCE_MS, Watched, watched
from tests.console.examples import Made, make
from tests.uploads.cutting_proxy import cutting_proxy
from tests.web.test_addressed import with_settings

#: Longest that the service may take to answer on a busy machine, seconds.
PATIENCE_SECONDS = 60

Windows = Callable[..., AbstractContextManager[Watched]]


@pytest.fixture(scope="module")
def address(loaded: Resources) -> Iterator[str]:
    """Where the application is: two replicas with a worker each, which take connections in turns."""
    allowing = with_settings(loaded, webhook_allow="127.0.0.1")
    with (
        stopping_soon(),
        serving(allowing, slots=1) as one,
        serving(allowing, slots=1) as other,
        cutting_proxy(lambda: [one, other]) as proxy,
    ):
        yield proxy.address


@pytest.fixture(scope="module")
def guarded_address(loaded: Resources) -> Iterator[str]:
    """Where the application asks who it is."""
    settings = loaded.settings.model_copy(update={"auth": "on"})
    with stopping_soon(), serving(replace(loaded, settings=settings), slots=0) as address:
        yield address


@pytest.fixture(scope="module")
def made(address: str) -> Made:
    """What the examples need."""
    with httpx2.Client(base_url=address, timeout=PATIENCE_SECONDS) as client:
        return make(client)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=list(OPTIONS))
        yield browser
        browser.close()


@pytest.fixture
def window(browser: Browser, address: str) -> Windows:
    """Opens a window: with a width, a scheme of colours, a language."""
    return partial(watched, browser, address)


@pytest.fixture
def page(window: Windows) -> Iterator[Watched]:
    """An ordinary window."""
    with window() as opened:
        yield opened


@pytest.fixture(params=HANDS.values(), ids=HANDS.keys())
def hand(page: Watched, request: pytest.FixtureRequest) -> Mouse:
    """Does a task in the ordinary window."""
    made: Mouse = request.param(page.page)
    return made
