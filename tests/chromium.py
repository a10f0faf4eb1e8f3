"""The Chromium of the machine, which ``make browser`` opens pages with."""

import shutil
from typing import Final

#: What a browser is called, in the order in which it is looked for.
NAMES: Final = ("chromium", "chromium-browser", "google-chrome")

#: It asks for nothing by itself, and says what pages say.
OPTIONS: Final = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--enable-logging=stderr"),
)


def program() -> str:
    """Where it is.

    Raises:
        LookupError: there is none.
    """
    found = next((found for name in NAMES if (found := shutil.which(name))), None)
    if found is None:
        raise LookupError(f"make browser needs one of {', '.join(NAMES)} in PATH; on Debian: apt install chromium")
    return found
