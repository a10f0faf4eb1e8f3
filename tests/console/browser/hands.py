"""How a person does a task: by mouse, or by keyboard alone."""

from typing import Final

from playwright.sync_api import Locator, Page

#: More than any page has to reach by Tab.
MOST_STOPS: Final = 500


class Mouse:
    """Points and clicks; types into what was clicked."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        """A link, a button, what opens a question."""
        target.click()

    def tick(self, target: Locator) -> None:
        """A box."""
        target.click()

    def pick(self, target: Locator) -> None:
        """One of several choices that are all seen."""
        target.click()

    def write(self, target: Locator, text: str) -> None:
        """Instead of what is in a field."""
        target.click(click_count=3)
        self._type(target, text)

    def choose(self, target: Locator, value: str) -> None:
        """One of a list."""
        target.select_option(value)

    def file(self, target: Locator, *paths: str) -> None:
        """Files in the window that the browser opens for them."""
        with self.page.expect_file_chooser() as chosen:
            self.press(target)
        chosen.value.set_files(list(paths))

    def _type(self, target: Locator, text: str) -> None:
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(text)
        assert target.input_value() == text


class Keyboard(Mouse):
    """Reaches everything by Tab."""

    def press(self, target: Locator) -> None:
        self.reach(target)
        is_button = target.evaluate("(one) => one.matches('button, [role=button]')")
        self.page.keyboard.press("Space" if is_button else "Enter")

    def tick(self, target: Locator) -> None:
        self.reach(target)
        self.page.keyboard.press("Space")

    def pick(self, target: Locator) -> None:
        # Tab reaches one of them; arrows lead to the others.
        group = target.evaluate("(one) => `input[type=radio][name='${one.name}']:checked`")
        self.reach(self.page.locator(group))
        for _ in range(MOST_STOPS):
            if target.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"arrows do not lead to {target}")

    def write(self, target: Locator, text: str) -> None:
        self.reach(target)
        self._type(target, text)

    def choose(self, target: Locator, value: str) -> None:
        self.reach(target)
        self.page.keyboard.press("Home")
        while target.input_value() != value:
            before = target.input_value()
            self.page.keyboard.press("ArrowDown")
            assert target.input_value() != before, f"the list has no {value}"

    def reach(self, target: Locator) -> None:
        """Press Tab until it has the focus."""
        for _ in range(MOST_STOPS):
            if target.evaluate("(one) => one === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {target}")


HANDS: Final = {"mouse": Mouse, "keyboard": Keyboard}
