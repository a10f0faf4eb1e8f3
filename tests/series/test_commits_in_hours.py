"""Shares of commits inside the hours of teams: which commits are whose, through files."""

from datetime import UTC, datetime

from app.flow.in_hours import MonthInHours
from app.series.commits_in_hours import read
from app.storage.resources import Resources
from tests.conftest import LoadText

REPOSITORIES = (
    "team,repo,valid_from,valid_to\nPlatform,acme/api,,\nWeb,acme/web,,2026-09-30\nPlatform,acme/web,2026-10-01,\n"
)
COLUMNS = "repo,sha,author,author_id,author_is_bot,author_email_hash,authored_at,committed_at,parents\n"
AS_OF = datetime(2026, 11, 15, tzinfo=UTC)


def commits(*rows: tuple[str, str, str, str, str, int]) -> str:
    """Rows of repository, hash, login, whether a bot, instant, parents."""
    lines = [
        f"{repo},{sha},{author},,{is_bot},{f'hash-{sha[0]}' if not author else ''},{at},{at},{parents}"
        for repo, sha, author, is_bot, at, parents in rows
    ]
    return COLUMNS + "\n".join(lines) + "\n"


def five(repo: str, begin: str, at: str, parents: int = 1) -> list[tuple[str, str, str, str, str, int]]:
    """A commit by each of five people; ``begin`` of their hashes."""
    return [(repo, f"{begin}{number}", f"dev{number}", "false", at, parents) for number in range(5)]


def shares(resources: Resources, months: int = 3) -> list[MonthInHours]:
    with resources.engine.connect() as connection:
        return read(connection, as_of=AS_OF, months=months, default_zone="Europe/Berlin", default=())


def test_commits_are_of_the_team_that_has_their_repository_on_their_day_and_count_once(
    resources: Resources, load_text: LoadText
) -> None:
    load_text("team_repositories", REPOSITORIES)
    load_text(
        "hours",
        "team,day,start_time_local,end_time_local\nPlatform,0,09:00:00,17:00:00\nPlatform,4,09:00:00,17:00:00\n",
    )
    inside, outside = "2026-10-05T08:00:00Z", "2026-10-05T19:00:00Z"  # Monday, 10:00 and 21:00 in Berlin
    load_text(
        "commits",
        commits(
            *five("acme/api", "a", inside),
            *five("acme/web", "a", inside),  # the same commits in another repository of the team
            *five("acme/web", "b", outside),
            *five("acme/web", "c", inside, 2),
            *five("acme/web", "d", "2026-09-07T08:00:00Z"),  # Web's then, which has no hours: around the clock
            *five("acme/none", "e", inside),  # nobody's
            ("acme/api", "f1", "robot[bot]", "true", inside, 1),
            *five("acme/api", "g", "2026-11-05T08:00:00Z"),  # in a month that is not over
        ),
    )
    platform, web = shares(resources)
    assert platform == MonthInHours("Platform", "2026-10", 5, 10, 5, 0.5, 1.0, None)
    assert web == MonthInHours("Web", "2026-09", 5, 5, 0, 1.0, None, None)
    assert shares(resources, 1) == [platform]


def test_people_without_a_login_are_told_apart_by_their_address_and_those_without_either_are_nobody(
    resources: Resources, load_text: LoadText
) -> None:
    load_text("team_repositories", REPOSITORIES)
    at = "2026-10-05T08:00:00Z"
    load_text("commits", commits(*[("acme/api", f"{name}1", "", "false", at, 1) for name in "abcd"]))
    (four,) = shares(resources)
    assert (four.people, four.commits_in_hours) == (4, None)
    load_text("commits", f"repo,sha,authored_at\nacme/api,e1,{at}\nacme/api,e2,{at}\n")
    (still,) = shares(resources)
    assert (still.people, still.commits, still.commits_in_hours) == (4, 6, None)


def test_without_commits_there_are_no_months(resources: Resources) -> None:
    assert shares(resources) == []
