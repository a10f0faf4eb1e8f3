"""Which repositories the patterns of a source mean, asked of an API that answers from a table."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.errors import SourceIncomplete
from app.sources.contract import Absence, Answer, Found, KnownRepository, Missing, Params, Repository
from app.sources.github.discovery import find
from app.sources.options import Repositories

NOW = datetime(2026, 3, 2, tzinfo=UTC)
PUSHED = "2026-03-01T12:00:00Z"


class Table:
    """A client: bodies by path, or an absence; a list of lists is a list with pages."""

    token_hash = "hash"

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    @property
    def requests(self) -> int:
        return len(self.asked)

    def get(self, path: str, params: Params | None = None, *, etag: str | None = None) -> Answer:
        assert etag is None, "lists of repositories are asked for whole"
        self.asked.append(path)
        found = self.answers.get(path, Absence.GONE)
        if isinstance(found, Absence):
            raise Missing(f"{path} answers {found}.", found)
        page = int((params or {}).get("page", 1))
        is_paged = isinstance(found, list) and bool(found) and isinstance(found[0], list)
        body = found[page - 1] if is_paged else found
        following = {"page": page + 1} if is_paged and page < len(found) else None
        return Answer(path, params or {}, 200, {}, body, NOW, following)


def body(number: int, name: str) -> dict[str, Any]:
    return {"id": number, "full_name": name, "default_branch": "main", "pushed_at": PUSHED}


def known(number: int, name: str, *, hours: float = 1, is_read: bool = True, chosen_as: str | None = None) -> Any:
    return KnownRepository(Repository(number, name, "main", None, chosen_as), is_read, NOW - timedelta(hours=hours))


def found(table: Table, patterns: Sequence[str], *before: KnownRepository) -> Found:
    return find(table, Repositories(patterns), before, NOW)


def names(of: Found) -> dict[int, str]:
    return {one.number: one.name for one in of.repositories}


def test_all_pages_of_an_organisation_are_read_and_patterns_choose() -> None:
    table = Table({"/orgs/acme/repos": [[body(1, "acme/api"), body(2, "acme/old-web")], [body(3, "Acme/Web")]]})
    of = found(table, ["acme/*", "!acme/old-*"])
    assert names(of) == {1: "acme/api", 3: "Acme/Web"}
    assert of.repositories[0].pushed_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert (of.absent, of.unknown) == ({}, {})


def test_an_announced_page_of_repositories_that_is_empty_is_an_error() -> None:
    with pytest.raises(SourceIncomplete):
        found(Table({"/orgs/acme/repos": [[body(1, "acme/api")], []]}), ["acme/*"])


def test_a_person_is_listed_where_there_is_no_organisation() -> None:
    assert names(found(Table({"/users/ada/repos": [body(1, "ada/notes")]}), ["ada/*"])) == {1: "ada/notes"}


def test_private_repositories_of_the_person_whose_token_it_is_are_listed() -> None:
    pages = [[body(1, "Ann/public")], [body(2, "Ann/private")]]
    table = Table({"/user": {"login": "Ann"}, "/user/repos": pages, "/users/ann/repos": [body(1, "Ann/public")]})
    assert names(found(table, ["ann/*"])) == {1: "Ann/public", 2: "Ann/private"}
    assert table.asked == ["/orgs/ann/repos", "/user", "/user/repos", "/user/repos"]


@pytest.mark.parametrize("own", [Absence.FORBIDDEN, {"login": "bob"}, {"login": "Ann"}])
def test_of_another_person_or_where_nobody_can_tell_what_is_public_is_listed(own: Any) -> None:
    table = Table({"/user": own, "/users/ann/repos": [body(1, "Ann/public")]})
    assert names(found(table, ["ann/*"])) == {1: "Ann/public"}


def test_an_owner_that_is_not_there_takes_nothing_away() -> None:
    of = found(Table({}), ["acme/*"], known(1, "acme/api"))
    assert "acme: GitHub knows no repository of that name" in of.unknown["acme"]
    assert of.absent == {}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (body(2, "acme/web"), None),
        (body(2, "acme/renamed"), None),
        (body(2, "others/web"), "left"),
        (Absence.GONE, "gone"),
        (Absence.BLOCKED, "blocked"),
        (Absence.FORBIDDEN, "forbidden"),
    ],
)
def test_one_that_is_missing_from_a_list_is_asked_for_before_it_is_believed_to_be_gone(
    answer: Any, expected: str | None
) -> None:
    table = Table({"/orgs/acme/repos": [body(1, "acme/api")], "/repositories/2": answer})
    of = found(table, ["acme/*"], known(1, "acme/api"), known(2, "acme/web"))
    if expected is None:
        assert names(of) == {1: "acme/api", 2: answer["full_name"]}
        assert of.absent == {}
    else:
        assert names(of) == {1: "acme/api"}
        assert of.absent[2][0] == expected


def test_one_that_was_not_read_before_is_not_asked_for_again() -> None:
    table = Table({"/orgs/acme/repos": [body(1, "acme/api")]})
    of = found(table, ["acme/*"], known(2, "acme/web", is_read=False))
    assert table.asked == ["/orgs/acme/repos"]
    assert of.absent == {}


def test_one_that_is_listed_but_left_out_by_a_pattern_of_today_is_left_without_a_request() -> None:
    table = Table({"/orgs/acme/repos": [body(1, "acme/api")]})
    of = found(table, ["acme/*", "!acme/api"], known(1, "acme/api"))
    assert of.absent[1][0] == "left"
    assert table.asked == ["/orgs/acme/repos"]


def test_a_repository_that_is_named_is_asked_for_by_its_name_then_by_its_number_once_a_day() -> None:
    answers = {"/repos/acme/api": body(1, "acme/api"), "/repositories/1": body(1, "acme/api")}
    first = found(Table(answers), ["acme/api"])
    assert [(one.number, one.chosen_as, one.pushed_at) for one in first.repositories] == [(1, "acme/api", None)]
    fresh = Table(answers)
    again = found(fresh, ["acme/api"], known(1, "acme/api", chosen_as="acme/api"))
    assert (fresh.asked, names(again), again.absent) == ([], {}, {})
    later = Table(answers)
    assert names(found(later, ["acme/api"], known(1, "acme/api", hours=25, chosen_as="acme/api"))) == {1: "acme/api"}
    assert later.asked == ["/repositories/1"]


def test_one_that_was_named_is_followed_when_it_is_renamed_and_its_name_may_be_anothers() -> None:
    renamed = known(1, "acme/core", hours=25, chosen_as="acme/api")
    followed = Table({"/repositories/1": body(1, "acme/core"), "/repos/acme/api": body(1, "acme/core")})
    assert names(found(followed, ["acme/api"], renamed)) == {1: "acme/core"}
    taken = Table({"/repositories/1": body(1, "acme/core"), "/repos/acme/api": body(9, "acme/api")})
    assert names(found(taken, ["acme/api"], renamed)) == {1: "acme/core", 9: "acme/api"}


def test_a_name_that_is_not_there_is_told() -> None:
    assert "acme/apy: GitHub knows no repository of that name" in found(Table({}), ["acme/apy"]).unknown["acme/apy"]
