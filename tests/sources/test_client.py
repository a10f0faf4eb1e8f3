"""The client of GitHub: limits, retries, redirects, ETags, and what an answer may not be."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from app.errors import SourceUnavailable, TokenRefused
from app.sources.api import raw_answer
from app.sources.api.budget import Budget
from app.sources.api.client import PAUSES, ApiClient
from app.sources.contract import Absence, Access, Missing, MustWait
from app.sources.github.rules import RULES
from app.storage.resources import Resources
from tests.sources.scripted import Scripted, ScriptedApi, page_links, scripted_api, targets

PULLS = "/repositories/7/pulls"


@pytest.fixture(scope="module")
def served() -> Iterator[ScriptedApi]:
    with scripted_api() as api:
        yield api


@pytest.fixture
def api(served: ScriptedApi, untouched: Resources) -> ScriptedApi:
    served.asked.clear()
    with untouched.engine.begin() as connection:
        connection.execute(text("DELETE FROM source_budget"))
    return served


@contextmanager
def client(
    resources: Resources, api: ScriptedApi, *tokens: str, slept: list[float] | None = None, base_url: str | None = None
) -> Iterator[ApiClient]:
    """A client whose pauses are written down; those of the budget pass in Postgres at once."""
    given = iter([*(tokens or ["secret"])] + [(tokens or ["secret"])[-1]] * 9)

    def sleep(seconds: float) -> None:
        (slept if slept is not None else []).append(seconds)
        with resources.engine.begin() as connection:
            connection.execute(text("UPDATE source_budget SET blocked_until = NULL, remaining = NULL"))

    access = Access(base_url or api.base_url, lambda: next(given), "hash", resources.engine)
    with httpx2.Client(follow_redirects=False, timeout=5) as http:
        yield ApiClient(access, http, RULES, sleep=sleep)


def budget(resources: Resources) -> dict[str, Any]:
    with resources.engine.connect() as connection:
        query = text("SELECT *, extract(epoch FROM blocked_until - now()) AS blocked FROM source_budget")
        return dict(connection.execute(query).mappings().one())


def test_an_answer_has_the_body_the_next_page_the_last_one_and_the_clock_of_the_api(
    untouched: Resources, api: ScriptedApi
) -> None:
    api.answers(Scripted([{"number": 1}], headers=page_links(next=2, last=4) | {"ETag": '"a"'}, date=1_700_000_000))
    with client(untouched, api) as github:
        answer = github.get(PULLS, {"state": "all", "per_page": 100})
    assert answer.body == [{"number": 1}]
    assert (answer.next, answer.last, answer.etag) == ({"state": "all", "page": "2"}, 4, '"a"')
    assert answer.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert targets(api.asked) == [f"{PULLS}?state=all&per_page=100"]
    assert api.asked[0].headers["authorization"] == "Bearer secret"
    assert "x-github-api-version" not in api.asked[0].headers, "an Enterprise Server may not know it"


def test_a_base_address_with_a_path_is_kept(untouched: Resources, api: ScriptedApi) -> None:
    api.answers(Scripted([]))
    with client(untouched, api, base_url=f"{api.base_url}/api/v3/") as github:
        answer = github.get(PULLS)
    assert targets(api.asked) == [f"/api/v3{PULLS}"]
    assert answer.path == PULLS


@pytest.mark.parametrize(
    ("refusal", "seconds"),
    [
        (Scripted({"message": "secondary"}, 403, {"Retry-After": "7"}), 7),
        (Scripted({"message": "Too many"}, 429, {"Retry-After": "7"}), 7),
        (Scripted({"message": "You have exceeded a secondary rate limit"}, 403), 60),
        (Scripted({"message": "slow down"}, 429), 60),
        (
            Scripted(
                raw=b"<html>", status=429, headers={"Retry-After": "Tue, 14 Nov 2023 22:13:50 GMT"}, date=1_700_000_000
            ),
            30,
        ),
        (
            Scripted(
                {"message": "API rate limit exceeded"},
                403,
                {"X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "60", "X-RateLimit-Reset": "1700000040"},
                date=1_700_000_000,  # years off our clock: only the difference counts
            ),
            41,
        ),
    ],
)
def test_a_short_pause_is_waited_for_whichever_way_it_is_asked_for(
    untouched: Resources, api: ScriptedApi, refusal: Scripted, seconds: float
) -> None:
    slept: list[float] = []
    api.answers(refusal, Scripted([1]))
    with client(untouched, api, slept=slept) as github:
        assert github.get(PULLS).body == [1]
    assert slept == [pytest.approx(seconds, abs=1)]
    assert len(api.asked) == 2


def test_a_long_pause_is_not_waited_for_and_holds_for_all_replicas(untouched: Resources, api: ScriptedApi) -> None:
    api.answers(Scripted({"message": "wait"}, 403, {"Retry-After": "600"}))
    for _ in range(2):
        with client(untouched, api) as github, pytest.raises(MustWait) as wait:
            github.get(PULLS)
        assert abs(wait.value.until - datetime.now(UTC) - timedelta(seconds=600)) < timedelta(seconds=30)
    assert len(api.asked) == 1, "the second replica does not even ask"


def test_refusals_in_words_only_double_the_pause_until_an_answer_comes(untouched: Resources, api: ScriptedApi) -> None:
    one = Budget(untouched.engine, "hash")
    assert one.take("core") == 0
    assert [round(one.pause("core", None)) for _ in range(3)] == [60, 120, 240]
    api.answers(Scripted([]))
    with untouched.engine.begin() as connection:
        connection.execute(text("UPDATE source_budget SET blocked_until = NULL"))
    with client(untouched, api) as github:
        github.get(PULLS)
    assert budget(untouched)["pauses"] == 0


def test_the_last_request_of_the_hour_is_not_exceeded_by_any_replica(untouched: Resources, api: ScriptedApi) -> None:
    left = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "1700003000"}
    api.answers(Scripted([], headers=left, date=1_700_000_000))
    with client(untouched, api) as one, client(untouched, api) as other:
        one.get(PULLS)
        other.get(PULLS)
        with pytest.raises(MustWait) as wait:
            one.get(PULLS)
    assert abs(wait.value.until - datetime.now(UTC) - timedelta(seconds=3001)) < timedelta(seconds=30)
    assert len(api.asked) == 2


def test_an_answer_that_nothing_has_changed_costs_nothing_of_the_budget(untouched: Resources, api: ScriptedApi) -> None:
    left = {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "9", "X-RateLimit-Reset": "1700003000"}
    api.answers(
        Scripted([], headers=left | {"ETag": '"a"'}, date=1_700_000_000),
        Scripted(status=304, headers=left, date=1_700_000_000),
    )
    with client(untouched, api) as github:
        first = github.get(PULLS)
        assert github.get(PULLS, etag=first.etag).status == 304
    assert api.asked[1].headers["if-none-match"] == '"a"'
    assert budget(untouched)["remaining"] == 9


def test_half_of_a_surrogate_pair_becomes_a_question_mark(untouched: Resources, api: ScriptedApi) -> None:
    api.answers(Scripted(raw=b'[{"title": "cut \\ud83d", "whole": "\\ud83d\\ude00"}]'))
    with client(untouched, api) as github:
        assert github.get(PULLS).body == [{"title": "cut ?", "whole": "\U0001f600"}]


@pytest.mark.parametrize(
    "trouble",
    [
        Scripted({"message": "bad gateway"}, 502),
        Scripted({"message": "unavailable"}, 503),
        Scripted({"message": "timeout"}, 504),
        Scripted(raw=b"<html><h1>Unicorn!</h1></html>", status=500),
        Scripted({}, 202),
        Scripted([{"number": 1}] * 50, cut=200),
        Scripted(raw=b'[{"number": 1}, {"nu'),
        Scripted(raw=b""),
    ],
)
def test_an_answer_that_is_cut_or_broken_is_asked_for_again_and_in_the_end_an_error(
    untouched: Resources, api: ScriptedApi, trouble: Scripted
) -> None:
    slept: list[float] = []
    api.answers(trouble, trouble, Scripted(["whole"]))
    with client(untouched, api, slept=slept) as github:
        assert github.get(PULLS).body == ["whole"]
        assert slept == list(PAUSES[:2])
        api.answers(trouble)
        with pytest.raises(SourceUnavailable, match="did not answer properly, 4 times"):
            github.get(PULLS)


def test_a_body_that_never_ends_is_given_up(
    untouched: Resources, api: ScriptedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_answer, "MOST_BODY_BYTES", 1000)
    api.answers(Scripted(raw=json.dumps(["x" * 100] * 100).encode()))
    with client(untouched, api) as one, pytest.raises(SourceUnavailable, match="more than 1,000 bytes"):
        one.get(PULLS)


def test_a_renamed_repository_is_followed_by_its_number(untouched: Resources, api: ScriptedApi) -> None:
    api.answers(
        Scripted({}, 301, {"Location": "BASE/repositories/7/pulls?state=all"}),
        Scripted([1]),
    )
    with client(untouched, api) as github:
        answer = github.get("/repos/old/name/pulls", {"state": "all"})
    assert (answer.body, answer.path) == ([1], PULLS)
    assert targets(api.asked) == ["/repos/old/name/pulls?state=all", f"{PULLS}?state=all"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_parameters_that_a_redirect_leaves_out_are_asked_with_all_the_same(
    untouched: Resources, api: ScriptedApi, status: int
) -> None:
    api.answers(Scripted({}, status, {"Location": "/repositories/7/pulls"}), Scripted([1]))
    with client(untouched, api) as github:
        assert github.get("/repos/old/name/pulls", {"state": "all", "per_page": 100}).body == [1]
    assert targets(api.asked)[1] == f"{PULLS}?state=all&per_page=100"


def test_a_redirect_to_another_host_is_not_followed_and_a_link_to_one_neither(
    untouched: Resources, api: ScriptedApi
) -> None:
    with scripted_api() as other:
        other.answers(Scripted(["taken"]))
        api.answers(Scripted({}, 302, {"Location": f"{other.base_url}/steal"}))
        with client(untouched, api) as github, pytest.raises(SourceUnavailable, match="Nothing was sent there"):
            github.get(PULLS)
        api.answers(Scripted([1], headers={"Link": f'<{other.base_url}/steal?page=2>; rel="next"'}), Scripted([2]))
        with client(untouched, api) as github:
            announced = github.get(PULLS).next
            assert github.get(PULLS, announced).body == [2]
        for target in ("http://127.0.0.1@evil.example/x", "//evil.example/x", f"{api.base_url}.evil.example/x"):
            api.answers(Scripted({}, 301, {"Location": target}))
            with client(untouched, api) as github, pytest.raises(SourceUnavailable, match="Nothing was sent there"):
                github.get(PULLS)
        assert other.asked == []


@pytest.mark.parametrize(
    ("status", "absence"),
    [
        (403, Absence.FORBIDDEN),
        (404, Absence.GONE),
        (409, Absence.EMPTY),
        (410, Absence.OFF),
        (451, Absence.BLOCKED),
    ],
)
def test_what_is_not_there_is_a_state_with_the_words_of_the_api(
    untouched: Resources, api: ScriptedApi, status: int, absence: Absence
) -> None:
    api.answers(Scripted({"message": "Resource not accessible by personal access token"}, status))
    with client(untouched, api) as github, pytest.raises(Missing) as missing:
        github.get(PULLS)
    assert missing.value.absence is absence
    assert "Resource not accessible" in missing.value.message
    assert len(api.asked) == 1


def test_a_commit_that_is_not_known_any_more_is_gone_whichever_status_says_so(
    untouched: Resources, api: ScriptedApi
) -> None:
    api.answers(Scripted({"message": f"No commit found for SHA: {'a' * 40}"}, 422))
    with client(untouched, api) as github, pytest.raises(Missing) as missing:
        github.get("/repositories/7/commits", {"sha": "a" * 40})
    assert missing.value.absence is Absence.GONE


def test_a_request_that_is_refused_for_its_parameters_names_them(untouched: Resources, api: ScriptedApi) -> None:
    api.answers(Scripted({"message": "Validation Failed"}, 422))
    with client(untouched, api) as github, pytest.raises(SourceUnavailable) as refused:
        github.get(PULLS, {"state": "all", "since": "2026-01-01T00:00:00Z"})
    assert "(Validation Failed); it was asked with state=all&since=2026-01-01T00:00:00Z." in refused.value.message


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (b"<html><head><title>404 Not &amp; Found</title></head></html>", " (404 Not & Found)."),
        (b"<!DOCTYPE html><p>no", "404."),
    ],
)
def test_of_a_page_for_people_only_its_title_is_told(
    untouched: Resources, api: ScriptedApi, page: bytes, said: str
) -> None:
    api.answers(Scripted(raw=page, status=404))
    with client(untouched, api) as github, pytest.raises(Missing) as missing:
        github.get(PULLS)
    assert missing.value.message.endswith(said)


def test_an_answer_that_is_never_json_is_told_as_such(untouched: Resources, api: ScriptedApi) -> None:
    api.answers(Scripted(raw=b"<html>Log in</html>"))
    with client(untouched, api) as github, pytest.raises(SourceUnavailable, match="4 times: its answer is not JSON"):
        github.get(PULLS)


def test_a_refused_token_is_replaced_once_if_there_is_a_newer_one(untouched: Resources, api: ScriptedApi) -> None:
    api.answers(Scripted({"message": "Bad credentials"}, 401), Scripted([1]))
    with client(untouched, api, "old", "new") as github:
        assert github.get(PULLS).body == [1]
    assert [one.headers["authorization"] for one in api.asked] == ["Bearer old", "Bearer new"]


def test_a_token_that_is_refused_for_good_is_an_error_that_does_not_show_it(
    untouched: Resources, api: ScriptedApi
) -> None:
    api.answers(Scripted({"message": "Bad credentials"}, 401))
    with client(untouched, api, "ghp_abc") as github, pytest.raises(TokenRefused, match="Bad credentials") as refused:
        github.get(PULLS)
    assert "ghp_abc" not in refused.value.message
    assert len(api.asked) == 2, "once more, because a token may be replaced, and GitHub mistaken"
