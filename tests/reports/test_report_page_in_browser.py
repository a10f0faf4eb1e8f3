"""report.html as a browser shows it. ``make browser`` runs this with the machine's Chromium; make test does not."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app.storage.resources import Resources
from tests.chromium import OPTIONS, program
from tests.conftest import LoadText
from tests.reports.test_for_people import HEADER, make

pytestmark = pytest.mark.browser

#: So that a page can ask how wide another is that it shows.
READS_FILES = "--allow-file-access-from-files"

Browser = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def page(resources: Resources, load_text: LoadText, tmp_path: Path) -> Path:
    """Of two weeks of six stores, day by day, with charts, a comparison, a target and names that are hard to break."""
    names = ("Zürich Hauptbahnhof – Express & Feinkost im Untergeschoss", "A" * 60, "007", "東京駅前店", "Kiosk", "")  # noqa: RUF001
    load_text("entities", "store_id,name\n" + "".join(f"{10**18 + at},{name}\n" for at, name in enumerate(names)))
    polls = "".join(
        f"{10**18 + store},{'inactive' if (day + store) % 5 == 0 else 'active'},2023-01-{day:02}T{hour:02}:00:00Z\n"
        for store in range(len(names))
        for day in range(2, 16)
        for hour in range(24)
    )
    load_text("polls", HEADER + polls)
    asked = {"from": "2023-01-02", "to": "2023-01-16", "by": "day", "compare_to": "previous", "target_percent": 99.5}
    return make(resources, tmp_path, accounting="exact", charts=True, html=True, **asked)["report.html"]


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    def run(*given: str) -> subprocess.CompletedProcess[str]:
        home = f"--user-data-dir={tmp_path / 'browser'}"
        return subprocess.run(
            [program(), *OPTIONS, READS_FILES, home, *given], capture_output=True, text=True, timeout=90, check=True
        )

    return run


def test_it_says_nothing_on_the_console_as_it_asks_for_nothing_from_outside(page: Path, browser: Browser) -> None:
    ran = browser("--dump-dom", page.as_uri())
    assert "All stores by period" in ran.stdout
    assert "CONSOLE" not in ran.stderr
    # Its policy refuses what is not in it, and the browser says so.
    for more in ('<img src="http://elsewhere.example/x.png">', "<script>1</script>"):
        other = page.with_name("other.html")
        other.write_text(page.read_text("utf-8").replace("</body>", f"{more}</body>"), encoding="utf-8")
        assert "Content Security Policy" in browser("--dump-dom", other.as_uri()).stderr


@pytest.mark.parametrize("width", [320, 375, 800, 1280])
def test_it_is_not_wider_than_its_window(page: Path, browser: Browser, tmp_path: Path, width: int) -> None:
    frame = tmp_path / "frame.html"
    told = "with (page.contentDocument.documentElement) document.title = scrollWidth + ' of ' + clientWidth"
    frame.write_text(f'<iframe id="page" width="{width}" height="800" src="report.html" onload="{told}"></iframe>')
    found = re.search(r"<title>(\d+) of (\d+)</title>", browser("--dump-dom", frame.as_uri()).stdout)
    assert found, "the page was not shown"
    assert found[1] == found[2]
    assert width - 20 <= int(found[2]) <= width, "beside it there is room for a scroll bar"


def test_it_prints_on_a4(page: Path, browser: Browser, tmp_path: Path) -> None:
    pdf = tmp_path / "report.pdf"
    browser("--no-pdf-header-footer", f"--print-to-pdf={pdf}", page.as_uri())
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF-")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 5
    boxes = {
        tuple(round(float(edge)) for edge in box.split()) for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", content)
    }
    assert boxes == {(0, 0, 595, 842)}, "points of A4"
