"""The class of one install, as docs/activity.md words it: slow, one row at a time."""

from datetime import date

MIRRORS = ["bandersnatch", "z3c.pypimirror", "pep381client", "artifactory", "devpi", "nexus"]
NEVER_SAY = ["poetry", "pdm", "conda", "pex", "setuptools", "distribute", "homebrew", "maturin"]
CI_IS_KEPT = date(2024, 2, 23)


def class_by_hand(installer: str | None, version: str | None, ci: bool | None, day: date) -> str:  # noqa: FBT001
    """Rule by rule, the first that holds."""
    if ci is True:
        return "ci"
    name = "" if installer is None else installer.lower()
    if name in MIRRORS:
        return "mirror"
    if name == "" or name in NEVER_SAY:
        return "unknown_ci"
    if name not in ("pip", "uv"):
        return "other"
    if day < CI_IS_KEPT:
        return "unknown_ci"
    return "person" if name == "uv" or _is_pip_that_says_ci(version) else "unknown_ci"


def _is_pip_that_says_ci(version: str | None) -> bool:
    """Whether a version is 19.1 or later, by its first two numbers."""
    parts = (version or "").split(".")
    numbers = []
    for part in parts[:2]:
        digits = ""
        for letter in part:
            if letter not in "0123456789":
                break
            digits += letter
        if digits == "":
            break
        numbers.append(int(digits))
        if digits != part:
            break
    if not numbers:
        return False
    major, minor = numbers[0], numbers[1] if len(numbers) > 1 else 0
    return major > 19 or (major == 19 and minor >= 1)
