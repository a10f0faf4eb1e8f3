"""The commands of schedules."""

import re
from collections.abc import Iterator

import pytest

from app.storage.resources import Resources
from app.web.server import serving
from tests.commands import CommandLine

WEEKLY = ("--every", "week", "--on", "sunday", "--at", "6:30", "--timezone", "Asia/Tokyo")


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(monkeypatch, capsys)


@pytest.fixture
def server(resources: Resources) -> Iterator[str]:
    with serving(resources, slots=0) as address:
        yield address


@pytest.fixture(scope="module")
def refusing(untouched: Resources) -> Iterator[str]:
    with serving(untouched, slots=0) as address:
        yield address


def test_a_schedule_is_made_looked_at_paused_resumed_run_and_removed(cli: CommandLine, server: str) -> None:
    def schedules(*arguments: str) -> list[str]:
        said = cli("schedules", *arguments, "--server", server)
        assert said.code == 0, said.err
        return [line.rstrip() for line in said.out.splitlines()]

    about = ['weekly: report pull_requests {"charts": false}', "At 06:30 on Sunday, Asia/Tokyo (30 6 * * 0); for local"]
    params = ("--report", "pull_requests", "--params", '{"charts": false}')
    made = schedules("add", "weekly", *params, *WEEKLY)
    assert made[:2] == about
    assert all(re.fullmatch(r"next: \d{4}-\d\d-\d\dT06:30:00\+09:00", line) for line in made[2:])
    assert len(made) == 5
    assert schedules("show", "weekly") == made
    assert schedules("pause", "weekly") == [*about, "paused: Paused by local."]
    assert schedules("list", "--state", "active") == [" name  begins  when  zone  next  last"]
    assert schedules("resume", "weekly") == made
    job_id = schedules("run", "weekly")[0].removeprefix("weekly has begun ")
    (last,) = [line for line in schedules("show", "weekly") if line.startswith("last: ")]
    assert last.endswith(f", {job_id}, queued")
    assert schedules("list")[1].split()[-2:] == [made[2].removeprefix("next: "), "queued"]
    assert schedules("remove", "weekly") == ["weekly removed"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "x"), "give either --report KIND or --sync SOURCE"),
        (("add", "x", "--report", "uptime", "--params", "{", "--cron", "0 6 * * *"), "--params: '{' is not JSON"),
        (("add", "x", "--report", "uptime", "--params", '{"target_percent": NaN}'), "is not JSON: NaN is no JSON;"),
        (("add", "x", "--report", "uptime", "--params", "[1e400]"), "is not JSON: 1e400 is too large a number;"),
        (("add", "x", "--report", "uptime", "--params", "[]"), "--params: '[]' is not a JSON object"),
        (("add", "x", "--report", "uptme", "--cron", "0 6 * * *"), "There is no report kind 'uptme'"),
        (("add", "x", "--report", "rollup", "--cron", "0 6 * * *"), "datasets"),
        (("show", "x"), "There is no schedule 'x'."),
        (("list", "--state", "dead"), "state: 'dead' is not one of"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    cli: CommandLine, refusing: str, arguments: tuple[str, ...], said: str
) -> None:
    outcome = cli("schedules", *arguments, "--server", refusing)
    assert outcome.code in {1, 2}
    assert said in outcome.err
    assert "Traceback" not in outcome.err
