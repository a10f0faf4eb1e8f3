"""Each answer of the fake is one that GitHub's published schemas allow.

They do not allow what recorded data has: a null repository of a head whose fork was deleted, and null actors of events.
"""

from collections.abc import Iterator

import httpx2
import pytest

from tests.github import Github, World, published, serve
from tests.github.changes import populate
from tests.github.model import Repository


@pytest.fixture(scope="module")
def github() -> Iterator[Github]:
    world = World(seed=3)
    world.token()
    team = world.team("acme", "Core Team")
    populate(world, 3, steps=300)
    repository = world.find("acme/shop-1")
    assert repository is not None
    repository.files |= {"pyproject.toml": "[project]\n", ".github/workflows/ci.yml": "on: push\n"}
    repository.packages = [("pypi", "numpy", "2.4.0"), ("npm", "left-pad", "")]
    team.members, team.repositories = [world.user("dev-1")], [repository]
    with serve(world, keep_answers=True) as running:
        yield running


def paths(repository: Repository) -> list[str]:
    """An address of every kind that the fake has."""
    with_comments = next(one for one in repository.pulls.values() if one.review_comments)
    run, deployment = repository.runs[0], next(one for one in repository.deployments if one.statuses)
    own = f"/repos/{repository.full_name}"
    of_pull = [f"pulls/{with_comments.number}{rest}" for rest in ("", "/reviews", "/commits", "/comments")]
    timelines = [f"issues/{number}/timeline?per_page=100" for number in repository.pulls]
    of_run = [f"actions/runs/{run.id}{rest}" for rest in ("", "/jobs", "/attempts/1", "/attempts/1/jobs")]
    parts = [
        *("pulls?state=all&per_page=100", "pulls/comments", "issues?state=all&per_page=100", "commits", "branches"),
        *of_pull, f"issues/{with_comments.number}", *timelines, *of_run, "actions/runs", "activity",
        f"commits/{repository.head}", f"compare/{repository.git.log(repository.head or '')[2].sha}...main",
        "contents/pyproject.toml", "contents/.github/workflows", "git/trees/main?recursive=1", "dependency-graph/sbom",
        "releases", "deployments", f"deployments/{deployment.id}/statuses",
    ]  # fmt: skip
    teams = ("/orgs/acme/teams", "/orgs/acme/teams/core-team/members", "/orgs/acme/teams/core-team/repos")
    account = ("/user", "/users/dev-1", "/rate_limit", "/orgs/acme/repos", "/users/acme/repos")
    return [*account, *teams, "/installation/repositories", own, *(f"{own}/{part}" for part in parts)]


def test_every_answer_is_one_that_github_s_schemas_allow(github: Github) -> None:
    repository = github.world.find("acme/shop-1")
    assert repository is not None
    headers = {"authorization": "Bearer ghp_test", "user-agent": "tests"}
    with httpx2.Client(base_url=github.address, headers=headers) as client:
        refused = [path for path in paths(repository) if client.get(path).status_code != 200]

    assert refused == []
    assert github.answers is not None
    wrong = [one for request, answer in github.answers for one in published.mistakes(request.path, answer.body)]
    assert wrong == []
    events = [one for request, answer in github.answers if request.path.endswith("/timeline") for one in answer.body]
    assert {"review_requested", "review_request_removed"} <= {one["event"] for one in events}
    assert any("requested_team" in one for one in events)
    seen = {published.address_of(request.path) for request, _ in github.answers}
    assert seen == set(published.addresses())
    empty = [request.path for request, answer in github.answers if answer.body in ([], {})]
    assert empty == []


def test_an_answer_that_lacks_a_field_or_has_another_type_does_not_pass() -> None:
    (missing,) = published.mistakes("/repositories/1/branches", [{"name": "main", "protected": False}])
    (wrong,) = published.mistakes(
        "/repos/acme/shop/branches", [{"name": 1, "commit": {"sha": "", "url": ""}, "protected": False}]
    )

    assert '"commit" is a required property' in missing
    assert '1 is not of type "string"' in wrong
    assert published.mistakes("/nowhere", []) == ["/nowhere: no schema"]
