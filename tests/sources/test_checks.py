"""What is said when a source is added: whether its token works, what it sees, which streams it may read."""

from collections.abc import Iterator

import pytest

from app.errors import SourceRefused, SourceUnavailable, TokenRefused
from app.sources.checks import check
from app.sources.options import source_options
from app.sources.register import access
from app.sources.registry import SOURCE_KINDS
from app.storage.resources import Resources
from tests.commands import free_port
from tests.github import Github, World, serve
from tests.github.faults import Fault

GITHUB = SOURCE_KINDS["github"]
TOKEN = "ghp_of_the_checks_0123456789abcdefghijkl"


@pytest.fixture(scope="module")
def github() -> Iterator[Github]:
    world = World(seed=3)
    world.token(TOKEN, limit=4_000)
    for name in ("web", "api", "old-api"):
        world.create_repository(f"acme/{name}")
    with serve(world) as github:
        yield github


def looked(
    github: Github,
    resources: Resources,
    *patterns: str,
    token: str | None = TOKEN,
    address: str | None = None,
    stream: str = "pull_requests",
) -> list[tuple[str, str]]:
    options = source_options(
        GITHUB,
        {"repositories": patterns, "address": address or github.address, "streams": [stream]},
    )
    found = check(GITHUB, options, access(GITHUB, options, lambda: token, resources.engine))
    return [(one.level, one.message) for one in found]


def test_what_works_is_said_in_sentences(github: Github, resources: Resources) -> None:
    before = len(github.asked)
    found = looked(github, resources, "acme/*", "!acme/old-*")
    asked = len(github.asked) - before
    assert [level for level, _ in found] == ["ok", "ok", "ok"]
    works, owner, streams = (message for _, message in found)
    assert works.startswith("The token works, with ")
    assert "of 4,000 requests an hour left." in works
    assert owner.startswith("acme: 2 repositories are read: ")
    assert "old-api" not in owner
    assert streams in {f"Can be read of acme/{name}: pull_requests." for name in ("web", "api")}
    assert asked == 3


def test_a_repository_that_is_named_is_looked_at_by_its_name(github: Github, resources: Resources) -> None:
    assert ("ok", "acme/web: is read.") in looked(github, resources, "acme/web")
    with pytest.raises(SourceRefused, match="acme/wep: there is no such repository, or the token may not see it"):
        looked(github, resources, "acme/wep")


def test_a_misspelt_organisation_is_refused_with_everything_else_that_was_found(
    github: Github, resources: Resources
) -> None:
    with pytest.raises(SourceRefused, match="acne: there is no organisation or user of this name") as refused:
        looked(github, resources, "acne/*", "acme/web")
    assert [one["level"] for one in refused.value.details["findings"]] == ["ok", "error", "ok", "ok"]


def test_an_organisation_that_the_token_may_not_see_is_not_looked_for_among_people(resources: Resources) -> None:
    world = World()
    world.token(TOKEN)
    world.create_repository("acme/web")
    with serve(world) as other:
        other.faults.planned.append(Fault("403 forbidden", r"/orgs/acme/repos.*"))
        with pytest.raises(SourceRefused, match=r"/orgs/acme/repos answers 403"):
            looked(other, resources, "acme/*")
        assert not [address for address in other.addresses() if address.startswith("/users/")]


def test_patterns_that_mean_no_repository_are_refused(github: Github, resources: Resources) -> None:
    with pytest.raises(SourceRefused, match="acme: none of the 3 repositories that the token sees matches acme/x-"):
        looked(github, resources, "acme/x-*")


def test_a_token_that_nobody_knows_is_refused_without_showing_it(github: Github, resources: Resources) -> None:
    wrong = "ghp_that_nobody_knows_0123456789"
    with pytest.raises(TokenRefused, match="does not accept the token") as refused:
        looked(github, resources, "acme/*", token=wrong)
    assert wrong not in str(refused.value)


def test_a_stream_that_the_token_may_not_read_is_a_warning(resources: Resources) -> None:
    world = World()
    world.token(TOKEN)
    repository = world.create_repository("acme/web")
    with serve(world) as other:
        other.faults.planned.append(Fault("403 forbidden", rf"/repositories/{repository.id}/pulls.*"))
        found = looked(other, resources, "acme/*")
    assert found[-1][0] == "warning"
    assert found[-1][1].startswith("pull_requests cannot be read of acme/web. ")


def test_teams_that_the_token_may_not_read_are_a_warning_of_their_owner(resources: Resources) -> None:
    world = World()
    world.token(TOKEN)
    world.create_repository("acme/web")
    with serve(world) as other:
        other.faults.planned.append(Fault("403 forbidden", r"/orgs/acme/teams.*"))
        found = looked(other, resources, "acme/*", stream="teams")
    assert found[-1][0] == "warning"
    assert found[-1][1].startswith("teams cannot be read of acme. ")


def test_files_of_a_repository_without_commits_are_no_warning(resources: Resources) -> None:
    world = World()
    world.token(TOKEN)
    world.create_repository("acme/new", empty=True)
    with serve(world) as other:
        found = looked(other, resources, "acme/*", stream="files")
    assert found[-1] == ("ok", "Can be read of acme/new: files.")


def test_a_server_that_is_not_there_is_told_of_soon(github: Github, resources: Resources) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(SourceUnavailable, match=r"2 times: the connection was refused.*Nothing was stored"):
        looked(github, resources, "acme/*", address=address)


def test_what_is_no_api_is_refused(github: Github, resources: Resources) -> None:
    with pytest.raises(SourceRefused, match="The API of an Enterprise Server ends with /api/v3"):
        looked(github, resources, "acme/*", address=f"{github.address}/elsewhere")
