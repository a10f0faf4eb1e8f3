"""Whose a pull request is: spans of days beside slow twins, and each rule of docs/teams.md through files."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.series import pull_requests
from app.series.entities import TEAM, read_entities
from app.series.owning_teams import Claim, held, read_ways, settled, with_teams
from app.series.pull_requests import Chosen
from app.storage.resources import Resources
from tests.conftest import LoadText
from tests.strategies import examples

BEGIN = date(2024, 1, 1)
DAYS = [BEGIN + timedelta(days=number) for number in range(12)]

days = st.sampled_from([date.min, *DAYS[1:-1], date.max])

claims = st.builds(
    lambda ends, rank, team: Claim(min(ends), max(ends), (rank, team), team),
    st.tuples(days, days),
    st.integers(0, 2),
    st.integers(1, 4),
)


@settings(max_examples=examples(1000))
@given(st.lists(claims, max_size=6))
def test_spans_have_on_each_day_the_team_whose_claim_counts_most(every: list[Claim]) -> None:
    spans = settled(every)
    for day in (date.min, *DAYS, date.max):
        counting = min((claim.rank for claim in every if claim.first <= day <= claim.last), default=None)
        assert [team for first, last, team in spans if first <= day <= last] == (
            [] if counting is None else [counting[1]]
        )
    for (_, last, team), (first, _, other) in pairwise(spans):
        assert last < first
        assert team != other or last + timedelta(days=1) < first, "spans that could be one"


@settings(max_examples=examples(1000))
@given(st.sets(st.sampled_from(DAYS), min_size=1), st.data())
def test_what_was_seen_holds_until_somebody_looked_again(looked: set[date], data: st.DataObject) -> None:
    seen = data.draw(st.sets(st.sampled_from(sorted(looked))))
    spans = list(held(seen, sorted(looked)))
    for day in (date.min, *DAYS, date.max):
        before = [one for one in looked if one <= day]
        decisive = max(before) if before else min(looked)
        assert sum(first <= day <= last for first, last in spans) == (decisive in seen)


def teams(resources: Resources) -> dict[int, str | None]:
    """The team of each pull request by its number."""
    with resources.engine.connect() as connection:
        source, params = with_teams(read_ways(connection))
        cursor = connection.connection.cursor()
        cursor.execute(f"SELECT number, key FROM {source} LEFT JOIN entity ON entity.id = team_id", params)
        return dict(cursor.fetchall())


def pulls(load_text: LoadText, *rows: str) -> None:
    """Rows of repository, author, date of creation and team; they are numbered."""
    lines = [
        f"{repo},{number},{author},{on}T23:30:00Z,{team}"
        for number, (repo, author, on, team) in enumerate((row.split(",") for row in rows), 1)
    ]
    load_text("pull_requests", "\n".join(["repo,number,author,created_at,team", *lines]))


def test_nothing_is_joined_where_nothing_is_known_of_teams(resources: Resources, load_text: LoadText) -> None:
    pulls(load_text, "acme/api,ada,2024-03-01,Web", "acme/api,ada,2024-03-01,")
    with resources.engine.connect() as connection:
        assert with_teams(read_ways(connection)) == ("pull_request", {})
    assert teams(resources) == {1: "Web", 2: None}


def test_a_file_says_whose_a_repository_is_from_when_to_when(resources: Resources, load_text: LoadText) -> None:
    load_text(
        "team_repositories",
        "team,repo,valid_from,valid_to\nPlatform,acme/api,,2024-06-30\nPayments,acme/api,2024-07-01,\n",
    )
    pulls(
        load_text,
        *(
            f"acme/{row}"
            for row in ("api,ada,2024-06-30,", "api,ada,2024-07-01,", "api,ada,2024-07-01,Web", "b,ada,2024-07-01,")
        ),
    )
    assert teams(resources) == {1: "Platform", 2: "Payments", 3: "Web", 4: None}


def test_of_rows_of_a_file_the_latest_beginning_counts_then_the_name(resources: Resources, load_text: LoadText) -> None:
    load_text("team_members", "team,login,valid_from\nB,ada,\nA,ada,\nC,ada,2024-02-01\nZ,Ben,\n")
    pulls(load_text, "r,ada,2024-01-31,", "r,ADA,2024-02-01,", "r,ben,2024-02-01,", "r,,2024-02-01,")
    assert teams(resources) == {1: "A", 2: "C", 3: "Z", 4: None}


def test_the_repository_counts_before_the_author_and_a_file_before_what_was_seen(
    resources: Resources, load_text: LoadText
) -> None:
    load_text("team_members", "team,login\nPeople,ada\n")
    load_text(
        "team_repositories", "team,repo,valid_to,permission,seen_on\nSeen,r,,admin,2024-01-10\nSaid,r,2024-01-20,,\n"
    )
    pulls(load_text, "r,ada,2024-01-20,", "r,ada,2024-01-21,", "s,ada,2024-01-20,", "s,ben,2024-01-20,")
    assert teams(resources) == {1: "Said", 2: "Seen", 3: "People", 4: None}


def test_what_was_seen_of_a_team_holds_until_it_was_seen_otherwise(resources: Resources, load_text: LoadText) -> None:
    load_text(
        "team_members",
        "team,login,seen_on\nWeb,ada,2024-01-10\nWeb,ben,2024-01-10\nWeb,ben,2024-01-20\nApi,ada,2024-01-20\nApi,cat,2024-01-20\n",
    )
    pulls(
        load_text,
        *(f"r,ada,{on}," for on in ("2023-12-01", "2024-01-19", "2024-01-20", "2024-05-01")),
        "r,ben,2024-05-01,",
    )
    # What was seen of Api on its first day counts before it, too; but Web, with one person on its last day, is smaller.
    assert teams(resources) == {1: "Web", 2: "Web", 3: "Api", 4: "Api", 5: "Web"}


@pytest.mark.parametrize(
    ("rows", "team"),
    [
        (("Admins,r,admin", "Writers,r,push"), "Admins"),
        (("Z,r,maintain", "A,r,push"), "Z"),
        (("A,r,pull", "B,r,triage", "C,r,read"), None),
        (("A,r,pull", "B,r,own-role"), "B"),
        (("All,r,push", "All,s,push", "Few,r,push"), "Few"),
        (("B,r,push", "A,r,push"), "A"),
        (("A,r,push", "B,r,"), "B"),
    ],
)
def test_of_teams_the_one_that_may_do_most_owns_a_repository(
    rows: tuple[str, ...], team: str | None, resources: Resources, load_text: LoadText
) -> None:
    load_text("team_repositories", "\n".join(["team,repo,permission,seen_on", *(f"{row},2024-01-10" for row in rows)]))
    pulls(load_text, "r,ada,2024-01-10,")
    assert teams(resources) == {1: team}


def test_codeowners_says_whose_a_repository_is_from_the_day_on_which_it_did(
    resources: Resources, load_text: LoadText
) -> None:
    load_text("timezones", "team,timezone_str\nPlatform Tools,UTC\n")
    load_text(
        "repository_files",
        "repo,path,seen_on,team\n"
        "r,CODEOWNERS,2024-01-10,platform-tools\n"
        "r,docs/CODEOWNERS,2024-01-10,docs\n"
        "r,CODEOWNERS,2024-01-20,\n"
        "r,docs/CODEOWNERS,2024-01-20,docs\n"
        "r,docs/CODEOWNERS,2024-01-30,docs\n"
        "r,package.json,2024-02-10,\n",
    )
    pulls(load_text, *(f"r,ada,{on}," for on in ("2024-01-01", "2024-01-20", "2024-01-30", "2024-02-10")))
    assert teams(resources) == {1: "Platform Tools", 2: None, 3: "docs", 4: None}


def test_a_team_that_is_called_like_the_repository_is_the_last_resort(
    resources: Resources, load_text: LoadText
) -> None:
    load_text("timezones", "team,timezone_str\nacme/api,UTC\n")
    load_text("team_members", "team,login\nWeb,ben\n")
    pulls(load_text, "acme/api,ada,2024-01-10,", "acme/api,ben,2024-01-10,", "acme/web,ada,2024-01-10,")
    assert teams(resources) == {1: "acme/api", 2: "Web", 3: None}


def test_reports_read_pull_requests_with_these_teams_and_choose_by_them(
    resources: Resources, load_text: LoadText
) -> None:
    load_text("team_repositories", "team,repo,valid_to\nPlatform,r,2024-01-15\n")
    pulls(load_text, "r,ada,2024-01-15,", "r,ada,2024-01-16,", "r,ada,2024-01-14,Web")
    as_of = datetime(2024, 2, 1, tzinfo=UTC)
    with resources.engine.connect() as connection:
        entities = read_entities(connection, TEAM)
        ids = dict(zip(entities.keys, entities.ids.tolist(), strict=True))
        read = pull_requests.read(connection, as_of=as_of)
        of_platform = pull_requests.read(connection, as_of=as_of, chosen=Chosen(team_ids=[ids["Platform"]]))
    found = dict(zip(read.number.tolist(), read.team_id.tolist(), strict=True))
    assert found == {1: ids["Platform"], 2: 0, 3: ids["Web"]}
    assert of_platform.number.tolist() == [1]


def test_a_team_that_is_taken_out_again_owns_nothing(resources: Resources, load_text: LoadText) -> None:
    load_text("team_repositories", "team,repo\nWeb,r\n")
    pulls(load_text, "r,ada,2024-01-10,")
    assert teams(resources) == {1: "Web"}
    load_text("team_repositories", "team,repo,dropped\nWeb,r,true\n")
    with resources.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM team_repository")) == 0
    assert teams(resources) == {1: None}
