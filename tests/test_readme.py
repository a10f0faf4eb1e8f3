"""The README's commands, as they stand: each works, and shows what the README says it shows."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import httpx2
import pytest

from tests.commands import REPOSITORY, free_port, run, started, working_below

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")

#: What the README shows that is another at each run.
CHANGING = re.compile(r"[0-9a-f]{32}(?![0-9a-f])|127\.0\.0\.1:\d+|localhost:\d+|X-Amz-[^\"]*")

WRONG_FILE = """\
store_id,status,timestamp_utc
007,active,2023-01-22 12:09:39 UTC
007,up,2023-01-22 13:09:39 UTC
007,active,2023-01-22 14:09:39
"""


def sessions(heading: str) -> list[tuple[str, str]]:
    """The commands below a heading, each with the output that is shown for it."""
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    found = []
    for block in re.findall(r"```console\n(.*?)```", section, re.DOTALL):
        for session in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, output = re.match(r"((?:[^\n]*\\\n)*[^\n]*)\n?(.*)", session, re.DOTALL).groups()  # type: ignore[union-attr]
            found.append((command, output))
    return found


def plain(text: str) -> list[str]:
    return CHANGING.sub("…", text).replace("……", "…").strip().splitlines()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme") / "home"


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    """A server as ``make serve`` starts it, on a port of its own."""
    address = f"localhost:{free_port()}"
    with started(home, "serve", "--port", address.rpartition(":")[2]) as process:
        deadline = monotonic() + 40
        while True:
            try:
                httpx2.get(f"http://{address}/readyz").raise_for_status()
                break
            except httpx2.HTTPError:
                assert monotonic() < deadline
                sleep(0.05)
        yield address
        process.terminate()
        process.communicate(timeout=20)
    assert working_below(home) == []


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_commands_of_the_http_section_show_what_the_readme_shows(home: Path, address: str) -> None:
    report_id = ""
    commands = sessions("Use it over HTTP")
    assert len(commands) == 6
    for command, output in commands:
        if command.startswith(".venv/bin/python -m app "):
            shown = run(home, *shlex.split(command)[3:]).out
        else:
            here = command.replace("localhost:8000", address).replace("python3 -m", f"{sys.executable} -m")
            here = re.sub(r"(?<=report_id=)[0-9a-f]{32}", report_id, here)
            if report_id and "report_id=" in here:
                wait_for(f"http://{address}/get_report?report_id={report_id}")
            shown = subprocess.run(["bash", "-c", here], capture_output=True, text=True, check=True).stdout
            report_id = json.loads(shown).get("report_id", report_id)
        assert plain(shown) == plain(output), command


def wait_for(url: str) -> None:
    deadline = monotonic() + 30
    while httpx2.get(url).json()["status"] == "Running":
        assert monotonic() < deadline
        sleep(0.05)


def test_the_commands_of_the_command_line_section_show_what_the_readme_shows(
    home: Path, address: str, tmp_path: Path
) -> None:
    for kind in ("hours", "timezones", "polls"):
        run(home, "load", kind, f"sample_data/{kind}.csv")
    (report, shown_report), (load, shown_load) = sessions("Use it from the command line")
    target = tmp_path / "uptime.csv"
    arguments = [str(target) if word == "uptime.csv" else word for word in shlex.split(report)[3:]]
    outcome = run(home, *arguments, "--server", f"http://{address}")
    assert outcome.code == 0
    assert plain(outcome.out.replace(f"{tmp_path}/", "")) == plain(shown_report)[-2:]
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(WRONG_FILE)
    outcome = run(home, *[str(wrong) if word == "wrong.csv" else word for word in shlex.split(load)[3:]])
    assert outcome.code == 2
    assert plain(outcome.err.replace(f"{tmp_path}/", "")) == plain(shown_load)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_commands_of_the_pull_request_section_show_what_the_readme_shows(
    home: Path, address: str, tmp_path: Path
) -> None:
    report_id = ""
    commands = sessions("Report on pull requests")
    assert len(commands) == 7
    for command, output in commands:
        here = command.replace("\\\n", "").replace("localhost:8000", address)
        if command.startswith("curl"):
            here = re.sub(r"[0-9a-f]{32}", report_id, here)
            shown = subprocess.run(["bash", "-c", here], capture_output=True, text=True, check=True).stdout
            assert plain(shown) == plain(output), command
            continue
        words = shlex.split(here)[3:]
        if words[0] == "report":
            main = words[words.index("--out") + 1] if "--out" in words else "pull_requests.csv"
            words += ["--out", str(tmp_path / main)]
        outcome = run(home, *words)
        told = [*(outcome.err.strip().splitlines()[-1:] if words[0] == "report" else []), *outcome.out.splitlines()]
        lines = plain("\n".join(line.rstrip() for line in told).replace(f"{tmp_path}/", ""))
        assert lines == plain(output), command
        report_id = report_id or "".join(re.findall(r"[0-9a-f]{32}(?=: complete)", outcome.err))


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_commands_of_the_entities_section_show_what_the_readme_shows(home: Path, address: str) -> None:
    for kind in ("timezones", "hours", "polls"):
        run(home, "load", kind, f"sample_data/{kind}.csv")
    *requests, (listing, shown_listing) = sessions("Entities")
    assert len(requests) == 3
    for command, output in requests:
        here = command.replace("localhost:8000", address).replace("python3 -m", f"{sys.executable} -m")
        assert subprocess.run(["bash", "-c", here], capture_output=True, text=True, check=True).stdout == output, (
            command
        )
    outcome = run(home, *shlex.split(listing)[3:], "--server", f"http://{address}")
    assert [line.rstrip() for line in outcome.out.splitlines()] == shown_listing.splitlines()


def test_the_first_command_of_the_demo_data_section_shows_what_the_readme_shows(home: Path, tmp_path: Path) -> None:
    command, output = sessions("Demo data")[0]
    *options, folder = shlex.split(command)[3:]
    outcome = run(home, *options, str(tmp_path / folder))
    assert outcome.err + outcome.out.replace(f"{tmp_path}/", "") == output


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_commands_that_bring_files_in_show_what_the_readme_shows(home: Path, address: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(WRONG_FILE)
    *uploads, (curl, shown_by_curl) = sessions("Bring files in")
    assert len(uploads) == 3
    for command, output in uploads:
        here = command.replace("localhost:8000", address).replace("wrong.csv", str(wrong))
        outcome = run(home, *shlex.split(here)[3:])
        told = outcome.err.strip().splitlines()[-1:] if outcome.code else []
        assert [*plain(outcome.out), *told] == plain(output), command
    here = curl.replace("localhost:8000", address).replace("python3 -m", f"{sys.executable} -m")
    shown = subprocess.run(["bash", "-c", here], capture_output=True, text=True, check=True).stdout
    instant = re.compile(r'"202\d-\d\d-\d\dT[^"]*"')
    assert instant.sub("…", "\n".join(plain(shown))) == instant.sub("…", "\n".join(plain(shown_by_curl)))
