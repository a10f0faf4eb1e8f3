"""The commands of the documentation, as they stand: each works, and shows what its page says it shows."""

import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from app.catalogue.foreground import bring_in
from app.catalogue.options import LoadOptions
from app.settings import Settings
from app.storage.migrate import migrate
from app.storage.resources import addresses, open_resources
from tests.commands import REPOSITORY, answers, free_port, started, wait_until, working_below
from tests.conftest import SAMPLE_DATA
from tests.programs.command import of_module, without_settings

#: Kinds and names of files.
Files = tuple[tuple[str, str], ...]

STORES: Files = (("hours", "hours"), ("timezones", "timezones"), ("polls", "polls"))
TEAMS: Files = (("hours", "team_hours"), ("timezones", "team_timezones"), ("pull_requests", "pull_requests"))

#: Pages with commands that run here, each from top to bottom, and what was loaded before: kinds and sample files.
PAGES: dict[str, Files] = {
    "README.md": (),
    "docs/activity.md": (),
    "docs/console.md": STORES,
    "docs/calendar-rules.md": (),
    "docs/contributing.md": (),
    "docs/http.md": STORES,
    "docs/access.md": (),
    "docs/command-line.md": STORES,
    "docs/datasets.md": (),
    "docs/entities.md": STORES,
    "docs/founding-apis.md": (),
    "docs/metrics.md": (),
    "docs/schedules.md": STORES,
    "docs/uploads.md": (),
    "docs/pull-request-rules.md": TEAMS,
}

#: How blocks begin that do not run here, and why.
NOT_RUN = {
    "make demo": "would look at .venv; below its command is run",
    "make lint types test": "would run itself",
    ".venv/bin/python -m tests.github": "runs until Ctrl-C",
    ".venv/bin/python -m pytest": "tests what the page adds; test_contributing.py does it in a copy",
    ".venv/bin/python -m tests.texts": "changes the checkout; test_contributing.py does it in a copy",
    ".venv/bin/python -m tests.pages": "changes the checkout; test_contributing.py does it in a copy",
    ".venv/bin/python -m tests.migration": "changes the checkout; test_contributing.py does it in a copy",
    "docker ": "needs a container engine",
    "EXTRA=-cluster ": "needs a container engine",
    "METRICS=open docker ": "needs a container engine",
    "VIEWS_PASSWORD=": "the Postgres that comes along lets in no other role; tests/dashboards makes some elsewhere",
    "kubectl ": "needs a cluster",
    "cd deploy/terraform/": "needs an account or a cluster; tests/deployment/test_terraform.py evaluates the modules",
    "cd deploy && python3 -m zipfile": "makes the bundle of Superset, which the next commands send",
    "SUPERSET=": "needs a Superset; tests/dashboards/test_superset.py checks the bundle",
    "uv tool run checkov": "asks a package index; tests/deployment/test_terraform.py runs it where it is installed",
    ".venv/bin/python -m tests.release cut": "commits and pushes; tests/test_release.py cuts a copy",
    "git ": "asks a repository for a tag that is not there",
    "cosign ": "signs by the identity of whoever releases",
    "export OPENHOURS_DATABASE_URL": "needs servers of the reader's own",
    "openhours demo-data --stores 14000 --bytes 1GB": "writes a gigabyte",
    "uv tool install": "would install into the home of whoever runs the tests; test_package.py installs the wheel",
    "uvicorn ": "would listen on port 8000; tests/test_main.py runs it",
    "deploy/backup.sh": "needs pg_dump and rclone on the path; tests/deployment/test_backup.py runs both scripts",
    "openhours seal": "needs weeks that are old; tests/sealing/test_command.py runs it",
    "read -rs GITHUB_TOKEN": "asks whoever types for a token",
    "curl -s localhost:8000/trigger_report \\\n": "needs a webhook and a mail "
    "server; tests/deliveries/test_mails.py has one",
    "openhours webhooks ": "needs a receiver; tests/cli/test_cli_webhooks.py has one",
    "openhours rules add": "needs a webhook; tests/cli/test_cli_rules.py has one",
    'openhours schedules add weekly --report uptime --params \'{"period": "last_week", "html"': "needs a mail server",
    "openhours sources ": "asks GitHub; tests/cli/test_cli_sources.py asks a fake one",
    "openhours activity hours": "needs teams with commits; tests/cli/test_cli_activity.py has them",
    "openhours activity backfill": "needs a source; tests/cli/test_cli_activity.py has one",
    "openhours report pull_requests --out out/": "needs what the source has brought; tests/reports has reports of them",
}

#: What is another at each run: ids, ports, signatures, keys, when a file came or a user and by whose account, and what
#: a machine and its servers are like.
CHANGING = re.compile(
    r"""[0-9a-f]{32}(?![0-9a-f]) | 127\.0\.0\.1:\d+ | localhost:\d+ | (?<=\.csv)\?[^"\s]*
    | (?<=manifest\.json:\ )[\d,]+(?=\ bytes) | (?<=uptime-summary\.json:\ )[\d,]+(?=\ bytes)
    | [\d.,]+(?=\ GiB\ free|\ files\ and\ connections|\ s\ apart) | (?<=PostgreSQL\ )[\d.]+ | (?<=Valkey\ )[\d.]+
    | (?<=at\ revision\ )\d{4} | (?<=temporary\ folder:\ )\S+ | "(?:created|uploaded|started|finished)_at":\ "[^"]*"
    | (?:date|upload-expires):\ [^\r\n]* | (?<=oh_)[0-9A-Za-z]{8}…[0-9A-Za-z]{4}
    | (?:(?<=next:\ )|(?<=Berlin\ \ ))\d{4}-\d\d-\d\dT06:30:00\+0[12]:00
    | \d{4}-\d\d-\d\dT\d\d:\d\dZ(?:\ \ (?!never)\S+)?""",
    re.VERBOSE,
)

#: What a command tells of its progress; pages leave it out.
PROGRESS = re.compile(
    r"^(?:(?:\w+(?: [0-9a-f]{32})?|demo data): \w+ \(\d+%\)|(?:reading|uploading) \S+: [\d,]+ bytes)\n", re.MULTILINE
)


@dataclass(frozen=True)
class Step:
    """A command of a page, and what the page shows for it."""

    command: str
    shown: str


def blocks(page: str) -> list[list[Step]]:
    """The console blocks of a page."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    found = []
    for block in re.findall(r"^ *```console\n.*?^ *```$", text, re.DOTALL | re.MULTILINE):
        lines = textwrap.dedent(block).partition("\n")[2].rpartition("\n")[0] + "\n"
        sessions = re.split(r"^\$ ", lines, flags=re.MULTILINE)[1:]
        parts = [re.match(r"((?:[^\n]*\\\n)*[^\n]*)\n?(.*)", one, re.DOTALL).groups() for one in sessions]  # type: ignore[union-attr]
        found.append([Step(command, shown) for command, shown in parts])
    return found


def is_run(block: list[Step]) -> bool:
    return not block[0].command.startswith(tuple(NOT_RUN))


def plain(text: str) -> list[str]:
    text = CHANGING.sub("…", PROGRESS.sub("", text))
    return [line.rstrip() for line in text.strip().splitlines()]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Files], Path]:
    """Homes with such files loaded, each made once, to be copied: to make one takes as long as to run a page."""

    @cache
    def made(files: Files) -> Path:
        settings = Settings(home=tmp_path_factory.mktemp("prepared"))
        with addresses(settings) as where, open_resources(settings, where) as resources:
            migrate(resources.engine)
            for kind, name in files:
                file = SAMPLE_DATA / f"{name}.csv"
                told = str(file.relative_to(REPOSITORY))
                bring_in(resources, kind, file, options=LoadOptions(), shown_as=told, told=lambda *_: None)
        return settings.home

    return made


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the README has a checkout keep its data."""
    return tmp_path / "checkout" / ".openhours"


@pytest.fixture
def address(page: str, home: Path, prepared: Callable[[Files], Path]) -> Iterator[str]:
    """A server as ``make serve`` starts it, on a port of its own, with the files of the page loaded."""
    home.parent.mkdir()
    subprocess.run(["cp", "-a", prepared(PAGES[page]), home], check=True)  # with the owners, which Postgres looks at
    address = f"localhost:{free_port()}"
    with started(home, "serve", "--port", address.rpartition(":")[2]) as process:
        wait_until(lambda: answers(f"http://{address}/readyz") == 200, process)
        yield address
        process.terminate()
        process.communicate(timeout=20)
    assert working_below(home) == []


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that looks like the repository; what is written below out/ does not meet anybody else's."""
    folder = tmp_path / "checkout"
    folder.mkdir(exist_ok=True)
    for entry in REPOSITORY.iterdir():
        if entry.name not in {"out", ".openhours"}:
            (folder / entry.name).symlink_to(entry)
    return folder


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_commands_of_a_page_show_what_it_says(page: str, home: Path, address: str, checkout: Path) -> None:
    steps = [step for block in blocks(page) if is_run(block) for step in block]
    assert steps
    for step, told in zip(steps, outputs(steps, home, address, checkout), strict=True):
        assert plain(told) == plain(step.shown), step.command


def test_the_demo_ends_as_the_readme_shows(home: Path, checkout: Path) -> None:
    shown = (REPOSITORY / "README.md").read_text(encoding="utf-8").split("```text\n")[1].split("```")[0]
    (told,) = outputs([Step("openhours demo", shown)], home, "", checkout)
    whole_link = re.compile(r"(?<=/a1/)\S*")  # as much of it as a line takes
    assert plain(whole_link.sub("…", told[told.index("POST") :])) == plain(whole_link.sub("…", shown))


def outputs(steps: list[Step], home: Path, address: str, checkout: Path) -> list[str]:
    """What each command tells, all given to one shell, as a reader does."""
    shown = [checkout.parent / f"{number}.txt" for number in range(len(steps))]
    script = "\n".join(
        [
            f'openhours() {{ {shlex.join(of_module("app"))} "$@"; }}',  # of this checkout, whatever is installed
            *(f"{{ {here(one.command, address)}\n}} >{file} 2>&1" for one, file in zip(steps, shown, strict=True)),
        ]
    )
    variables = without_settings() | {"OPENHOURS_HOME": str(home), "OPENHOURS_SLOTS": "1", "PYTHONWARNINGS": "error"}
    subprocess.run(["bash", "-c", script], cwd=checkout, env=variables, timeout=150, check=False)
    return [file.read_text(encoding="utf-8") for file in shown]


def here(command: str, address: str) -> str:
    """A command with the server and the interpreter of this run."""
    command = command.replace("localhost:8000", address)
    return re.sub(r"\.venv/bin/python |python3 (?=-[mc])", f"{sys.executable} ", command)


def pages() -> list[str]:
    files = (*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"))
    return [str(file.relative_to(REPOSITORY)) for file in files]


def test_every_page_with_commands_is_run_or_says_why_not() -> None:
    assert set(PAGES) == {page for page in pages() if any(map(is_run, blocks(page)))}


def test_no_reason_is_left_for_commands_that_no_page_shows() -> None:
    begins = [block[0].command for page in pages() for block in blocks(page)]
    for start in NOT_RUN:
        assert any(command.startswith(start) for command in begins), start
