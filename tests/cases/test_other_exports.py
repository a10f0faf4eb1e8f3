"""Pull requests as other programs export them: read by a mapping that is recognized or proposed, or asked about.

Rows were worked out by hand: created on 2024-06-03 at 13:00 UTC, reviewed at 14:30, merged the next day at 15:00.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from app.errors import RejectedFile
from tests.cases.test_pull_request_files import look, rows_of

CREATED, REVIEWED, ENDED = "2024-06-03T13:00:00Z", "2024-06-03T14:30:00Z", "2024-06-04T15:00:00Z"
MERGED = {"created_at": CREATED, "merged_at": ENDED}


def of_rest(number: int, **others: Any) -> dict[str, Any]:
    """A pull request as GitHub's REST API lists it."""
    return {
        "url": f"https://api.github.com/repos/acme/web/pulls/{number}",
        "number": number,
        "draft": False,
        "id": 10_000 + number,
        "html_url": f"https://github.com/acme/web/pull/{number}",
        "state": "closed",
        "user": {"login": "ann", "id": 5, "type": "User"},
        "labels": [],
        "head": {"sha": "a1"},
        "created_at": CREATED,
        "closed_at": ENDED,
        "merged_at": ENDED,
        "base": {"repo": {"full_name": "acme/web"}},
        **others,
    }


NODE = {
    "number": 7,
    "createdAt": CREATED,
    "mergedAt": ENDED,
    "closedAt": ENDED,
    "isDraft": False,
    "author": {"login": "ann"},
    "url": "https://github.com/acme/web/pull/7",
    "reviews": {"nodes": [{"author": {"login": "bob"}, "submittedAt": REVIEWED, "state": "APPROVED"}]},
    "commits": {"nodes": [{"commit": {"authoredDate": "2024-06-03T10:00:00Z"}}]},
}
OF_GH = {name: value for name, value in NODE.items() if name not in {"reviews", "commits"}}
REVIEWS = [{"author": {"login": "bob"}, "submittedAt": REVIEWED, "state": "APPROVED"}]

#: Texts of JSON, and what is read of the first pull request: all of them are acme/web's.
OF_JSON = {
    "the pages of gh api --paginate, one behind the other": (
        json.dumps([of_rest(7), of_rest(8)]) + "\n" + json.dumps([of_rest(9, user=None, merged_at=None)]),
        {**MERGED, "number": 7, "closed_at": ENDED, "author": "ann", "author_id": 5, "author_is_bot": False},
        3,
    ),
    "the pages of gh api --paginate --slurp": (json.dumps([[of_rest(7), of_rest(8)], [of_rest(9)]]), MERGED, 3),
    "lines of GitHub's REST API": ("\n".join(json.dumps(of_rest(n)) for n in (7, 8)), MERGED, 2),
    "a search of GitHub's REST API": (
        json.dumps(
            {
                "total_count": 1,
                "items": [
                    {
                        "number": 7,
                        "url": "https://api.github.com/repos/acme/web/issues/7",
                        "created_at": CREATED,
                        "pull_request": {
                            "url": "https://api.github.com/repos/acme/web/pulls/7",
                            "merged_at": ENDED,
                        },
                        "user": {"login": "ann"},
                    }
                ],
            }
        ),
        MERGED,
        1,
    ),
    "an answer of GitHub's GraphQL API": (
        json.dumps({"data": {"repository": {"id": "R", "pullRequests": {"totalCount": 1, "nodes": [NODE]}}}}),
        {**MERGED, "first_commit_at": "2024-06-03T10:00:00Z", "first_review_at": REVIEWED, "approved_at": REVIEWED},
        1,
    ),
    "a long answer of GitHub's GraphQL API": (
        json.dumps({"data": {"repository": {"pullRequests": {"nodes": [{**NODE, "body": "x" * 900}] * 200}}}}),
        {**MERGED, "first_review_at": REVIEWED},
        200,
    ),
    "a search of GitHub's GraphQL API": (
        json.dumps({"data": {"search": {"edges": [{"cursor": "a", "node": NODE}]}}}),
        {**MERGED, "first_review_at": REVIEWED},
        1,
    ),
    "gh pr list with the latest reviews": (
        json.dumps([{**OF_GH, "latestReviews": REVIEWS}]),
        {**MERGED, "first_review_at": REVIEWED, "approved_at": REVIEWED},
        1,
    ),
    "gh search prs, which has no instant of a merge": (
        json.dumps(
            [
                {**{name: value for name, value in OF_GH.items() if name != "mergedAt"}, "state": state}
                for state in ("merged", "closed")
            ]
        ),
        MERGED,
        2,
    ),
    "Bitbucket Cloud": (
        json.dumps(
            {
                "pagelen": 50,
                "values": [
                    {
                        "id": 7,
                        "state": "MERGED",
                        "created_on": "2024-06-03T13:00:00.123456+00:00",
                        "updated_on": "2024-06-04T15:00:00.1+00:00",
                        "author": {"nickname": "ann"},
                        "destination": {"repository": {"full_name": "acme/web"}},
                    }
                ],
            }
        ),
        {**MERGED, "closed_at": ENDED},
        1,
    ),
    "Azure DevOps": (
        json.dumps(
            {
                "value": [
                    {
                        "pullRequestId": 7,
                        "status": "completed",
                        "creationDate": "2024-06-03T13:00:00.1234567Z",
                        "closedDate": ENDED,
                        "createdBy": {"displayName": "Ann"},
                        "isDraft": False,
                        "repository": {"name": "web", "project": {"name": "acme"}},
                    }
                ],
                "count": 1,
            }
        ),
        {**MERGED, "author": "Ann"},
        1,
    ),
}

#: Tables of one pull request of acme/web.
TABLES = {
    "names of LinearB": (
        (
            "PR ID,Repository,Team,Author,PR Created At,First Commit At,First Review At,Merged At\n"
            "7,acme/web,ny,ann,2024-06-03 13:00:00 UTC,2024-06-03 12:00:00 UTC,2024-06-03 14:30:00 UTC,"
            "2024-06-04 15:00:00 UTC\n"
        ),
        {**MERGED, "first_commit_at": "2024-06-03T12:00:00Z", "first_review_at": REVIEWED, "author": "ann"},
    ),
    "names of a script, with offsets": (
        (
            "repo_name,pr_number,pr_author,opened_at,first_comment_at,first_approval_at,merged_at\n"
            "acme/web,7,ann,2024-06-03T09:00:00-04:00,2024-06-03T10:30:00-04:00,2024-06-04T10:00:00-04:00,"
            "2024-06-04T11:00:00-04:00\n"
        ),
        {**MERGED, "first_review_at": REVIEWED, "approved_at": "2024-06-04T14:00:00Z", "author": "ann"},
    ),
    "German": (
        (
            "Titel;MR-IID;URL;Autor;Erstellt am (UTC);Zusammengeführt am (UTC)\n"
            "Fix;7;https://gitlab.example/acme/web/-/merge_requests/7;Jörg;03.06.2024 13:00;04.06.2024 15:00\n"
        ),
        {**MERGED, "author": "Jörg", "repo": "gitlab.example/acme/web"},
    ),
    "French": (
        (
            "dépôt;numéro;auteur;créé le;fusionné le\n"
            "acme/web;7;Zoé;03/06/2024 13:00;04/06/2024 15:00\nacme/web;8;Zoé;23/06/2024 13:00;\n"
        ),
        {**MERGED, "author": "Zoé"},
    ),
    "American dates of which only one column tells the order": (
        "Repository,PR #,Author,Created,Merged\nacme/web,7,ann,6/3/2024 1:00:00 PM,6/14/2024 3:00:00 PM\n",
        {"created_at": CREATED, "merged_at": "2024-06-14T15:00:00Z", "author": "ann"},
    ),
    "words and instants for nothing": (
        (
            "repository,pullNumber,createdAt,firstReviewAt,approvedAt,readyAt,closedAt,mergedAt\n"
            "acme/web,PR-7,2024-06-03T13:00:00Z,\\N,(null),undefined,9999-12-31T23:59:59Z,2024-06-04T15:00:00Z\n"
        ),
        MERGED,
    ),
    "truths as spreadsheets write them": (
        f"repository,number,created,merged,Is Draft\nacme/web,7,{CREATED},{ENDED},FALSE\nacme/web,8,{CREATED},,TRUE\n",
        {**MERGED, "is_draft": False},
    ),
    "months with names": (
        'Repo,Number,Created,Merged\nacme/web,7,"Jun 3, 2024 1:00 PM","Jun 4, 2024 3:00 PM"\n',
        MERGED,
    ),
    "addresses at a host of one's own": (
        "url,number,created,merged\nhttps://ghe.example/acme/web/pull/7,7,2024-06-03T13:00:00Z,2024-06-04T15:00:00Z\n",
        MERGED,
    ),
}


def read(tmp_path: Path, name: str, text: str) -> list[dict[str, Any]]:
    path = tmp_path / name
    path.write_text(text)
    found = look(path)
    assert (found.proposal.kind, found.may_be_accepted) == ("pull_requests", True)
    return rows_of(path, found)


@pytest.mark.parametrize("what", OF_JSON)
def test_json_of_other_programs_is_recognized(tmp_path: Path, what: str) -> None:
    text, expected, count = OF_JSON[what]
    rows = read(tmp_path, "export.json", text)
    assert {"repo": "acme/web", "number": 7, **expected}.items() <= rows[0].items()
    assert (len(rows), {row["repo"] for row in rows}) == (count, {"acme/web"})


def test_what_a_search_tells_as_closed_was_not_merged(tmp_path: Path) -> None:
    merged, closed = read(tmp_path, "prs.json", OF_JSON["gh search prs, which has no instant of a merge"][0])
    assert (merged["merged_at"], closed.get("merged_at"), closed["closed_at"]) == (ENDED, None, ENDED)


@pytest.mark.parametrize("what", TABLES)
def test_tables_with_other_names_and_dates_are_proposed(tmp_path: Path, what: str) -> None:
    text, expected = TABLES[what]
    rows = read(tmp_path, "export.csv", text)
    expected = {"repo": "acme/web", "number": 7, **expected}
    assert {name: value for name, value in rows[0].items() if name in expected or name.endswith("_at")} == expected


def test_an_address_that_is_another_in_each_row_is_no_repository(tmp_path: Path) -> None:
    path = tmp_path / "prs.csv"
    path.write_text("number,url,created_at\n7,https://example.org/review/7,2024-06-03T13:00:00Z\n")
    found = look(path)
    assert [question for question, _ in found.proposal.questions] == [
        "No column names the repository; which one is it? Answer with --set repo=owner/name."
    ]


@pytest.mark.parametrize(
    ("columns", "merged", "declined"),
    [
        ("Repo,Number,State,Created,Closed", "MERGED", "DECLINED"),
        ("Repository,ID,Status,Creation Date,Closed Date", "completed", "abandoned"),
        ("Repository,Pull Request ID,Status,Created Date,Completed Date", "Completed", "Abandoned"),
        ("Repo,Number,Merged,Created,Closed", "yes", "no"),
    ],
)
def test_pull_requests_that_are_merged_were_merged_when_they_were_closed(
    tmp_path: Path, columns: str, merged: str, declined: str
) -> None:
    ends = f"{CREATED},{ENDED}"
    csv = f"{columns}\nacme/web,7,{merged},{ends}\nacme/web,8,{declined},{ends}\nacme/web,9,open,{CREATED},\n"
    rows = read(tmp_path, "prs.csv", csv)
    assert [row.get("merged_at") for row in rows] == [rows[0]["closed_at"], None, None]
    assert [row.get("closed_at") is None for row in rows] == [False, False, True]
    (told,) = look(tmp_path / "prs.csv").proposal.questions
    assert told == (f"{columns.split(',')[2]}: were those that are {merged} merged when they were closed?", "yes")


def test_pull_requests_that_are_merged_at_no_known_time_are_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "prs.csv"
    path.write_text(f"repo,number,state,created\nacme/web,7,MERGED,{CREATED}\n")
    told = "state: no column says when those were merged that are, 1 of the first rows. What are they?"
    assert look(path).proposal.questions == ((told, "open"),)


def test_an_address_names_the_number_too(tmp_path: Path) -> None:
    row = read(tmp_path, "prs.csv", f"PR Link,Opened,Merged\nhttps://github.com/acme/web/pull/7,{CREATED},{ENDED}\n")[0]
    assert (row["repo"], row["number"]) == ("acme/web", 7)


def test_what_stands_behind_an_array_is_not_left_out_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "prs.json"
    path.write_text(json.dumps([of_rest(7)]) + '\n{"message": "Server Error"}')
    found = look(path)
    with pytest.raises(RejectedFile, match="line 2, character 1: this is not JSON: there is more behind the array"):
        rows_of(path, found)
