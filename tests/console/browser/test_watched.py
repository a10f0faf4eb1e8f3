"""Each fault that a window is watched for is told."""

import pytest

from tests.console.browser.conftest import Windows

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')", "policy: style-src-attr"),
        (
            "document.body.insertAdjacentHTML('beforeend', '<img src=\"http://elsewhere.invalid/\" alt=\"\">')",
            "policy:",
        ),
        ('document.body.insertAdjacentHTML(\'beforeend\', \'<img src="x" onerror="1" alt="">\')', "policy: script-src"),
        ("setTimeout(() => { throw new Error('of ours') })", "script: of ours"),
        ("console.error('of ours')", "console: of ours"),
        ("location = 'http://elsewhere.invalid/'", "asks http://elsewhere.invalid/"),
    ],
)
def test_a_fault_is_told(window: Windows, fault: str, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        _commit(window, fault)


def test_what_axe_finds_is_told(window: Windows) -> None:
    with window() as opened:
        opened.open("/console")
        assert opened.violations() == []
        opened.page.evaluate("document.querySelector('h1').outerHTML = '<h4>x</h4><input>'")
        found = opened.violations()
        assert {one.partition(":")[0] for one in found} >= {"label", "page-has-heading-one"}


def _commit(window: Windows, fault: str) -> None:
    with window() as opened:
        opened.open("/console")
        opened.page.evaluate(fault)
        opened.page.wait_for_timeout(200)  # what comes of it arrives
