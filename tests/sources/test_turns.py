"""Which lists a sync reads: by signs, by turn, and by the day of a snapshot."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.sources.contract import Repository
from app.sources.cursor_rows import Kept
from app.sources.cursors.place import Place
from app.sources.registry import SOURCE_KINDS
from app.sources.turns import Due, ListOf, Turns, with_sign

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
STREAMS = SOURCE_KINDS["github"].streams()


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def told(*, pushed: float = 100, updated: float = 100, items: int = 3, branch: str = "main") -> Repository:
    """A repository that was last pushed to, and has last changed, so many hours ago."""
    return Repository(7, "acme/api", branch, NOW - hours(pushed), updated_at=NOW - hours(updated), open_items=items)


def read(stream: str, sign: Repository | None, *, ago: float = 30, **position: Any) -> Kept:
    """A list that was read whole so many hours ago, when the repository was told of like that."""
    return Kept(with_sign(Place(position, None, NOW - hours(ago)), STREAMS[stream], sign), NOW - hours(ago))


def turns(**others: Any) -> Turns:
    known: dict[str, Any] = {"told": {7: told()}, "places": {}, "skipped": (), "missing": (), "failed": ()}
    return Turns(NOW, NOW, **(known | others))


def due(stream: str, kept: Kept | None, now: Repository | None, **others: Any) -> Due:
    places = {} if kept is None else {(stream, "7"): kept}
    of = turns(told={} if now is None else {7: now}, places=places, **others)
    return of.due(ListOf(STREAMS[stream], "7", 7))


def test_a_list_that_was_never_read_whole_or_failed_is_due_at_once() -> None:
    assert due("issues", None, told()) is Due.NOW
    assert due("issues", Kept(Place(), NOW - hours(1)), told()) is Due.NOW
    assert due("issues", Kept(Place({}, {"next": {}}, NOW - hours(9)), NOW - hours(9)), told()) is Due.NOW
    assert due("issues", read("issues", told()), told(), failed={("issues", "7")}) is Due.NOW
    assert due("issues", read("issues", told()), told(), skipped={("issues", "7")}) is Due.NOT
    assert due("issues", None, told(), missing={("issues", "7")}) is Due.IN_TURN


@pytest.mark.parametrize("now", [told(pushed=1), told(updated=1), told(items=4)])
def test_a_sign_of_a_change_makes_a_list_due_at_once(now: Repository) -> None:
    assert due("issues", read("issues", told()), told()) is Due.IN_TURN
    assert due("issues", read("issues", told()), now) is Due.NOW


def test_commits_are_due_after_a_push_or_with_another_branch_and_once_a_week() -> None:
    before = read("commits", told())
    assert due("commits", before, told(items=4, updated=1)) is Due.UNMOVED
    assert due("commits", before, told(pushed=1)) is Due.NOW
    assert due("commits", before, told(branch="trunk")) is Due.NOW
    assert due("commits", read("commits", told(pushed=400), ago=24 * 8), told(pushed=400)) is Due.IN_TURN
    assert due("commits", before, None) is Due.IN_TURN, "nobody tells of repositories that are named one by one"


def test_a_push_within_the_day_of_a_snapshot_is_read_when_the_day_is_over() -> None:
    at = (NOW - hours(20)).isoformat()
    before = read("files", told(pushed=50), ago=20, at=at)
    pushed = told(pushed=10)
    assert due("files", before, pushed) is Due.NOT
    later = turns(told={7: pushed}, places={("files", "7"): before})
    later = Turns(NOW + hours(5), NOW + hours(5), later.told, later.places, (), (), ())
    assert later.due(ListOf(STREAMS["files"], "7", 7)) is Due.NOW


def test_a_sign_of_the_last_minute_is_not_trusted() -> None:
    now = told(pushed=30 - 0.01)
    assert "sign" in read("commits", told(), ago=30).place.position
    assert "sign" not in with_sign(Place({"sign": "old"}, None, NOW - hours(30)), STREAMS["commits"], now).position


def test_the_turn_goes_to_those_that_were_not_read_for_longest_and_runs_that_have_not_ended_age_faster() -> None:
    lists = [ListOf(STREAMS["workflow_runs"], str(number), number) for number in range(100)]
    places = {one.key: read("workflow_runs", None, ago=10 + int(one.scope) / 10, open=[]) for one in lists}
    places["workflow_runs", "3"] = read("workflow_runs", None, ago=10.3, open=["2026-03-01T00:00:00Z"])
    chosen = turns(told={}, places=places).choose(lists, requests=2, repositories=10)
    assert {int(scope) for _, scope in chosen.read} == {3, *range(43, 100)}
    assert chosen.waiting == 42


def test_pull_requests_are_read_by_each_sync_and_leave_the_rest_to_the_others() -> None:
    pulls = [ListOf(STREAMS["pull_requests"], str(number), number) for number in range(50)]
    issues = [ListOf(STREAMS["issues"], str(number), number) for number in range(50)]
    places = {one.key: read(one.stream.stream, None) for one in (*pulls, *issues)}
    chosen = turns(told={}, places=places).choose([*issues, *pulls], requests=1, repositories=50)
    assert sum(stream == "pull_requests" for stream, _ in chosen.read) == 50
    assert sum(stream == "issues" for stream, _ in chosen.read) == 60 - 1 - 50


def test_teams_wait_until_their_members_can_be_asked_for_but_not_for_ever() -> None:
    teams = ListOf(STREAMS["teams"], "acme", None)
    issues = ListOf(STREAMS["issues"], "7", 7)
    places = {teams.key: read("teams", None, ago=30, items=40), issues.key: read("issues", None, ago=40)}
    assert turns(places=places, told={}).choose([teams, issues], requests=1, repositories=1).read == {issues.key}
    places[teams.key] = read("teams", None, ago=50, items=40)
    assert turns(places=places, told={}).choose([teams, issues], requests=1, repositories=1).read == {teams.key}
