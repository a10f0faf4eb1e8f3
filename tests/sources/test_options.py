"""What a source says of itself: addresses, and which repositories its patterns mean."""

import pytest

from app.errors import InvalidParameters
from app.sources.options import Repositories, SourceOptions, address_of, source_options
from app.sources.registry import SOURCE_KINDS

GITHUB = SOURCE_KINDS["github"]


def refusal(**given: object) -> str:
    with pytest.raises(InvalidParameters) as refused:
        source_options(GITHUB, {"repositories": ["acme/*"], **given})
    return refused.value.message


@pytest.mark.parametrize(
    ("patterns", "taken", "left_out"),
    [
        (["acme/*"], ["acme/web", "ACME/Web", "acme/old-api"], ["acme-labs/web", "web", "other/acme"]),
        (["acme/web"], ["acme/web", "Acme/WEB"], ["acme/webs", "acme/web/x"]),
        (["Acme/*", "!acme/OLD-*"], ["acme/web", "acme/older"], ["acme/old-api", "acme/Old-x"]),
        (["!acme/web", "acme/w?b"], ["acme/wob"], ["acme/web", "acme/weeb"]),
        (["acme/a.b"], ["acme/a.b"], ["acme/axb"]),
    ],
)
def test_a_repository_is_meant_if_a_pattern_takes_it_in_and_none_leaves_it_out(
    patterns: list[str], taken: list[str], left_out: list[str]
) -> None:
    meant = Repositories(patterns)
    assert [one for one in taken + left_out if one in meant] == taken


def test_owners_are_listed_only_for_patterns_that_need_a_list() -> None:
    meant = Repositories(["acme/*", "other/web", "Acme/w?b", "third/x-*", "!fourth/*"])
    assert (list(meant.owners), list(meant.named)) == (["acme", "third"], ["other/web"])


def test_options_stay_as_given_and_the_address_is_that_of_the_kind_unless_said() -> None:
    given = {"repositories": ["acme/*", "acme/*", "!acme/old"], "streams": ["pull_requests"]}
    options = source_options(GITHUB, given)
    assert options == SourceOptions(repositories=("acme/*", "!acme/old"), streams=("pull_requests",))
    assert address_of(GITHUB, options) == "https://api.github.com"
    own = source_options(GITHUB, {**given, "address": "https://git.acme.example/api/v3/"})
    assert address_of(GITHUB, own) == "https://git.acme.example/api/v3"
    for here in ("http://127.0.0.1:8080", "http://localhost:8080/api", "http://[::1]:9"):
        assert source_options(GITHUB, {**given, "address": here}).address == here


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("api.github.com", "is not an address such as https://HOST/api/v3"),
        ("ftp://x", "is not an address such as https://HOST/api/v3"),
        ("https://", "is not an address such as https://HOST/api/v3"),
        ("https://[::1", "is not an address such as https://HOST/api/v3"),
        ("https://host:99999", "is not an address such as https://HOST/api/v3"),
        ("https://a b/", "is not an address such as https://HOST/api/v3"),
        ("https://me:token@host", "give the token separately"),
        ("https://host/?a=b", "give the token separately"),
        ("http://git.acme.example/api/v3", "would send the token unencrypted"),
        ("http://127.0.0.1.acme.example", "would send the token unencrypted"),
        ("https://github.com", "the API is at https://api.github.com"),
    ],
)
def test_an_address_that_cannot_be_that_of_an_api_is_refused(address: str, reason: str) -> None:
    assert reason in refusal(address=address)


@pytest.mark.parametrize("patterns", [["acme"], ["*/*"], ["acme/"], ["acme/web/x"], ["https://github.com/acme/web"]])
def test_a_pattern_that_names_no_owner_and_repository_is_refused(patterns: list[str]) -> None:
    assert f"{patterns[0]!r} is not a pattern such as org/*, org/name or !org/old-*" in refusal(repositories=patterns)


def test_patterns_that_only_leave_out_are_refused() -> None:
    assert "add one that includes, such as org/*" in refusal(repositories=["!acme/old"])
    assert "repositories" in refusal(repositories=[])


def test_a_stream_that_is_misspelt_is_refused_with_the_one_that_was_meant() -> None:
    assert "streams: 'pull_request' is not a stream of github (did you mean 'pull_requests'?)" in refusal(
        streams=["pull_request"]
    )
