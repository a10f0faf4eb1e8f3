"""The truth of a world, by a history that is told by hand."""

from datetime import timedelta

from tests.github import World, truth
from tests.github.model import Pull, Repository
from tests.github.reviewing import (
    close,
    comment_on_line,
    convert_to_draft,
    dismiss,
    force_push,
    mark_ready,
    merge,
    open_pull,
    push_to_default,
    request_review,
    revert,
    review,
    unrequest_review,
)
from tests.github.world import BEGINNING


def after(hours: float) -> object:
    return BEGINNING + timedelta(hours=hours)


class History:
    """One repository, one pull request that is opened at hour 2, with commits of 3 and 1.5 hours before."""

    def __init__(self, *, draft: bool = False) -> None:
        self.world = World()
        self.repository: Repository = self.world.create_repository("acme/shop")
        self.ada, self.ben, self.bot = (self.world.user(name) for name in ("ada", "ben", "checker[bot]"))
        self.at(2)
        self.pull: Pull = open_pull(self.world, self.repository, self.ada, draft=draft)

    def at(self, hours: float) -> None:
        self.world.pass_seconds((BEGINNING + timedelta(hours=hours) - self.world.now).total_seconds())

    def row(self) -> truth.Row:
        (row,) = truth.pull_requests(self.world)
        return row


def test_bots_the_author_and_reviews_that_nobody_has_submitted_are_no_first_review() -> None:
    history = History()
    for hour, user, state in (
        (3, history.bot, "COMMENTED"),
        (4, history.ada, "COMMENTED"),
        (5, history.ben, "PENDING"),
        (6, history.ben, "CHANGES_REQUESTED"),
    ):
        history.at(hour)
        review(history.world, history.pull, user, state)

    row = history.row()
    assert row["created_at"] == after(2)
    assert row["first_commit_at"] == after(-1)
    assert row["first_review_at"] == row["changes_requested_at"] == after(6)
    assert row["approved_at"] is None
    assert [one["review_id"] for one in truth.reviews(history.world)] == [
        one.id for one in history.pull.reviews if one.state != "PENDING"
    ]


def test_the_approval_that_counts_is_the_last_that_stands_before_the_merge() -> None:
    history = History()
    history.at(3)
    first = review(history.world, history.pull, history.ben, "APPROVED")
    history.at(4)
    review(history.world, history.pull, history.ben, "APPROVED")
    history.at(5)
    dismissed = review(history.world, history.pull, history.world.user("cleo"), "APPROVED")
    history.at(6)
    dismiss(history.world, history.pull, dismissed, history.ada)
    history.at(7)
    merge(history.world, history.repository, history.pull, history.ben)
    history.at(8)
    review(history.world, history.pull, history.ben, "APPROVED")

    row = history.row()
    assert first.submitted_at == after(3)
    assert (row["first_review_at"], row["approved_at"], row["merged_at"]) == (after(3), after(4), after(7))
    assert row["closed_at"] == after(7)


def test_draft_stretches_add_up_and_one_that_goes_on_leaves_no_ready_at() -> None:
    history = History(draft=True)
    history.at(5)
    mark_ready(history.world, history.pull)
    history.at(6)
    convert_to_draft(history.world, history.pull)

    row = history.row()
    assert (row["is_draft"], row["ready_at"], row["draft_seconds"]) == (True, None, 3 * 3600)
    history.at(8)
    mark_ready(history.world, history.pull)
    row = history.row()
    assert (row["is_draft"], row["ready_at"], row["draft_seconds"]) == (False, after(8), 5 * 3600)


def test_a_comment_on_a_line_is_a_review_also_of_somebody_who_has_left() -> None:
    history = History()
    history.at(3)
    comment_on_line(history.world, history.pull, history.world.user("leaver"))
    history.at(4)
    comment_on_line(history.world, history.pull, history.ben)
    history.world.delete_user("leaver")

    assert history.row()["first_review_at"] == after(3)
    assert [one["author"] for one in truth.review_comments(history.world)] == [None, "ben"]


def test_whoever_is_asked_again_or_not_any_more_is_another_row() -> None:
    history = History()
    team = history.world.team("acme", "Core Team")
    request_review(history.world, history.pull, history.ben)
    history.at(5)
    unrequest_review(history.world, history.pull, history.ben, history.ada)
    request_review(history.world, history.pull, team)
    request_review(history.world, history.pull, history.ben)
    review(history.world, history.pull, history.ben)
    request_review(history.world, history.pull, history.world.user("leaver"))
    history.world.delete_user("leaver")

    rows = truth.review_requests(history.world)
    assert [(row["reviewer"], row["requested_team"], row["is_removed"]) for row in rows] == [
        ("ben", None, False),
        ("ben", None, True),
        (None, "Core Team", False),
        ("ben", None, False),
        (None, None, False),
    ]
    assert rows[1]["requested_at"] == after(5)


def test_a_pull_request_reverts_another_of_the_same_repository_whatever_that_is_called_since() -> None:
    history = History()
    merge(history.world, history.repository, history.pull, history.ben)
    for by_hand in (False, True):
        revert(history.world, history.repository, history.pull, history.ada, by_hand=by_hand)
    open_pull(history.world, history.repository, history.ada, body="Reverts elsewhere/shop#1")
    history.world.rename(history.repository, "acme/store")

    rows = truth.pull_requests(history.world)
    assert [row["reverts"] for row in rows] == [None, history.pull.number, history.pull.number, None]
    assert [row["merge_sha"] for row in rows] == [history.repository.head, None, None, None]


def test_the_first_parent_of_a_merge_is_what_was_merged_into_and_a_commit_tells_what_it_reverts() -> None:
    history = History()
    merge(history.world, history.repository, history.pull, history.ben)
    head = history.repository.head or ""
    taken_back = revert(history.world, history.repository, history.pull, history.ada)
    commits = history.repository.git
    commits.branches["main"] = commits.commit(
        [head, taken_back.head_sha],
        author=history.ben,
        authored_at=history.world.now,
        committed_at=history.world.now,
        message="Merge",
    ).sha

    rows = {row["sha"]: row for row in truth.commits(history.world)}
    assert rows[history.repository.head or ""]["parent_shas"] == [head, taken_back.head_sha]
    assert rows[taken_back.head_sha]["reverts"] == head
    assert [row["parent_shas"] for row in rows.values() if row["parents"] == 0] == [[]]


def test_a_force_push_moves_the_first_commit_behind_the_creation() -> None:
    history = History()
    history.at(9)
    force_push(history.world, history.repository, history.pull)
    close(history.world, history.repository, history.pull, history.ada)

    row = history.row()
    assert row["first_commit_at"] == after(9)
    assert (row["merged_at"], row["head_sha"]) == (None, history.pull.shas[0])


def test_commits_that_the_default_branch_has_dropped_are_gone() -> None:
    history = History()
    start = history.repository.head or ""
    dropped = push_to_default(history.world, history.repository, history.ada)
    history.repository.git.branches["main"] = start
    kept = push_to_default(history.world, history.repository, history.ada)

    shas = {one["sha"] for one in truth.commits(history.world)}
    assert kept.sha in shas
    assert dropped.sha not in shas


def test_a_repository_is_told_by_its_present_name_and_what_cannot_be_read_is_not_told() -> None:
    history = History()
    history.world.rename(history.repository, "acme/store")
    assert history.row()["repo"] == "acme/store"
    history.repository.off.add("pulls")
    assert truth.pull_requests(history.world) == []
    history.repository.state = "blocked"
    assert truth.repositories(history.world) == []
