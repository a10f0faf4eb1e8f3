"""A window that is watched: the policy holds, nothing is asked of others, no script fails, axe is content."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, Request

VENDORED: Final = Path(__file__).parent.parent / "vendor"

#: Has the console say what the policy has refused, also where the browser itself says nothing.
TELLS_OF_REFUSALS: Final = """
document.addEventListener("securitypolicyviolation", (refused) =>
  console.error(`policy: ${refused.effectiveDirective} refuses ${refused.blockedURI} ${refused.sample}`));
"""

#: What axe is held to.
TAGS: Final = ("wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice")

#: Longest that a test waits for anything of a page: the machine may be busy, milliseconds.
PATIENCE_MS: Final = 30_000

#: Widths of a small window, which is also 1280 enlarged four times, and of an ordinary one, pixels.
NARROW, WIDE = 320, 1280

#: A chart that is still a picture.
NOT_DRAWN: Final = "figure[data-chart]:not(:has(svg[aria-hidden]))"

_OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"

_AXE = """
(tags) => axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]}).then(
  (found) => found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target} ${node.html}`)))
"""


@dataclass
class Watched:
    """A window, with what went wrong in it.

    Attributes:
        page: Playwright's.
        address: of the service, which alone it may ask.
        faults: a line for each.
        may_be_cut_off: whether connections may break without that being a fault.
    """

    page: Page
    address: str
    faults: list[str] = field(default_factory=list)
    may_be_cut_off: bool = False

    def open(self, path: str) -> None:
        """Go to an address of the service."""
        self.page.goto(self.address + path)
        self.settle()

    def settle(self) -> None:
        """Return when charts are drawn and pieces have come that are loaded later."""
        for waiting in (NOT_DRAWN, "[hx-trigger=load]"):
            self.page.locator(waiting).first.wait_for(state="detached")

    def at(self, heading: str) -> None:
        """Return when a page with such a heading is there."""
        self.page.get_by_role("heading", level=1, name=heading).wait_for()
        self.settle()

    def slow_down(self, bytes_per_second: int) -> None:
        """Have this window send that much at most, so that there is time to do something meanwhile."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
        session.send("Network.emulateNetworkConditions", limits)

    def sent(self, share: float) -> None:
        """Return when such a share of the file that is being uploaded has been sent."""
        bar = self.page.locator("#uploads progress").last
        while float(bar.evaluate("(one) => one.value")) < share:
            self.page.wait_for_timeout(50)

    def fact(self, name: str) -> Locator:
        """What a page says of a name in its list of facts."""
        return self.page.locator(f"dt:text-is({json.dumps(name)}) + dd")

    def hold(self) -> None:
        """Hold the page as it is now to the rules of accessibility."""
        found = self.violations()
        assert not found, "\n".join([self.page.url, *found])

    def hold_everywhere(self) -> None:
        """Hold the page to the rules in an ordinary window, and in the hardest one."""
        for width, scheme in ((WIDE, "light"), (NARROW, "dark")):
            self.look(width=width, scheme=scheme)
            self.hold()
            assert self.overflow() == 0, f"{self.page.url} is wider than {width} pixels"

    def overflow(self) -> int:
        """How much wider than its window the page is, pixels."""
        found: int = self.page.evaluate(_OVERFLOW)
        return found

    def look(self, *, width: int, scheme: Any) -> None:
        """Change the window's width and its colours."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")

    def violations(self) -> list[str]:
        """Rules of accessibility that the page breaks, and where."""
        found: list[str] = self.page.evaluate(_AXE, list(TAGS))
        return found

    def note_console(self, message: ConsoleMessage) -> None:
        # That a page was refused is told on the page; tests that refuse nothing look at statuses themselves.
        is_refusal = message.text.startswith("Failed to load resource: the server responded with a status of 4")
        is_cut = self.may_be_cut_off and message.text.startswith("Failed to load resource: net::ERR_")
        if message.type == "error" and not is_refusal and not is_cut:
            self.faults.append(f"console: {message.text} ({message.location.get('url')})")

    def note_request(self, request: Request) -> None:
        if not request.url.startswith((self.address + "/", "data:", f"blob:{self.address}/")):
            self.faults.append(f"asks {request.url}")


@contextmanager
def watched(
    browser: Browser, address: str, *, width: int = WIDE, scheme: Any = "light", language: str = "en-US", **more: Any
) -> Iterator[Watched]:
    """A window without cookies; what has gone wrong in it is told when it is closed."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        reduced_motion="reduce",  # colours are looked at when they have changed
        locale=language,
        timezone_id="Europe/Berlin",
        **more,
    )
    try:
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(TELLS_OF_REFUSALS)
        context.add_init_script(path=VENDORED / "axe.min.js")
        window = Watched(context.new_page(), address)
        context.on("console", window.note_console)
        context.on("request", window.note_request)
        context.on("weberror", lambda error: window.faults.append(f"script: {error.error}"))
        try:
            yield window
        except Exception as error:
            with suppress(Error):
                shown = window.page.locator("body").inner_text(timeout=1000)
                error.add_note(f"{window.page.url} shows:\n{shown[:2000]}")
            raise
        window.page.wait_for_timeout(0)  # what the browser has said arrives
        assert not window.faults, "\n".join(window.faults)
    finally:
        context.close()
