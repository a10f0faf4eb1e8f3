"""Facts about pull requests, slow and plain: docs/metrics.md, table by table; metric_facts.py has the others."""

from datetime import UTC, date, datetime

from tests.reference.metric_teams import Row
from tests.reference.metric_world import World, is_bot, person, same, total

#: The bots that update dependencies.
UPDATERS = (
    *("dependabot[bot]", "app/dependabot", "dependabot-preview[bot]", "dependabot"),
    *("renovate[bot]", "app/renovate", "renovate-bot", "mend-for-github-com[bot]"),
)


def pulls_of(world: World) -> list[Row]:
    return [row for row in world.tables["pull_requests"] if row["created_at"] <= world.as_of]


def _pull_team(world: World, pull: Row) -> str | None:
    return world.team(pull["repo"], pull["created_at"], author=pull["author"], own=pull["team"])


def ended_at(world: World, pull: Row) -> datetime | None:
    return world.until(pull["merged_at"]) or world.until(pull["closed_at"])


def _is_own(pull: Row, login: str | None, number: int | None) -> bool:
    """Whether somebody is the author of a pull request."""
    return same(login, number, pull["author"], pull["author_id"])


def _submitted(world: World, pull: Row) -> list[Row]:
    return [
        row
        for row in world.tables["reviews"]
        if (row["repo"], row["number"]) == (pull["repo"], pull["number"])
        and row["state"] != "PENDING"
        and world.until(row["submitted_at"]) is not None
    ]


def _is_of_others(world: World, pull: Row, login: str | None, number: int | None, told: object) -> bool:
    return not _is_own(pull, login, number) and not is_bot(world, login, told)


def pull_requests(world: World) -> list[Row]:
    return [_pull(world, pull) for pull in pulls_of(world)]


def _pull(world: World, pull: Row) -> Row:
    first_commit, merged = world.until(pull["first_commit_at"]), world.until(pull["merged_at"])
    created, closed, ended = pull["created_at"], world.until(pull["closed_at"]), ended_at(world, pull)
    ready = world.until(pull["ready_at"])
    if pull["ready_at"] is None and not pull["is_draft"]:
        ready = created

    def before_the_end(at: datetime | None) -> datetime | None:
        return None if at is None or (ended is not None and at >= ended) else at

    def not_before_ready(at: datetime | None) -> datetime | None:
        return None if at is None or ready is None else max(at, ready)

    approval = before_the_end(world.until(pull["approved_at"]))
    review = min(
        (at for at in (before_the_end(world.until(pull["first_review_at"])), approval) if at is not None), default=None
    )
    reviews = [
        row
        for row in _submitted(world, pull)
        if _is_of_others(world, pull, row["reviewer"], row["reviewer_id"], row["reviewer_is_bot"])
        and before_the_end(world.until(row["submitted_at"])) is not None
    ]
    are_known = any(row["repo"] == pull["repo"] for row in world.tables["reviews"])
    asked = [row for row in reviews if row["state"] == "CHANGES_REQUESTED"]
    comments = [
        row
        for row in world.tables["review_comments"]
        if (row["repo"], row["number"]) == (pull["repo"], pull["number"])
        and world.until(row["created_at"]) is not None
        and _is_of_others(world, pull, row["author"], row["author_id"], row["author_is_bot"])
    ]
    return {
        "repo": pull["repo"],
        "team": _pull_team(world, pull),
        "number": pull["number"],
        "author": person(pull["author"], pull["author_id"]),
        "author_is_bot": is_bot(world, pull["author"], pull["author_is_bot"]),
        "is_update": _is_updater(pull["author"]),
        "created_at": created,
        "began_at": created if first_commit is None else min(first_commit, created),
        "first_commit_at": first_commit,
        "ready_at": ready,
        "first_review_at": review,
        "reviewed_at": not_before_ready(review),
        "approved_at": not_before_ready(approval),
        "review_ended_at": not_before_ready(approval) or merged,
        "merged_at": merged,
        "closed_unmerged_at": None if merged is not None else closed,
        "ended_at": ended,
        "lines": total(pull["additions"], pull["deletions"]),
        "changed_files": pull["changed_files"],
        "reviews": len(reviews) if are_known else None,
        "review_comments": len(comments),
        "review_rounds": None
        if pull["head_sha"] is None or not are_known
        else len({row["commit_sha"] for row in asked} - {None, pull["head_sha"]}),
        "is_reverted": _is_reverted(world, pull),
    }


def _is_updater(login: str | None) -> bool:
    return (login or "").lower() in UPDATERS


def _is_reverted(world: World, pull: Row) -> bool:
    by_pull = any(
        other["repo"] == pull["repo"]
        and other["reverts"] == pull["number"]
        and world.until(other["merged_at"]) is not None
        and pull["merged_at"] is not None
        and other["merged_at"] > pull["merged_at"]
        for other in pulls_of(world)
    )
    by_commit = pull["merge_sha"] is not None and any(
        commit["repo"] == pull["repo"]
        and commit["reverts"] == pull["merge_sha"]
        and world.until(commit["committed_at"]) is not None
        for commit in world.tables["commits"]
    )
    return by_pull or by_commit


def _pull_of(world: World, row: Row) -> Row | None:
    key = (row["repo"], row["number"])
    return next((pull for pull in pulls_of(world) if (pull["repo"], pull["number"]) == key), None)


def reviews(world: World) -> list[Row]:
    found = []
    for row in world.tables["reviews"]:
        pull = _pull_of(world, row)
        if pull is None or row not in _submitted(world, pull):
            continue
        found.append({
            "repo": row["repo"],
            "team": _pull_team(world, pull),
            "number": row["number"],
            "reviewer": person(row["reviewer"], row["reviewer_id"]),
            "reviewer_is_bot": is_bot(world, row["reviewer"], row["reviewer_is_bot"]),
            "is_own": _is_own(pull, row["reviewer"], row["reviewer_id"]),
            "state": row["state"],
            "submitted_at": world.until(row["submitted_at"]),
            "created_at": pull["created_at"],
        })  # fmt: skip
    return found


def contributions(world: World) -> list[Row]:
    found = []
    for pull in pulls_of(world):
        shared = {"repo": pull["repo"], "team": _pull_team(world, pull), "number": pull["number"]}
        if world.until(pull["merged_at"]) is not None:
            found.append({
                **shared,
                "what": "merge",
                "person": person(pull["author"], pull["author_id"]),
                "is_bot": is_bot(world, pull["author"], pull["author_is_bot"]),
                "is_own": False,
                "at": pull["merged_at"],
            })  # fmt: skip
        comments = [
            row
            for row in world.tables["review_comments"]
            if (row["repo"], row["number"]) == (pull["repo"], pull["number"])
        ]
        acts = [("review", row, "reviewer", row["submitted_at"]) for row in _submitted(world, pull)]
        acts += [("comment", row, "author", row["created_at"]) for row in comments]
        for what, row, who, at in acts:
            found.append({
                **shared,
                "what": what,
                "person": person(row[who], row[f"{who}_id"]),
                "is_bot": is_bot(world, row[who], row[f"{who}_is_bot"]),
                "is_own": _is_own(pull, row[who], row[f"{who}_id"]),
                "at": world.until(at),
            })  # fmt: skip
    return [row for row in found if row["at"] is not None]


def answers(world: World) -> list[Row]:
    found = []
    for pull in pulls_of(world):
        ended = ended_at(world, pull)
        timeline = [
            (row["requested_at"], 1, row["event_id"], row)
            for row in world.tables["review_requests"]
            if (row["repo"], row["number"]) == (pull["repo"], pull["number"])
        ]
        timeline += [
            (row["submitted_at"], 2, row["review_id"], row)
            for row in _submitted(world, pull)
            if _is_of_others(world, pull, row["reviewer"], row["reviewer_id"], row["reviewer_is_bot"])
        ]
        timeline = [one for one in timeline if world.until(one[0]) is not None and (ended is None or one[0] < ended)]
        timeline.sort(key=lambda one: one[:3])
        for place, (at, kind, _, request) in enumerate(timeline):
            if kind == 1 and not request["is_removed"]:
                # Rule: of one instant an answer is the last, as nobody knows which of its second came first.
                is_replaced, answered = _fate(world, request, timeline[place + 1 :])
                if not is_replaced:
                    found.append(_request(world, pull, request) | {"requested_at": at, "answered_at": answered})
    return found


def _fate(world: World, request: Row, later: list[tuple[datetime, int, int, Row]]) -> tuple[bool, datetime | None]:
    """Whether a request is asked again or taken back before anybody answers it, and when somebody does."""
    for at, kind, _, row in later:
        if kind == 1 and _asks_the_same(request, row):
            return True, None
        if kind == 2 and _answers(world, request, row):
            return False, at
    return False, None


def _asks_the_same(one: Row, other: Row) -> bool:
    if one["requested_team"] is not None:
        return one["requested_team"] == other["requested_team"]
    return same(one["reviewer"], one["reviewer_id"], other["reviewer"], other["reviewer_id"])


def _request(world: World, pull: Row, row: Row) -> Row:
    return {
        "repo": pull["repo"],
        "team": _pull_team(world, pull),
        "number": pull["number"],
        "reviewer": person(row["reviewer"], row["reviewer_id"]),
        "reviewer_is_bot": is_bot(world, row["reviewer"], row["reviewer_is_bot"]),
        "is_team": row["requested_team"] is not None,
    }


def _answers(world: World, request: Row, review: Row) -> bool:
    who = review["reviewer"], review["reviewer_id"]
    if request["requested_team"] is None:
        return same(request["reviewer"], request["reviewer_id"], *who)
    return is_member(world, request["requested_team"], *who, review["submitted_at"].astimezone(UTC).date())


def is_member(world: World, team: str, login: str | None, number: int | None, on: date) -> bool:
    """Whether somebody is on a team on a day: by a file, or as it was seen."""
    rows = [row for row in world.tables["team_members"] if row["team"].lower() == team.lower()]
    looked = {row["seen_on"] for row in rows} - {None}
    decisive = max((day for day in looked if day <= on), default=min(looked, default=None))
    return any(
        same(row["login"], row["user_id"], login, number)
        and (
            (row["valid_from"] or date.min) <= on <= (row["valid_to"] or date.max)
            if row["seen_on"] is None
            else row["seen_on"] == decisive
        )
        for row in rows
    )
