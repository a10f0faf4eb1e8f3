"""The shipped streams: each column against its kind, and rows of recorded answers as they were worked out by hand."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from app.ingest.pages.envelope import Envelope
from app.ingest.pages.plan import ChildPages, PagePlan
from app.ingest.pages.records import rows
from app.ingest.registry import DATASET_KINDS
from app.mapping.document import read_mapping
from app.mapping.expressions import evaluated, text_of
from app.sources.github.kind import GITHUB
from app.sources.stream import RowsOf, Stream
from tests.commands import REPOSITORY
from tests.ingest.checking import check

RECORDED = REPOSITORY / "tests" / "cases" / "github"

streams = GITHUB.streams

ROWS = [(stream, of) for stream in streams().values() for of in stream.rows]

ANTS = {"id": 137, "name": "person-2/ants", "default_branch": "master"}

READ_AT = "2024-11-04T23:30:00Z"


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def mapping_of(of: RowsOf) -> Any:
    columns = {name: {"from": expression} for name, expression in of.columns.items()}
    return read_mapping({"kind": of.into, "format": "jsonl", "columns": columns})


def loaded(
    stream: str,
    into: str,
    body: Any,
    children: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    repo: Mapping[str, Any] | None = ANTS,
    is_gone: bool = False,
) -> list[dict[str, Any]]:
    """The checked rows of one page of a list; of each child the body of one page by the key of its item."""
    document = streams()[stream]
    (of,) = (one for one in document.rows if one.into == into)
    envelopes = [*_children(document, children or {}), _list(document, body, repo, is_gone=is_gone)]
    plan = PagePlan(
        source="s",
        stream=stream,
        version=1,
        key=document.key,
        children=tuple(ChildPages(name=child.name, single=child.single) for child in document.children),
        keep=document.keep,
        each=of.each,
        keep_rows=of.keep,
    )
    lines = [json.dumps(row) for row in rows(envelopes, plan, {137: {**ANTS, "name": "panjf2000/ants"}})]
    found = check("\n".join(lines) + "\n", into, mapping=mapping_of(of))
    assert not found.rejections, found.rejections
    given = [column.name for column in DATASET_KINDS[into].columns if column.name in of.columns]
    # What no line has a member for is left out, and stands for nothing.
    return [dict.fromkeys(given) | dict(zip(found.columns, row, strict=True)) for row in found.rows]


def _children(document: Stream, bodies: Mapping[str, Mapping[str, Any]]) -> list[Envelope]:
    items = {child.name: child.items for child in document.children}
    return [
        Envelope(document.stream, "137", {}, 200, {}, body, READ_AT, items=items[name], child=name, of=key)
        for name, by_key in bodies.items()
        for key, body in by_key.items()
    ]


def _list(document: Stream, body: Any, repo: Mapping[str, Any] | None, *, is_gone: bool) -> Envelope:
    items = document.request.items
    keys = [text_of(evaluated(document.key, item)) for item in evaluated(items, body)]
    return Envelope(
        document.stream, "137", {}, 200, {}, body, READ_AT, items=items, taken=keys, is_gone=is_gone, repo=repo
    )


def at(text: str) -> int:
    """Microseconds since the epoch, as the check gives them."""
    return int(check(f"r,1,{text}\n", "pull_requests", columns=("repo", "number", "created_at")).rows[0][2])


def test_every_kind_of_rows_that_can_be_collected_is_filled() -> None:
    assert {of.into for _, of in ROWS} == {
        *("pull_requests", "reviews", "review_comments", "review_requests", "commits", "issues"),
        *("workflow_runs", "workflow_jobs"),
        *("releases", "deployments", "branches", "repository_files", "dependencies", "team_members"),
        *("team_repositories", "repositories"),
    }


def test_pull_requests_of_a_real_repository() -> None:
    (commit, *_) = recorded("devlake/commits")
    timeline = [{"event": "committed", "sha": commit["sha"], "author": commit["commit"]["author"]}]
    found = loaded("pull_requests", "pull_requests", recorded("devlake/pulls"), {"timeline": {"23": timeline}})
    assert {row["repo"] for row in found} == {"panjf2000/ants"}, "the repository was renamed since"
    by_number = {row["number"]: row for row in found}
    assert sorted(by_number) == [4, 8, 9, 13, 14, 15, 23, 158]
    row = by_number[23]
    assert (row["author"], row["author_is_bot"], row["is_draft"]) == ("person-11", False, False)
    assert row["head_sha"] == "5bbc9e170bbee27c37bcc30da3da75b4531d1edb"
    instants = {name: row[name] for name in ("first_commit_at", "created_at", "merged_at", "closed_at")}
    assert instants == {
        "first_commit_at": at("2019-01-21T10:57:23Z"),
        "created_at": at("2019-01-21T10:58:15Z"),
        "merged_at": at("2019-01-22T05:41:34Z"),
        "closed_at": at("2019-01-22T05:41:34Z"),
    }
    nothing = ("ready_at", "draft_seconds", "first_review_at", "approved_at", "changes_requested_at", "additions")
    assert [row[name] for name in nothing] == [None] * 6
    assert by_number[158]["labels"] == '["invalid", "waiting for response"]'
    assert [number for number, row in by_number.items() if row["merged_at"] is None] == [8, 9, 158]


#: One pull request with everything that goes wrong in others' collectors.
ADA, BEN, CAT = ({"login": name, "id": number, "type": "User"} for number, name in enumerate(("ada", "ben", "cat"), 1))
BOT = {"login": "lint[bot]", "id": 9, "type": "Bot"}
GHOST = {"login": "ghost", "id": 10137, "type": "User"}
PULL = {
    "number": 7,
    "user": ADA,
    "draft": False,
    "created_at": "2024-03-01T08:00:00Z",
    "merged_at": "2024-03-05T12:00:00Z",
    "closed_at": "2024-03-05T12:00:00Z",
    "labels": [{"name": "bug"}, {"name": "a, b"}],
    "head": {"sha": "abc"},
}
TIMELINE = [
    {"event": "committed", "sha": "2", "author": {"name": "Ada", "date": "2024-02-29T18:00:00Z"}},
    {"event": "committed", "sha": "1", "author": {"name": "Ada", "date": "2024-02-29T09:00:00Z"}},
    {"event": "ready_for_review", "actor": ADA, "created_at": "2024-03-01T10:00:00Z"},
    {"event": "convert_to_draft", "actor": ADA, "created_at": "2024-03-01T12:00:00Z"},
    {"event": "ready_for_review", "actor": None, "created_at": "2024-03-01T12:30:00Z"},
]
REVIEWS: Sequence[Mapping[str, Any]] = [
    {"id": 1, "user": BOT, "state": "APPROVED", "submitted_at": "2024-03-01T08:01:00Z", "commit_id": "a"},
    {"id": 2, "user": ADA, "state": "COMMENTED", "submitted_at": "2024-03-01T09:00:00Z", "commit_id": "a"},
    {"id": 3, "user": None, "state": "COMMENTED", "submitted_at": "2024-03-01T09:30:00Z", "commit_id": "a"},
    {"id": 4, "user": BEN, "state": "DISMISSED", "submitted_at": "2024-03-02T09:00:00Z", "commit_id": "a"},
    {"id": 5, "user": CAT, "state": "PENDING", "commit_id": "a"},
    {"id": 6, "user": BEN, "state": "CHANGES_REQUESTED", "submitted_at": "2024-03-03T09:00:00Z", "commit_id": "b"},
    {"id": 7, "user": CAT, "state": "APPROVED", "submitted_at": "2024-03-04T09:00:00Z", "commit_id": "b"},
    {"id": 8, "user": BEN, "state": "APPROVED", "submitted_at": "2024-03-05T11:00:00Z", "commit_id": "b"},
    {"id": 9, "user": CAT, "state": "APPROVED", "submitted_at": "2024-03-05T12:00:00Z", "commit_id": "b"},
]
COMMENT = {"id": 71, "pull_request_review_id": None, "user": CAT, "created_at": "2024-03-01T20:00:00Z"}
CHILDREN = {
    "timeline": {"7": TIMELINE},
    "reviews": {"7": REVIEWS},
    "comments": {"7": [{**COMMENT, "user": ADA, "id": 70, "created_at": "2024-03-01T08:30:00Z"}, COMMENT]},
    "detail": {"7": {"additions": 120, "deletions": 0, "changed_files": 3}},
}


def test_a_pull_request_is_reviewed_by_people_other_than_its_author() -> None:
    (row,) = loaded("pull_requests", "pull_requests", [PULL], CHILDREN)
    expected = {
        "first_commit_at": at("2024-02-29T09:00:00Z"),
        "ready_at": at("2024-03-01T12:30:00Z"),
        "draft_seconds": 2 * 3600 + 1800,
        "first_review_at": at("2024-03-01T09:30:00Z"),  # of somebody whose account was deleted; the author has one
        "approved_at": at("2024-03-05T11:00:00Z"),  # before the merge, not with it
        "changes_requested_at": at("2024-03-03T09:00:00Z"),
        "labels": '["bug", "a, b"]',
        "additions": 120,
        "deletions": 0,
        "changed_files": 3,
        "head_sha": "abc",
        "author_is_bot": False,
    }
    assert {name: row[name] for name in expected} == expected


def test_a_comment_on_lines_may_be_the_first_review() -> None:
    children = {**CHILDREN, "reviews": {"7": REVIEWS[3:]}}
    (row,) = loaded("pull_requests", "pull_requests", [PULL], children)
    assert row["first_review_at"] == at("2024-03-01T20:00:00Z")  # cat's comment, before ben's review; not ada's own


def test_a_pull_request_that_is_a_draft_again_is_ready_at_no_time() -> None:
    again = [*TIMELINE, {"event": "convert_to_draft", "actor": ADA, "created_at": "2024-03-02T00:00:00Z"}]
    open_one = {**PULL, "draft": True, "merged_at": None, "closed_at": None}
    (row,) = loaded("pull_requests", "pull_requests", [open_one], {**CHILDREN, "timeline": {"7": again}})
    assert (row["is_draft"], row["ready_at"], row["draft_seconds"]) == (True, None, 9000)
    assert row["approved_at"] == at("2024-03-05T12:00:00Z"), "while it is open, the last one counts"


def test_a_deleted_author_is_the_ghost_and_answers_of_nothing_are_nothing() -> None:
    (row,) = loaded("pull_requests", "pull_requests", [{**PULL, "user": GHOST}])
    assert (row["author"], row["author_is_bot"], row["first_review_at"], row["additions"]) == ("ghost", False) + (
        None,
    ) * 2
    assert loaded("pull_requests", "reviews", [PULL]) == []


def test_reviews_and_comments_of_a_real_repository() -> None:
    found = loaded("pull_requests", "reviews", [{"number": 41}], {"reviews": {"41": recorded("devlake/reviews")[1:3]}})
    assert found[1] == {
        "repo": "panjf2000/ants",
        "number": 41,
        "review_id": 277036116,
        "reviewer": "person-2",
        "reviewer_id": 900002,
        "reviewer_is_bot": False,
        "state": "COMMENTED",
        "submitted_at": at("2019-08-20T09:19:55Z"),
        "commit_sha": recorded("devlake/reviews")[2]["commit_id"],
    }
    assert [row["review_id"] for row in found] == [277027723, 277036116]
    comments = {"comments": {"36": recorded("devlake/review_comments")[:2]}}
    first, reply = loaded("pull_requests", "review_comments", [{"number": 36}], comments)
    assert (first["comment_id"], first["review_id"], first["in_reply_to"]) == (300245643, 257849164, None)
    assert (reply["comment_id"], reply["in_reply_to"]) == (300246398, 300245643)
    assert (reply["created_at"], reply["updated_at"]) == (at("2019-07-04T06:35:07Z"), at("2019-07-18T15:26:41Z"))


def test_a_review_that_was_not_submitted_is_none_and_one_of_a_deleted_account_has_no_reviewer() -> None:
    found = {row["review_id"]: row for row in loaded("pull_requests", "reviews", [PULL], CHILDREN)}
    assert sorted(found) == [1, 2, 3, 4, 6, 7, 8, 9]
    assert [found[3][name] for name in ("reviewer", "reviewer_id", "reviewer_is_bot")] == [None] * 3
    assert (found[1]["reviewer_is_bot"], found[4]["state"]) == (True, "DISMISSED")


ASKED = {"event": "review_requested", "actor": ADA, "review_requester": ADA, "created_at": "2024-03-01T08:10:00Z"}
REQUESTS = [
    {**ASKED, "id": 15098754321, "requested_reviewer": BEN},
    {**ASKED, "id": 15098754322, "requested_team": {"id": 3, "name": "Core Team", "slug": "core-team"}},
    {**ASKED, "id": 15098754323, "event": "review_request_removed", "requested_reviewer": BEN},
    {**ASKED, "id": 15098754324, "requested_reviewer": BEN, "created_at": "2024-03-02T08:00:00Z"},
    {**ASKED, "id": 15098754325, "requested_reviewer": BOT},
    {**ASKED, "id": 15098754326},
    {"event": "assigned", "id": 15098754327, "actor": ADA, "assignee": BEN, "created_at": "2024-03-02T09:00:00Z"},
]


def test_each_request_for_a_review_is_a_row_also_when_it_is_taken_back_or_made_again() -> None:
    children = {**CHILDREN, "timeline": {"7": [*TIMELINE, *REQUESTS]}}
    found = loaded("pull_requests", "review_requests", [PULL], children)
    assert [(row["repo"], row["number"]) for row in found] == [("panjf2000/ants", 7)] * 6
    names = ("event_id", "reviewer", "reviewer_id", "reviewer_is_bot", "requested_team", "is_removed")
    assert [tuple(row[name] for name in names) for row in found] == [
        (15098754321, "ben", 2, False, None, False),
        (15098754322, None, None, None, "Core Team", False),
        (15098754323, "ben", 2, False, None, True),
        (15098754324, "ben", 2, False, None, False),
        (15098754325, "lint[bot]", 9, True, None, False),
        (15098754326, None, None, None, None, False),  # of an account or a team that was deleted
    ]
    assert [row["requested_at"] for row in found[2:4]] == [at("2024-03-01T08:10:00Z"), at("2024-03-02T08:00:00Z")]


def test_a_team_that_is_asked_is_called_as_its_members_have_it() -> None:
    team = {"id": 3, "name": "Core Team", "slug": "core-team"}
    members = {"members": {"core-team": [{"login": "ada", "id": 1}]}}
    (member,) = loaded("teams", "team_members", [team], members, repo=None)
    children = {"timeline": {"7": [{**ASKED, "id": 1, "requested_team": team}]}}
    (request,) = loaded("pull_requests", "review_requests", [PULL], children)
    assert request["requested_team"] == member["team"] == "Core Team"


def test_what_merging_made_is_known_of_what_was_merged_alone() -> None:
    example = recorded("openapi/pull-request")
    (open_one,) = loaded("pull_requests", "pull_requests", [{**example, "merged_at": None}])
    assert open_one["merge_sha"] is None, "the commit by which GitHub has tried whether it could be merged"
    (merged,) = loaded("pull_requests", "pull_requests", [{**example, "merged_at": "2011-01-26T19:01:12Z"}])
    assert merged["merge_sha"] == "e5bd3914e2e596debea16f433f57875b5b90bcd6"


@pytest.mark.parametrize(
    ("body", "branch", "expected"),
    [
        ("Reverts panjf2000/ants#12", "revert-12-x", 12),
        ("Reverts Panjf2000/Ants#12\r\n\r\nToo slow.", "x", 12),
        ("Because.\r\n\r\nReverts #12\r\n", "x", 12),
        ("Reverts person-2/ants#12", "revert-12-x", 12),  # as it was called before it was renamed
        ("Reverts person-2/ants#12", "x", None),
        ("Reverts elsewhere/ants#12", "revert-1-x", None),
        ("Closes #12", "revert-12-x", None),
        (None, "revert-12-x", None),
    ],
)
def test_a_pull_request_reverts_what_its_body_says_in_the_words_of_github(
    body: str | None, branch: str, expected: int | None
) -> None:
    head = {"sha": "abc", "ref": branch}
    (row,) = loaded("pull_requests", "pull_requests", [{**PULL, "body": body, "head": head}])
    assert row["reverts"] == expected


def test_commits_of_a_real_repository_and_those_that_a_forced_push_has_dropped() -> None:
    recordings = recorded("devlake/commits")[1:]
    first, merge, other, *_ = loaded("commits", "commits", recordings)
    assert first == {
        "repo": "panjf2000/ants",
        "sha": "5bbc9e170bbee27c37bcc30da3da75b4531d1edb",
        "author": "person-11",
        "author_id": 900011,
        "author_is_bot": False,
        # printf person-6b366d@example.org | sha256sum
        "author_email_hash": "7a647461fadb3a4b1b56f52925497b9265ffe4d96904dcb154b399d00e2042f3",
        "committer_id": 900011,
        "authored_at": at("2019-01-21T10:57:23Z"),
        "committed_at": at("2019-01-22T05:09:19Z"),
        "parents": 1,
        "reverts": None,
        "is_verified": False,
        "parent_shas": '["812dd4e01075be3cf97429a43abaf6837908cdcd"]',
        "dropped": False,
    }
    assert json.loads(merge["parent_shas"]) == [
        "6c322c6373bf93124a8ac976e1ea57d919d6b83f",  # of the branch that was merged into
        "7f82498abcec1ec09cce5634f6cbf4fcc3fff81c",
    ]
    assert (merge["parents"], other["committer_id"], other["is_verified"]) == (2, 19864447, True)
    gone = loaded("commits", "commits", recordings[:1], is_gone=True)
    assert [(row["sha"], row["dropped"]) for row in gone] == [(first["sha"], True)]


def test_pull_requests_are_no_issues() -> None:
    pull = recorded("devlake/issues")[0]
    issue = {name: value for name, value in pull.items() if name != "pull_request"}
    assert loaded("issues", "issues", [pull]) == []
    (row,) = loaded("issues", "issues", [pull, {**issue, "number": 5}])
    assert (row["number"], row["author"], row["state"], row["comments"]) == (5, "person-1", "closed", 4)
    assert (row["labels"], row["closed_at"]) == ('["enhancement"]', at("2018-07-26T02:32:41Z"))


def test_runs_of_a_real_repository_with_an_earlier_attempt() -> None:
    runs = recorded("devlake/workflow_runs")
    before = {**runs[1], "run_attempt": 1, "conclusion": "failure", "run_started_at": "2022-06-30T12:23:37Z"}
    children = {"attempts": {"2589885639": before}}
    found = loaded("workflow_runs", "workflow_runs", {"total_count": 6, "workflow_runs": runs}, children)
    told = [(row["run_id"], row["attempt"], row["workflow"], row["conclusion"]) for row in found]
    assert told == [
        (2983238245, 1, "CodeQL", "success"),
        (2589885639, 2, "Lint", "success"),
        (2589885639, 1, "Lint", "failure"),
        (2589885635, 2, "CodeQL", "failure"),
        (2566218977, 1, "Lint", "failure"),
        (2566218976, 1, "CodeQL", "success"),
        (2566218975, 1, "Tests", None),
    ]
    assert (found[1]["created_at"], found[1]["started_at"]) == (at("2022-06-30T12:23:37Z"), at("2022-07-01T13:34:14Z"))
    assert (found[1]["actor"], found[1]["branch"], found[-1]["status"]) == ("person-47", "master", "in_progress")


def test_jobs_are_of_the_attempt_that_they_say_or_else_of_that_of_their_run() -> None:
    jobs = recorded("devlake/jobs")
    older = {name: value for name, value in jobs[1].items() if name != "run_attempt"}
    run = {"id": 577324554, "run_attempt": 2}
    children = {"jobs": {"577324554": {"total_count": 2, "jobs": [jobs[0], older]}}}
    first, second = loaded("workflow_runs", "workflow_jobs", {"workflow_runs": [run]}, children)
    assert (first["job_id"], first["run_id"], first["attempt"], first["conclusion"]) == (
        *(1924918171, 577324554, 1),
        "cancelled",
    )
    assert (first["created_at"], first["completed_at"]) == (None, at("2021-02-18T07:01:18Z"))
    assert second["attempt"] == 2


def test_the_examples_of_github_s_documentation() -> None:
    (release,) = loaded("releases", "releases", recorded("openapi/release-items"))
    assert (release["release_id"], release["tag"], release["author"], release["is_draft"]) == (
        1,
        "v1.0.0",
        "octocat",
        False,
    )
    (branch,) = loaded("branches", "branches", recorded("openapi/short-branch-with-protection-items"))
    assert branch == {
        "repo": "panjf2000/ants",
        "branch": "master",
        "seen_on": 20031,  # 2024-11-04
        "sha": "c5b97d5ae6c19d5c5df71a34c7fbeeda2479ccbc",
        "is_default": True,
        "is_protected": True,
        "committed_at": None,
    }
    answer = recorded("openapi/dependency-graph-export-sbom-response")
    answer["sbom"]["packages"].append({"name": "left-pad", "SPDXID": "SPDXRef-npm-left-pad-1", "versionInfo": ""})
    dependency, ranged = loaded("dependencies", "dependencies", answer)
    assert dependency == {
        "repo": "panjf2000/ants",
        "seen_on": 20031,
        "ecosystem": "gem",
        "name": "rails",
        "version": "1.0.0",
        "license": "MIT",
    }
    assert (ranged["ecosystem"], ranged["name"], ranged["version"]) == ("npm", "left-pad", None)
    (pull,) = loaded(
        *("pull_requests", "pull_requests", [recorded("openapi/pull-request")]),
        {
            "timeline": {"1347": recorded("openapi/timeline-issue-events")},
            "detail": {"1347": recorded("openapi/pull-request")},
        },
    )
    assert (pull["number"], pull["additions"], pull["deletions"], pull["changed_files"]) == (1347, 100, 3, 5)


def test_a_deployment_succeeded_when_it_first_did() -> None:
    (recording,) = recorded("openapi/deployment-items")
    status = recorded("openapi/deployment-status-items")[0]
    statuses = [
        {**status, "state": "inactive", "created_at": "2012-07-25T01:19:13Z"},
        {**status, "state": "success", "created_at": "2012-07-21T01:19:13Z"},
        {**status, "state": "failure", "created_at": "2012-07-20T05:19:13Z"},
        {**status, "state": "error", "created_at": "2012-07-20T03:19:13Z"},
        status,
    ]
    (row,) = loaded("deployments", "deployments", [recording], {"statuses": {"1": statuses}})
    assert (row["state"], row["succeeded_at"], row["failed_at"]) == (
        *("inactive", at("2012-07-20T01:19:13Z")),
        at("2012-07-20T03:19:13Z"),
    )
    assert (row["environment"], row["is_production"], row["is_transient"]) == ("production", True, False)
    (without,) = loaded("deployments", "deployments", [recording])
    assert (without["state"], without["succeeded_at"]) == (None, None)


def test_files_of_workflows_manifests_and_owners_are_read_and_no_others() -> None:
    tree = [
        {"path": ".github/workflows/ci.yml", "type": "blob", "sha": "a", "size": 10},
        {"path": ".github/workflows/notes.md", "type": "blob", "sha": "b", "size": 10},
        {"path": ".github/workflows", "type": "tree", "sha": "c"},
        {"path": ".github/workflows/large.yml", "type": "blob", "sha": "d", "size": 49152},
        {"path": "docs/CODEOWNERS", "type": "blob", "sha": "e", "size": 20},
        {"path": "web/package.json", "type": "blob", "sha": "f", "size": 20},
        {"path": "package.json", "type": "blob", "sha": "g", "size": 20},
    ]
    files = {
        ".github/workflows/ci.yml": {"content": "b246IFtwdXNo\nXQ==\n"},
        "docs/CODEOWNERS": {"content": "KiBAYWNtZS9wbGF0Zm9ybQo="},
        "package.json": {"content": ""},
    }
    found = loaded("files", "repository_files", {"tree": tree, "truncated": False}, {"file": files})
    assert [(row["path"], row["sha"], row["content"], row["team"]) for row in found] == [
        (".github/workflows/ci.yml", "a", "on: [push]", None),
        ("docs/CODEOWNERS", "e", "* @acme/platform\n", "platform"),
        ("package.json", "g", None, None),
    ]


def test_teams_give_their_people_and_repositories_on_a_day() -> None:
    teams = [{"name": "Platform", "slug": "platform"}, {"name": "Empty", "slug": "empty"}]
    children = {
        "members": {"platform": [{"login": "ada", "id": 1}, {"login": "ben", "id": 2}]},
        "repositories": {
            "platform": [
                {"full_name": "o/a", "permissions": {"admin": False, "push": True}},
                {"full_name": "o/b", "role_name": "maintain", "permissions": {"push": True}},
                {"full_name": "o/c", "permissions": {"pull": True}},
            ]
        },
    }
    members = loaded("teams", "team_members", teams, children, repo=None)
    assert [(row["team"], row["login"], row["user_id"], row["seen_on"]) for row in members] == [
        ("Platform", "ada", 1, 20031),
        ("Platform", "ben", 2, 20031),
    ]
    repositories = loaded("teams", "team_repositories", teams, children, repo=None)
    assert [(row["repo"], row["permission"]) for row in repositories] == [
        ("o/a", "push"),
        ("o/b", "maintain"),
        ("o/c", "pull"),
    ]
