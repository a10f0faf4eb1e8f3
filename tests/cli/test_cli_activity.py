"""The commands about activity: what is read again is named, and nobody reads everything again by accident."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.storage.resources import Resources
from tests.commands import CommandLine
from tests.conftest import LoadText
from tests.pypistats import Pypistats, serve
from tests.sources.syncing import rows


def plain(text: str) -> str:
    """A message without the breaks of its lines."""
    return " ".join(text.split())


@pytest.fixture
def site() -> Iterator[Pypistats]:
    now = datetime.now(UTC)
    days = {now.date() - timedelta(days=number): 10 for number in range(1, 60)}
    with serve(Pypistats(now, installs={"requests": days, "flask": dict(days)})) as there:
        yield there


@pytest.fixture
def cli(fresh_cli: CommandLine) -> CommandLine:
    return fresh_cli


def test_backfill_reads_again_from_a_day_on_and_everything_only_with_its_own_word(
    cli: CommandLine, resources: Resources, site: Pypistats
) -> None:
    projects = ("--projects", "requests", "--projects", "Flask")
    added = cli("sources", "add", "pypistats", *projects, "--address", site.address)
    assert (added.code, added.out.splitlines()[0]) == (0, "Can be read: requests, flask.")
    listed = [line.split() for line in cli("sources", "list").out.splitlines()]
    assert listed[1] == ["pypistats", "requests,", "flask", "never", "ok"]

    assert cli("activity", "backfill", "--from", "2026-06-01").out.startswith(
        "pypistats is read again from 2026-06-01 on: sync "
    )
    places = "SELECT stream, scope, position ->> 'through' FROM source_cursor ORDER BY scope"
    three_days_later = "2026-06-03"  # so that the first of the three days before it that are read again is the 1st
    assert rows(resources, places) == [
        ("downloads", "flask", three_days_later),
        ("downloads", "requests", three_days_later),
    ]
    said = cli("activity", "backfill", "--all", "--source", "pypistats").out
    assert said.startswith("pypistats is read again from the beginning: sync ")
    assert rows(resources, places) == []

    for given in ((), ("--from", "2026-06-01", "--all")):
        refused = cli("activity", "backfill", *given)
        assert refused.code == 2
        assert "give either --from DAY, such as --from 2026-01-01, or --all" in plain(refused.err)
    assert "'June' is not a day; write it as 2026-01-01" in plain(cli("activity", "backfill", "--from", "June").err)
    unknown = cli("activity", "backfill", "--all", "--source", "pypistat")
    assert "did you mean" in plain(unknown.err)

    cli("sources", "pause", "pypistats")
    left_out = cli("activity", "backfill", "--all")
    assert "pypistats is paused and left out" in left_out.err


def test_hours_shows_shares_and_says_why_there_is_none(cli: CommandLine, load_text: LoadText) -> None:
    assert "no team has commits in these months" in cli("activity", "hours").err
    load_text("team_repositories", "team,repo\nPlatform,acme/api\nWeb,acme/web\n")
    load_text("hours", "team,day,start_time_local,end_time_local\nPlatform,0,09:00:00,17:00:00\n")
    load_text("timezones", "team,timezone_str\nPlatform,UTC\nWeb,UTC\n")
    monday, tuesday = "2024-10-07T10:00:00Z", "2024-10-08T10:00:00Z"
    commits = [
        f"acme/api,{number}{at[9]},dev{number},{at},{at},{parents}"
        for at, parents in ((monday, 1), (tuesday, 2))
        for number in range(5)
    ]
    commits += [f"acme/api,x{number},dev1,{monday},{monday},1" for number in range(15)]
    commits += [f"acme/web,y,dev1,{monday},{monday},1", f"acme/api,z,dev1,{tuesday},{tuesday},1"]
    load_text("commits", "repo,sha,author,authored_at,committed_at,parents\n" + "\n".join(commits) + "\n")
    said = cli("activity", "hours", "--months", "2", "--as-of", "2024-11-15T00:00:00Z")
    assert [line.split() for line in said.out.splitlines()] == [
        ["team", "month", "people", "commits", "in", "hours", "merges", "in", "hours"],
        ["Platform", "2024-10", "5", "21", "95%", "5", "0%"],
        ["Web", "2024-10", "1", "1", "-", "0", "-"],
    ]
    assert "-: fewer than five people have committed" in said.err


INSTALLS = (
    "project,date,count\n"
    + "".join(f"napari,2024-09-{day:02},2\n" for day in range(1, 31))
    + "napari,2024-10-01,5\nnapari,2024-10-05,1\nsvg,2024-10-05,1\n"
)


def test_show_tells_each_month_and_says_what_nobody_counted(cli: CommandLine, load_text: LoadText) -> None:
    load_text("installs", INSTALLS)
    shown = cli("activity", "show", "Napari", "--months", "4", "--as-of", "2024-12-10T00:00:00Z").out
    assert [line.split() for line in shown.splitlines()] == [
        ["month", "installs", "days"],
        ["2024-08", "-", "0/31", "before", "the", "first", "count"],
        ["2024-09", "60", "30/30"],
        ["2024-10", "6", "2/31", "some", "days", "are", "missing"],
        ["2024-11", "-", "0/30", "nobody", "has", "counted"],
        ["last", "30", "days:", "56", "(2024-09-06", "to", "2024-10-05,", "27", "of", "30", "days", "counted)"],
        ["in", "all:", "66"],
        ["counted", "by", "files"],
    ]


def test_show_of_an_unknown_project_names_the_nearest(cli: CommandLine, load_text: LoadText) -> None:
    load_text("installs", INSTALLS)
    answer = cli("activity", "show", "naparri")
    assert answer.code != 0
    assert "napari" in plain(answer.err)


def test_gaps_tells_the_days_that_are_missing_in_between(cli: CommandLine, load_text: LoadText) -> None:
    assert "no day is missing" in plain(cli("activity", "gaps").err)
    load_text("installs", INSTALLS)
    lines = [line.split() for line in cli("activity", "gaps").out.splitlines()]
    assert lines == [
        ["source", "project", "first", "last", "days"],
        ["files", "(all)", "2024-10-02", "2024-10-04", "3"],
    ]
    wrong = cli("activity", "gaps", "--source", "flies")
    assert wrong.code != 0
    assert "has counted nothing" in plain(wrong.err)
    assert "files" in plain(wrong.err)


def test_show_of_a_repository_says_what_nobody_has_counted(cli: CommandLine, load_text: LoadText) -> None:
    load_text("commits", "repo,sha,authored_at,committed_at\nacme/api,1,2024-11-05T00:00:00Z,2024-11-05T00:00:00Z\n")
    shown = cli(
        "activity",
        "show",
        "https://github.com/Acme/API.git",
        "--kind",
        "repo",
        "--months",
        "1",
        "--as-of",
        "2024-12-10T00:00:00Z",
    )
    assert [" ".join(line.split()) for line in shown.out.splitlines()][1:] == [
        "2024-11 1 0/30 some days are missing",
        "last 30 days: not counted",
        "in all: 1",
    ]
