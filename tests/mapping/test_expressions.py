"""Functions of expressions: what they make of people, bots, deleted accounts, pending reviews and drafts."""

import base64
from typing import Any

import pytest

from app.mapping.expressions import evaluated, members, require_expression
from app.mapping.functions import LONGEST_TEXT, OurFunctions
from app.mapping.unmappable import Unmappable
from tests.commands import REPOSITORY

ADA = {"login": "ada", "id": 1, "type": "User"}
BEN = {"login": "ben", "id": 2, "type": "User"}
BOT = {"login": "renovate[bot]", "id": 3, "type": "Bot"}
#: A bot that says it is a user, but for its login.
HIDDEN_BOT = {"login": "ci[bot]", "id": 4, "type": "User"}
GHOST = {"login": "ghost", "id": 10137, "type": "User"}


def review(user: Any, state: str, at: str | None) -> dict[str, Any]:
    return {"user": user, "state": state, "submitted_at": at and f"2024-03-{at}T12:00:00Z"}


#: Of a pull request of ada's.
REVIEWS = [
    review(ADA, "COMMENTED", "01"),  # the author's own
    review(BOT, "COMMENTED", "02"),
    review(HIDDEN_BOT, "APPROVED", "03"),
    review(None, "APPROVED", "04"),  # an account that was deleted
    review(BEN, "PENDING", None),  # ben's own token sees it, though it was not submitted
    review(BEN, "DISMISSED", "05"),  # was an approval
    review({**BEN, "login": "benjamin"}, "CHANGES_REQUESTED", "06"),  # renamed since
    review(BEN, "APPROVED", "07"),
    review({**ADA, "login": "lovelace"}, "APPROVED", "08"),  # the author's by number
    review(BEN, "APPROVED", "09"),
]

COUNTING = "people(others(reviews, user))"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (f"earliest({COUNTING}[].submitted_at)", "2024-03-04T12:00:00Z"),
        (f"latest({COUNTING}[?state=='APPROVED'].submitted_at)", "2024-03-09T12:00:00Z"),
        (f"latest(before({COUNTING}[?state=='APPROVED'].submitted_at, merged_at))", "2024-03-07T12:00:00Z"),
        (f"latest(before({COUNTING}[?state=='APPROVED'].submitted_at, closed_at))", "2024-03-09T12:00:00Z"),
        (f"latest({COUNTING}[?state=='CHANGES_REQUESTED'].submitted_at)", "2024-03-06T12:00:00Z"),
        (f"length({COUNTING})", 6),
        ("length(others(reviews, user.login))", 9),  # by the login alone
        ("length(others(reviews, user.id))", 8),
        ("length(others(reviews, `null`))", 10),
        ("length(others(nothing, user))", 0),
        ("length(people(nothing))", 0),
        ("earliest(nothing)", None),
        ("latest([nothing, nothing])", None),
    ],
)
def test_reviews_that_count_are_of_people_other_than_the_author(expression: str, expected: Any) -> None:
    record = {"user": ADA, "reviews": REVIEWS, "merged_at": "2024-03-09T12:00:00Z", "closed_at": None}
    assert evaluated(expression, record) == expected


#: As REST and GraphQL have it.
REST = {
    "user": {"login": "ada"},
    "merged_at": "2024-06-03T15:00:00Z",
    "reviews": [
        {"user": {"login": "ada"}, "at": "2024-06-03T13:00:00Z"},
        {"user": {"login": "lint[bot]"}, "at": "2024-06-03T13:10:00Z"},
        {"user": {"login": "ci", "type": "Bot"}, "at": "2024-06-03T13:20:00Z"},
        {"user": None, "at": "2024-06-03T14:00:00Z"},
        {"user": {"login": "bo"}, "at": "2024-06-03T15:00:00Z"},
    ],
}
GRAPHQL = {
    "author": {"login": "ada"},
    "reviews": [
        {"author": {"login": "ada"}, "at": 1},
        {"author": {"login": "app/lint"}, "at": 2},
        {"author": {"login": "ci", "__typename": "Bot"}, "at": 3},
        {"author": {"login": "ci", "is_bot": True}, "at": 4},
        {"author": {"login": "bo", "is_bot": False}, "at": 5},
    ],
}


@pytest.mark.parametrize(
    ("expression", "record", "found"),
    [
        # Whoever is deleted has no name, and is not the author, whose name is known.
        ("others(reviews, user.login)[].at | length(@)", REST, 4),
        ("others(reviews, author.login)[].at", GRAPHQL, [2, 3, 4, 5]),
        ("others(reviews, nobody.login)[].at", GRAPHQL, [1, 2, 3, 4, 5]),
        ("people(reviews)[].at", REST, ["2024-06-03T13:00:00Z", "2024-06-03T14:00:00Z", "2024-06-03T15:00:00Z"]),
        ("people(others(reviews, author.login))[].at", GRAPHQL, [5]),
        ("max(before(people(others(reviews, user.login))[].at, merged_at))", REST, "2024-06-03T14:00:00Z"),
        ("max(before(people(others(reviews, user.login))[].at, closed_at))", REST, "2024-06-03T15:00:00Z"),
        ("min(people(others(missing, user.login))[].at)", REST, None),
        ("others([missing], user.login)", REST, []),
        ("before(missing, merged_at)", REST, []),
    ],
)
def test_lists_without_the_author_and_bots_and_before_an_instant(expression: str, record: Any, found: Any) -> None:
    assert evaluated(expression, record) == found


def test_a_function_of_another_type_cannot_be_mapped() -> None:
    with pytest.raises(Unmappable, match="fails here"):
        evaluated("others(user, user.login)", REST)


@pytest.mark.parametrize(
    ("account", "expected"), [(ADA, False), (BOT, True), (HIDDEN_BOT, True), (GHOST, False), (None, None)]
)
def test_a_bot_is_known_by_its_type_or_its_login(account: Any, expected: Any) -> None:
    assert evaluated("is_bot(user)", {"user": account}) is expected


def test_people_are_found_in_events_too_and_numbers_may_be_texts() -> None:
    events = [{"actor": BEN}, {"actor": None}, {"actor": GHOST}, {"author": {"name": "Ada", "date": "x"}}, None]
    assert evaluated("people(events)", {"events": events}) == events[:4]
    assert evaluated("others(events, user)", {"events": events, "user": GHOST}) == [events[0], events[3]]
    assert evaluated("others(acts, user)", {"acts": [{"user": {**ADA, "id": "1"}}], "user": ADA}) == []


def test_instants_are_compared_as_instants_whatever_their_offset() -> None:
    texts = ["2024-03-01T12:00:00Z", "2024-03-01T12:30:00+01:00", None, "soon", "2024-03-01T11:45:00", 7]
    assert evaluated("earliest(texts)", {"texts": texts}) == "2024-03-01T12:30:00+01:00"
    assert evaluated("latest(texts)", {"texts": texts}) == "2024-03-01T12:00:00Z"
    assert evaluated("before(texts, end)", {"texts": texts, "end": texts[0]}) == ["2024-03-01T12:30:00+01:00"]
    assert evaluated("day(@)", "2024-03-01T00:30:00+01:00") == "2024-02-29"
    assert evaluated("day(@)", None) is None


R, D = "ready_for_review", "convert_to_draft"


@pytest.mark.parametrize(
    ("events", "ready", "seconds"),
    [
        ([], None, None),
        ([(R, 1)], 1, 3600),  # a draft from the beginning
        ([(D, 1)], None, None),
        ([(D, 1), (R, 3)], 3, 7200),
        ([(R, 1), (D, 2), (R, 5)], 5, 3600 + 3 * 3600),
        ([(R, 1), (D, 2)], 1, 3600),  # a draft again, whose end is not known
        ([(D, 1), (D, 2), (R, 3)], 3, 7200),
        ([(R, 1), (R, 2)], 1, 3600),
        ([(R, 5), (D, 2), (R, 1)], 5, 3600 + 3 * 3600),  # in any order
    ],
)
def test_draft_stretches_are_those_between_their_events(
    events: list[tuple[str, int]], ready: int | None, seconds: int | None
) -> None:
    timeline = [{"event": name, "created_at": f"2024-03-01T{hour:02}:00:00Z"} for name, hour in events]
    timeline.insert(0, {"event": "labeled", "created_at": "2024-03-01T00:00:00Z"})
    record = {"timeline": timeline, "created_at": "2024-03-01T00:00:00Z"}
    stretches = f"stretches(timeline, '{D}', '{R}', created_at)"
    assert evaluated(f"latest({stretches}[].end)", record) == (ready and f"2024-03-01T{ready:02}:00:00Z")
    assert evaluated(f"seconds({stretches})", record) == seconds


def test_seconds_keep_a_fraction_only_if_there_is_one() -> None:
    stretch = {"begin": "2024-03-01T00:00:00Z", "end": "2024-03-01T00:00:01.5Z"}
    assert evaluated("seconds(@)", [stretch]) == 1.5
    assert str(evaluated("seconds(@)", [stretch, stretch])) == "3"


@pytest.mark.parametrize(
    ("expression", "record", "expected"),
    [
        ("below(@)", 3, [1, 2]),
        ("below(@)", "2", [1]),
        ("below(@)", 1, []),
        ("below(@)", None, []),
        ("below(@)", -1, []),
        ("below(@)", "many", []),
        ("length(below(@))", 10**12, 1000),
        ("between(@, 'pkg:', '/')", "pkg:npm/left-pad@1.3.0", "npm"),
        ("between(@, 'pkg:', '/')", "npm/left-pad", None),
        ("between(@, 'pkg:', '/')", "pkg:npm", None),
        ("between(@, 'pkg:', '/')", None, None),
        ("reverted(@)", 'Revert "x"\n\nThis reverts commit ' + "a1" * 20 + ".", "a1" * 20),
        ("reverted(@)", "This reverts commit a1b2c3.", None),
        ("reverted(@)", None, None),
        ("reverted_pull(@, 'o/r', 'x')", "Reverts o/r#12", 12),
        ("reverted_pull(@, 'O/R', 'x')", "Reverts o/r#12.", 12),
        ("reverted_pull(@, 'o/r', 'x')", "First\r\nReverts #12\r\nReverts #13", 12),
        ("reverted_pull(@, 'o/r', `null`)", "Reverts p/r#11\nReverts o/r#12", 12),
        ("reverted_pull(@, 'o/r', 'x')", "Reverts p/r#12", None),
        ("reverted_pull(@, 'o/r', 'revert-12-x')", "Reverts p/r#12", 12),  # which o/r was called then
        ("reverted_pull(@, 'o/r', 'revert-1-x')", "Reverts p/r#12", None),
        ("reverted_pull(@, `null`, `null`)", "Reverts #12", 12),
        ("reverted_pull(@, `null`, `null`)", "Reverts o/r#12", None),
        ("reverted_pull(@, 'o/r', 'x')", "This reverts #12", None),
        ("reverted_pull(@, 'o/r', 'x')", "> Reverts #12", None),
        ("reverted_pull(@, 'o/r', 'x')", "Reverts #0 and #12", None),
        ("reverted_pull(@, 'o/r', 'x')", "Reverts #999999999", 999_999_999),
        ("reverted_pull(@, 'o/r', 'x')", "Reverts #9999999999", None),  # no pull request has that
        ("reverted_pull(@, 'o/r', 'x')", "Reverts #12a", None),
        ("reverted_pull(@, 'o/r', 'revert-12-x')", None, None),
        ("owning_team(@)", "# all\n*  @ada @acme/platform @acme/web # and others\n*.js @acme/web\n", "platform"),
        ("owning_team(@)", "* @acme/platform\n* @acme/tools\r\n/docs/ @acme/docs", "tools"),
        ("owning_team(@)", "* @acme/platform\n* # nobody's since\n", None),
        ("owning_team(@)", "* ada@example.org @ada\n", None),
        ("owning_team(@)", "*.py @acme/platform\n#* @acme/x\n\n", None),
        ("owning_team(@)", None, None),
        (
            "explode(@, 'logs')",
            [{"id": 1, "logs": [{"up": 1}, {"up": 0}]}, {"id": 2, "logs": []}, {"id": 3}, 4],
            [{"id": 1, "logs": {"up": 1}}, {"id": 1, "logs": {"up": 0}}],
        ),
        (
            "explode(@, 'hours.spans')",
            [{"id": 1, "hours": {"zone": "UTC", "spans": [[9, 17]]}}, {"id": 2, "hours": None}],
            [{"id": 1, "hours": {"zone": "UTC", "spans": [9, 17]}}],
        ),
        ("explode(@, 'logs')", None, []),
        # printf ada@example.org | sha256sum
        ("hashed(@)", "Ada@Example.org", "cfe00dde46ef942601ffafb9e2825e802858b460e586b8305b344c1eb826357d"),
        ("hashed(@)", None, None),
        ("from_base64(@)", "b246IFtwdXNo\nXQ==\n", "on: [push]"),
        ("from_base64(@)", "/w==", None),  # not UTF-8
        ("from_base64(@)", "AA==", None),  # NUL
        ("from_base64(@)", "x", None),
        ("from_base64(@)", None, None),
        ("length(from_base64(@))", base64.b64encode(b"x" * LONGEST_TEXT).decode(), LONGEST_TEXT),
        ("from_base64(@)", base64.b64encode(b"x" * (LONGEST_TEXT + 1)).decode(), None),
    ],
)
def test_texts_and_numbers(expression: str, record: Any, expected: Any) -> None:
    assert evaluated(expression, record) == expected


def test_a_function_that_is_none_is_refused_with_those_that_are() -> None:
    with pytest.raises(
        ValueError, match=r"calls othrs\(\), which is not a function \(did you mean others\?\); allowed: "
    ):
        require_expression("[earliest(others(a, b)), max(othrs(a, b)[].c)] | [0]")
    require_expression("sort_by(a, &earliest(b))[*].{c: not_null(d, `1`)}")


def test_every_function_of_ours_is_in_the_page() -> None:
    page = (REPOSITORY / "docs/files-as-they-are.md").read_text(encoding="utf-8")
    ours = {name.removeprefix("_func_") for name in vars(OurFunctions) if name.startswith("_func_")}
    section = page.partition("### Functions of expressions")[2].partition("\n## ")[0]
    rows = {line.split("`")[1].partition("(")[0] for line in section.splitlines() if line.startswith("| `")}
    assert ours == rows


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("number", {"number"}),
        ("author.login", {"author"}),
        ("payload.review.user || payload.comment.user", {"payload"}),
        ("latest(before(people(others(reviews, author))[?state=='APPROVED'].submittedAt, mergedAt))", None),
        ("labels[].name || tags[0]", {"labels", "tags"}),
        ("user && user.type == 'Bot'", {"user"}),
        ("commits | [0].at", {"commits"}),
        ("[first, second.x]", {"first", "second"}),
        ("@", set()),
    ],
)
def test_an_expression_begins_with_members_of_the_record(expression: str, found: set[str] | None) -> None:
    assert members(expression) == ({"reviews", "author", "mergedAt"} if found is None else found)
