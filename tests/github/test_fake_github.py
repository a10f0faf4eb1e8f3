"""The fake GitHub itself: what collectors meet there is what the real one is known to do."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.github import Github, World, serve
from tests.github.building import start_run
from tests.github.changes import populate
from tests.github.model import Repository
from tests.github.reviewing import (
    comment,
    dismiss,
    force_push,
    merge,
    open_pull,
    push_to_default,
    request_review,
    revert,
    review,
    unrequest_review,
)


@pytest.fixture
def github() -> Iterator[Github]:
    world = World(seed=1)
    world.token()
    populate(world, 1, repositories=1, steps=150)
    with serve(world) as running:
        yield running


@pytest.fixture
def client(github: Github) -> Iterator[httpx2.Client]:
    headers = {"authorization": "Bearer ghp_test", "user-agent": "tests"}
    with httpx2.Client(base_url=github.address, headers=headers) as made:
        yield made


def shop(github: Github) -> Repository:
    found = github.world.find("acme/shop-1")
    assert found is not None
    return found


def read(client: httpx2.Client, path: str, **params: str | int) -> list[dict[str, object]]:
    """All pages of a list, by their links."""
    answer = client.get(path, params=params)
    items = answer.json()
    while "next" in answer.links:
        answer = client.get(answer.links["next"]["url"])
        items += answer.json()
    return items


def test_pages_of_a_list_that_nothing_changes_have_everything_once(github: Github, client: httpx2.Client) -> None:
    numbers = [one["number"] for one in read(client, "/repos/acme/shop-1/pulls", state="all", per_page=3)]

    assert sorted(numbers) == sorted(shop(github).pulls)
    assert len(numbers) > 6


def test_an_update_between_two_pages_hides_an_item_from_who_pages_oldest_first(
    github: Github, client: httpx2.Client
) -> None:
    oldest = min(shop(github).pulls.values(), key=lambda one: (one.updated_at, one.id))
    hidden = sorted(shop(github).pulls.values(), key=lambda one: (one.updated_at, one.id))[3]
    someone = github.world.user("dev-1")

    def touch(address: str) -> None:
        if "page=2" not in address:
            comment(github.world, oldest, someone)

    github.between = touch
    query = {"state": "all", "sort": "updated", "direction": "asc", "per_page": 3}
    numbers = [one["number"] for one in read(client, "/repos/acme/shop-1/pulls", **query)]

    assert hidden.number not in numbers


def test_a_renamed_repository_is_where_its_number_is_and_its_old_name_may_be_another_s(
    github: Github, client: httpx2.Client
) -> None:
    was = shop(github)
    github.world.rename(was, "acme/store")

    moved = client.get("/repos/acme/shop-1/pulls?state=all")
    assert moved.status_code == 301
    assert moved.headers["location"] == f"{github.address}/repositories/{was.id}/pulls?state=all"

    other = github.world.create_repository("acme/shop-1")
    assert client.get("/repos/acme/shop-1").json()["id"] == other.id
    assert client.get(f"/repositories/{was.id}").json()["full_name"] == "acme/store"


def test_an_etag_holds_for_one_token_and_costs_nothing_when_it_still_fits(
    github: Github, client: httpx2.Client
) -> None:
    github.world.token("ghp_other")
    first = client.get("/repos/acme/shop-1")
    same = client.get("/repos/acme/shop-1", headers={"if-none-match": first.headers["etag"]})
    other = client.get(
        "/repos/acme/shop-1",
        headers={"if-none-match": first.headers["etag"], "authorization": "Bearer ghp_other"},
    )

    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"]
    assert other.status_code == 200


def test_a_token_that_has_used_its_limit_is_refused_until_the_window_ends(
    github: Github, client: httpx2.Client
) -> None:
    github.world.tokens["ghp_test"].limit = 2
    answers = [client.get("/user") for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 403]
    assert answers[2].headers["x-ratelimit-remaining"] == "0"
    assert int(answers[2].headers["x-ratelimit-reset"]) - github.world.now.timestamp() == pytest.approx(3600, abs=1)
    github.world.pass_seconds(3600)
    assert client.get("/user").status_code == 200


def test_an_unknown_or_expired_token_is_refused(github: Github, client: httpx2.Client) -> None:
    assert client.get("/user", headers={"authorization": "Bearer nobody"}).status_code == 401
    github.world.tokens["ghp_test"].expires_at = github.world.now
    assert client.get("/user").json()["message"] == "Bad credentials"


def test_an_unknown_version_is_refused_and_an_enterprise_server_knows_only_the_old_one(
    github: Github, client: httpx2.Client
) -> None:
    new = {"x-github-api-version": "2026-03-10"}

    assert client.get("/user", headers={"x-github-api-version": "1999-01-01"}).status_code == 400
    assert client.get("/user", headers=new).status_code == 200
    github.world.enterprise = True
    assert client.get("/api/v3/user", headers=new).status_code == 400
    assert "x-ratelimit-limit" not in client.get("/api/v3/user").headers


@pytest.mark.parametrize(
    ("kind", "status"), [("502", 502), ("429", 429), ("403 words", 403), ("451", 451), ("401 once", 401)]
)
def test_a_planned_fault_happens_where_and_as_often_as_planned(
    github: Github, client: httpx2.Client, kind: str, status: int
) -> None:
    github.faults.plan(kind, r".*/pulls\b.*", after=1, times=1)
    statuses = [client.get("/repos/acme/shop-1/pulls").status_code for _ in range(3)]

    assert statuses == [200, status, 200]
    assert client.get("/user").status_code == 200


def test_spoilt_answers_are_cut_or_no_json_or_without_their_rows(github: Github, client: httpx2.Client) -> None:
    for kind in ("cut", "broken json", "empty"):
        github.faults.plan(kind, r"/repos/acme/shop-1/pulls\?kind=" + kind[:3])

    with pytest.raises(httpx2.RemoteProtocolError):
        client.get("/repos/acme/shop-1/pulls?kind=cut")
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
        client.get("/repos/acme/shop-1/pulls?kind=bro").json()
    empty = client.get("/repos/acme/shop-1/pulls?kind=emp")
    assert (empty.json(), empty.links) == ([], {})


def test_faults_by_chance_are_the_same_for_the_same_seed(github: Github, client: httpx2.Client) -> None:
    def statuses() -> list[int]:
        github.faults.by_chance(4, 0.4, "502", "503")
        return [client.get("/user").status_code for _ in range(12)]

    first = statuses()
    assert statuses() == first
    assert {200, 502, 503} == set(first)


def test_a_force_push_makes_histories_diverge_and_forgotten_commits_unknown(
    github: Github, client: httpx2.Client
) -> None:
    repository = shop(github)
    old = repository.head or ""
    ahead = push_to_default(github.world, repository, github.world.user("dev-1")).sha

    assert client.get(f"/repos/acme/shop-1/compare/{old}...{ahead}").json()["status"] == "ahead"
    repository.git.branches["main"] = old
    other = push_to_default(github.world, repository, github.world.user("dev-2")).sha
    answer = client.get(f"/repos/acme/shop-1/compare/{ahead}...{other}").json()
    assert (answer["status"], answer["ahead_by"], answer["behind_by"]) == ("diverged", 1, 1)
    repository.git.forget(sha for one in repository.pulls.values() for sha in one.shas)
    assert client.get(f"/repos/acme/shop-1/compare/{ahead}...{other}").status_code == 404


def test_what_a_deleted_user_has_written_has_a_null_user_and_their_pull_requests_the_ghost(
    github: Github, client: httpx2.Client
) -> None:
    world, repository = github.world, shop(github)
    pull = open_pull(world, repository, world.user("leaver"))
    review(world, pull, world.user("other-leaver"), "APPROVED")
    world.delete_user("leaver")
    world.delete_user("other-leaver")

    assert client.get(f"/repos/acme/shop-1/pulls/{pull.number}").json()["user"]["login"] == "ghost"
    (only,) = client.get(f"/repos/acme/shop-1/pulls/{pull.number}/reviews").json()
    assert only["user"] is None


def test_a_dismissed_review_changes_in_place_and_a_pending_one_is_its_author_s_alone(
    github: Github, client: httpx2.Client
) -> None:
    world, repository = github.world, shop(github)
    world.token("ghp_other", login="somebody")
    pull = open_pull(world, repository, world.user("dev-1"))
    approval = review(world, pull, world.user("dev-2"), "APPROVED")
    dismiss(world, pull, approval, world.user("dev-1"))
    review(world, pull, world.user("reader"), "PENDING")
    path = f"/repos/acme/shop-1/pulls/{pull.number}/reviews"

    mine = client.get(path).json()
    assert [(one["state"], "submitted_at" in one) for one in mine] == [("DISMISSED", True), ("PENDING", False)]
    assert len(client.get(path, headers={"authorization": "Bearer ghp_other"}).json()) == 1


def test_a_force_push_leaves_only_the_new_commits_in_the_timeline(github: Github, client: httpx2.Client) -> None:
    world, repository = github.world, shop(github)
    pull = open_pull(world, repository, world.user("dev-1"), commits=3)
    force_push(world, repository, pull)
    events = read(client, f"/repos/acme/shop-1/issues/{pull.number}/timeline")

    assert [one["sha"] for one in events if one["event"] == "committed"] == pull.shas
    assert "head_ref_force_pushed" in [one["event"] for one in events]


def test_a_filtered_list_of_runs_ends_at_a_thousand_though_it_counts_them_all(
    github: Github, client: httpx2.Client
) -> None:
    world, repository = github.world, shop(github)
    before = len(repository.runs)
    for _ in range(1_001):
        start_run(world, repository, repository.head or "", world.user("dev-1"), branch="main")
        world.pass_seconds(1)
    path = "/repos/acme/shop-1/actions/runs?per_page=100"
    day = world.now.date().isoformat()

    filtered = client.get(f"{path}&created=2026-01-01..{day}&page=11").json()
    assert (filtered["total_count"], filtered["workflow_runs"]) == (before + 1_001, [])
    assert client.get(f"{path}&page=11").json()["workflow_runs"] != []


def test_since_the_beginning_of_time_finds_nothing(github: Github, client: httpx2.Client) -> None:
    path = "/repos/acme/shop-1/issues?state=all&since="

    assert client.get(path + "1970-01-01T00:00:00Z").json() == []
    assert client.get(path + "1980-01-01T00:00:00Z").json() != []


def test_parts_that_are_off_and_repositories_that_are_gone_or_blocked_say_so(
    github: Github, client: httpx2.Client
) -> None:
    repository = shop(github)
    repository.off |= {"pulls", "issues", "sbom"}
    github.world.create_repository("acme/empty", empty=True)
    paths = ("pulls", "issues", "dependency-graph/sbom")

    assert [client.get(f"/repos/acme/shop-1/{path}").status_code for path in paths] == [404, 410, 404]
    assert client.get("/repos/acme/empty/commits").status_code == 409
    repository.state = "blocked"
    assert client.get("/repos/acme/shop-1").status_code == 451
    github.world.delete_repository(repository)
    assert client.get("/repos/acme/shop-1").status_code == 404


def test_the_timeline_tells_who_was_asked_and_the_list_who_still_is(github: Github, client: httpx2.Client) -> None:
    world, repository = github.world, shop(github)
    ben, cleo, leaver, team = *(world.user(name) for name in ("ben", "cleo", "leaver")), world.team("acme", "Core")
    pull = open_pull(world, repository, world.user("ada"))
    for asked in (ben, team, cleo, leaver, cleo):
        request_review(world, pull, asked)
    unrequest_review(world, pull, team, ben)
    review(world, pull, ben)
    pull.requested.remove(leaver)
    world.delete_user("leaver")

    address = f"/repos/acme/shop-1/issues/{pull.number}/timeline"
    events = [one for one in read(client, address) if "review_request" in str(one["event"])]
    told = [
        (one["event"], *(name for name in ("requested_reviewer", "requested_team") if name in one)) for one in events
    ]
    assert told == [
        ("review_requested", "requested_reviewer"),
        ("review_requested", "requested_team"),
        ("review_requested", "requested_reviewer"),
        ("review_requested",),  # of an account that was deleted
        ("review_requested", "requested_reviewer"),
        ("review_request_removed", "requested_team"),
    ]
    (listed, *_) = read(client, "/repos/acme/shop-1/pulls", state="all", sort="updated", direction="desc")
    assert [one["login"] for one in listed["requested_reviewers"]] == ["cleo"]
    assert listed["requested_teams"] == []


def test_a_commit_that_tries_a_merge_is_not_the_one_that_merging_makes(github: Github, client: httpx2.Client) -> None:
    world, repository = github.world, shop(github)
    pull = open_pull(world, repository, world.user("ada"))
    address = f"/repos/acme/shop-1/pulls/{pull.number}"
    tried = client.get(address).json()["merge_commit_sha"]
    merge(world, repository, pull, world.user("ben"))
    taken_back = revert(world, repository, pull, world.user("ben"))

    assert tried not in {None, repository.head}
    assert client.get(address).json()["merge_commit_sha"] == repository.head
    made = client.get(f"/repos/acme/shop-1/pulls/{taken_back.number}").json()
    assert made["body"] == f"Reverts acme/shop-1#{pull.number}"
    assert made["head"]["ref"] == f"revert-{pull.number}-{pull.head_ref}"
