"""What the Tab key reaches on a page, in which order, and whether one sees where one is."""

from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Page

#: Numbers what can have the focus, in the order of the document, and says how each looks without it.
_NUMBER: Final = """
() => {
  const look = (one) => {
    const style = getComputedStyle(one);
    return [style.outlineStyle, style.outlineWidth, style.boxShadow, style.borderColor, style.backgroundColor].join();
  };
  globalThis.lookOf = look;
  document.activeElement?.blur();
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  const shown = all.filter((one) => one.tabIndex >= 0 && !one.disabled && one.type !== "hidden"
    && one.checkVisibility({visibilityProperty: true}));
  // Of buttons of which one is chosen, Tab reaches one.
  const groups = new Map();
  const reached = shown.filter((one) => {
    if (one.type !== "radio") return true;
    const group = `${one.form?.id} ${one.name}`;
    const chosen = document.querySelector(`input[type=radio][name="${CSS.escape(one.name)}"]:checked`);
    if (chosen) return one === chosen;
    if (groups.has(group)) return false;
    groups.set(group, one);
    return true;
  });
  globalThis.numbered = new Map(reached.map((one, at) => [one, at]));
  return reached.map((one) => ({told: one.outerHTML.slice(0, 160), look: look(one)}));
}
"""

#: Where the focus is: its number, how it looks, where it is in the window.
_HERE: Final = """
() => {
  const one = document.activeElement;
  const box = one.getBoundingClientRect();
  return {
    number: numbered.get(one) ?? null, told: one.outerHTML.slice(0, 160), look: lookOf(one),
    left: box.left + scrollX, right: box.right + scrollX, top: box.top + scrollY, bottom: box.bottom + scrollY,
    isInView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}
"""


@dataclass(frozen=True, slots=True)
class Stop:
    """An element that Tab has reached.

    Attributes:
        told: how it begins in HTML.
        is_seen: whether it looks otherwise than without the focus, and is in the window.
        box: left, top, right and bottom on the page, pixels.
    """

    told: str
    is_seen: bool
    box: tuple[float, float, float, float]


def stops(page: Page) -> list[Stop]:
    """Press Tab until everything that can have the focus had it.

    Raises:
        AssertionError: another element has it than is next on the page.
    """
    before: list[dict[str, Any]] = page.evaluate(_NUMBER)
    found = []
    for at, expected in enumerate(before):
        page.keyboard.press("Tab")
        here = page.evaluate(_HERE)
        assert here["number"] == at, f"Tab reaches {here['told']} instead of {expected['told']}"
        is_seen = here["look"] != expected["look"] and here["isInView"]
        found.append(Stop(here["told"], is_seen, (here["left"], here["top"], here["right"], here["bottom"])))
    return found


def goes_back(before: Stop, after: Stop) -> bool:
    """Whether the next stop is above the one before, and not in a column right of it."""
    return after.box[3] <= before.box[1] and after.box[0] < before.box[2]
