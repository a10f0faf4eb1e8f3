"""The facts of metrics, slow and plain, to check the engine against: docs/metrics.md, table by table.

Every function gets a world and returns one dict for each row, with the columns of the page and, besides, ``repo`` and
``team``, the names of whose it is. What is unknown is None.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from tests.reference.metric_deployments import brought, failures
from tests.reference.metric_teams import Row, Tables, team_of
from tests.reference.schedule import Entity

#: The bots that update dependencies.
UPDATERS = ("dependabot", "renovate")


@dataclass(frozen=True, slots=True)
class World:
    """All rows that there are, and what is asked.

    Attributes:
        tables: rows by dataset kind, with the names of repositories and teams.
        schedules: of each team that is known.
        default: the schedule of what has no team.
        as_of: later instants are unknown.
        bots, incident_labels, incident_hours: the settings of these names.
    """

    tables: Tables
    schedules: dict[str, Entity]
    default: Entity
    as_of: datetime
    bots: tuple[str, ...] = ()
    incident_labels: tuple[str, ...] = ()
    incident_hours: float = 24.0
    memory: dict[str, object] = field(default_factory=dict)

    def until(self, at: datetime | None) -> datetime | None:
        """An instant, unless it is later than that of the report."""
        return at if at is not None and at <= self.as_of else None

    def team(self, repo: str, at: datetime | date | None, *, author: str | None = None, own: str | None = None) -> str | None:
        on = _utc_date(at)
        if on is None:
            return own
        return team_of(self.tables, self.schedules, repo=repo, author=author, on=on, own=own)


def _utc_date(at: datetime | date | None) -> date | None:
    return at.astimezone(UTC).date() if isinstance(at, datetime) else at


def person(login: str | None, number: int | None, address: str | None = None) -> str | None:
    """Who it is: the number of the account, else the address, else the login; nobody if the account was deleted."""
    if (login or "").lower() == "ghost":
        return None
    if number is not None:
        return f"number {number}"
    if address is not None:
        return f"address {address}"
    return None if login is None else f"login {login.lower()}"


def is_bot(world: World, login: str | None, told: bool | None) -> bool:
    name = login or ""
    return bool(told) or name.endswith("[bot]") or name.startswith("app/") or name in world.bots


def same(one: str | None, other: str | None) -> bool:
    """Whether two are known to be one person."""
    return one is not None and one == other


def total(*numbers: int | None) -> int | None:
    return None if None in numbers else sum(numbers)


# Pull requests


def _pulls(world: World) -> list[Row]:
    return [row for row in world.tables["pull_requests"] if row["created_at"] <= world.as_of]


def _pull_team(world: World, pull: Row) -> str | None:
    return world.team(pull["repo"], pull["created_at"], author=pull["author"], own=pull["team"])


def _ended(world: World, pull: Row) -> datetime | None:
    return world.until(pull["merged_at"]) or world.until(pull["closed_at"])


def _is_own(pull: Row, login: str | None, number: int | None) -> bool:
    """Whether somebody is the author of a pull request: by number where both have one, else by login."""
    if number is not None and pull["author_id"] is not None:
        return number == pull["author_id"]
    return login is not None and pull["author"] is not None and login.lower() == pull["author"].lower()


def _is_ghost(login: str | None) -> bool:
    return (login or "").lower() == "ghost"


def _submitted(world: World, pull: Row) -> list[Row]:
    return [
        row
        for row in world.tables["reviews"]
        if (row["repo"], row["number"]) == (pull["repo"], pull["number"]) and row["state"] != "PENDING"
    ]


def _is_of_others(world: World, pull: Row, login: str | None, number: int | None, told: bool | None) -> bool:
    return not _is_own(pull, login, number) and not is_bot(world, login, told)


def pull_requests(world: World) -> list[Row]:
    return [_pull(world, pull) for pull in _pulls(world)]


def _pull(world: World, pull: Row) -> Row:
    first_commit, merged = world.until(pull["first_commit_at"]), world.until(pull["merged_at"])
    created, closed, ended = pull["created_at"], world.until(pull["closed_at"]), _ended(world, pull)
    if pull["ready_at"] is None:
        ready = None if pull["is_draft"] else created
    else:
        ready = world.until(pull["ready_at"])

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
        "reviews": len(reviews),
        "review_comments": len(comments),
        "review_rounds": len(
            {row["commit_sha"] for row in asked}
            - {None}
            - ({pull["head_sha"]} if pull["head_sha"] else {row["commit_sha"] for row in asked})
        ),
        "is_reverted": _is_reverted(world, pull),
    }


def _is_updater(login: str | None) -> bool:
    name = (login or "").lower().removeprefix("app/").removesuffix("[bot]")
    return name in UPDATERS


def _is_reverted(world: World, pull: Row) -> bool:
    merged = world.until(pull["merged_at"])
    if merged is None:
        return False
    by_pull = any(
        other["repo"] == pull["repo"]
        and other["reverts"] == pull["number"]
        and world.until(other["merged_at"]) is not None
        and other["merged_at"] >= merged
        for other in _pulls(world)
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
    return next((pull for pull in _pulls(world) if (pull["repo"], pull["number"]) == key), None)


def reviews(world: World) -> list[Row]:
    found = []
    for row in world.tables["reviews"]:
        pull = _pull_of(world, row)
        if row["state"] == "PENDING" or pull is None:
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
    for pull in _pulls(world):
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
    for pull in _pulls(world):
        events = [
            row
            for row in world.tables["review_requests"]
            if (row["repo"], row["number"]) == (pull["repo"], pull["number"])
            and world.until(row["requested_at"]) is not None
        ]
        for asked in {_asked(row) for row in events}:
            mine = [row for row in events if _asked(row) == asked]
            for requested, answered in _turns(world, pull, mine):
                team = mine[0]["requested_team"]
                found.append({
                    "repo": pull["repo"],
                    "team": _pull_team(world, pull),
                    "number": pull["number"],
                    "reviewer": None if team else person(requested["reviewer"], requested["reviewer_id"]),
                    "reviewer_is_bot": is_bot(world, requested["reviewer"], requested["reviewer_is_bot"]),
                    "is_team": team is not None,
                    "requested_at": requested["requested_at"],
                    "answered_at": answered,
                })  # fmt: skip
    return found


def _asked(row: Row) -> tuple[str, str | None]:
    if row["requested_team"] is not None:
        return "team", row["requested_team"]
    return "person", person(row["reviewer"], row["reviewer_id"])


def _turns(world: World, pull: Row, events: list[Row]) -> list[tuple[Row, datetime | None]]:
    """The last request before each answer with that, and the last one that waits without."""
    found: list[tuple[Row, datetime | None]] = []
    waits: Row | None = None
    reviews = [
        row
        for row in _submitted(world, pull)
        if world.until(row["submitted_at"]) is not None
        and not _is_own(pull, row["reviewer"], row["reviewer_id"])
    ]
    timeline = [(row["requested_at"], 1 if row["is_removed"] else 2, row["event_id"], row) for row in events]
    timeline += [(row["submitted_at"], 0, row["review_id"], row) for row in reviews]
    for at, kind, _, row in sorted(timeline, key=lambda event: event[:3]):
        if kind == 2:
            waits = row
        elif kind == 1:
            waits = None
        elif waits is not None and _answers(world, waits, row):
            found.append((waits, at))
            waits = None
    return found + ([(waits, None)] if waits is not None else [])


def _answers(world: World, request: Row, review: Row) -> bool:
    who = person(review["reviewer"], review["reviewer_id"])
    if request["requested_team"] is None:
        return same(person(request["reviewer"], request["reviewer_id"]), who)
    return is_member(world, request["requested_team"], review["reviewer"], request["requested_at"].astimezone(UTC).date())


def is_member(world: World, team: str, login: str | None, on: date) -> bool:
    """Whether somebody is on a team on a day: by a file, or as it was seen."""
    if login is None:
        return False
    rows = [row for row in world.tables["team_members"] if row["team"] == team]
    if any(
        row["seen_on"] is None
        and row["login"].lower() == login.lower()
        and (row["valid_from"] or date.min) <= on <= (row["valid_to"] or date.max)
        for row in rows
    ):
        return True
    looked = {row["seen_on"] for row in rows if row["seen_on"] is not None}
    if not looked:
        return False
    decisive = max((day for day in looked if day <= on), default=min(looked))
    return any(row["seen_on"] == decisive and row["login"].lower() == login.lower() for row in rows)


# Commits, branches


def commits(world: World) -> list[Row]:
    return [
        {
            "repo": row["repo"],
            "team": world.team(row["repo"], row["committed_at"], author=row["author"]),
            "sha": row["sha"],
            **_commit(world, row),
            "is_revert": row["reverts"] is not None,
            "lines": total(row["additions"], row["deletions"]),
            "authored_at": world.until(row["authored_at"]),
            "committed_at": world.until(row["committed_at"]),
        }
        for row in world.tables["commits"]
    ]


def _commit(world: World, row: Row) -> Row:
    return {
        "author": person(row["author"], row["author_id"], row["author_email_hash"]),
        "author_is_bot": is_bot(world, row["author"], row["author_is_bot"]),
        "is_merge": None if row["parents"] is None else row["parents"] >= 2,
    }


def branches(world: World) -> list[Row]:
    found = []
    for row in world.tables["branches"]:
        if row["seen_on"] > world.as_of.date():
            continue
        day_ends = datetime.combine(row["seen_on"], datetime.min.time(), UTC) + timedelta(days=1)
        found.append({
            "repo": row["repo"],
            "team": world.team(row["repo"], row["seen_on"]),
            "branch": row["branch"],
            "seen_on": row["seen_on"],
            "is_default": row["is_default"],
            "is_protected": row["is_protected"],
            "is_merged": any(one["repo"] == row["repo"] and one["sha"] == row["sha"] for one in world.tables["commits"]),
            "has_open_pull": any(
                pull["repo"] == row["repo"]
                and row["sha"] is not None
                and pull["head_sha"] == row["sha"]
                and pull["created_at"] < day_ends
                and ((ended := _ended(world, pull)) is None or ended >= day_ends)
                for pull in _pulls(world)
            ),
            "age_days": None
            if row["committed_at"] is None
            else (row["seen_on"] - row["committed_at"].astimezone(UTC).date()).days,
        })  # fmt: skip
    return found


# CI


def workflow_runs(world: World) -> list[Row]:
    found = []
    for row in world.tables["workflow_runs"]:
        jobs = [
            job
            for job in world.tables["workflow_jobs"]
            if (job["repo"], job["run_id"], job["attempt"]) == (row["repo"], row["run_id"], row["attempt"])
            and not (job["started_at"] and job["created_at"] and job["started_at"] < job["created_at"])
        ]
        found.append({
            "repo": row["repo"],
            "team": world.team(row["repo"], row["started_at"]),
            **_run(world, row),
            "event": row["event"],
            "actor": person(row["actor"], row["actor_id"]),
            "actor_is_bot": is_bot(world, row["actor"], row["actor_is_bot"]),
            "conclusion": row["conclusion"],
            "started_at": world.until(row["started_at"]),
            "jobs_started_at": min(filter(None, (world.until(job["started_at"]) for job in jobs)), default=None),
            "jobs_completed_at": max(filter(None, (world.until(job["completed_at"]) for job in jobs)), default=None),
            "passed_later": any(
                (other["repo"], other["run_id"]) == (row["repo"], row["run_id"])
                and other["attempt"] > row["attempt"]
                and other["head_sha"] == row["head_sha"]
                and other["conclusion"] == "success"
                for other in world.tables["workflow_runs"]
            ),
        })  # fmt: skip
    return found


def _run(world: World, row: Row) -> Row:
    default = next((one["default_branch"] for one in world.tables["repositories"] if one["repo"] == row["repo"]), None)
    if row["event"] in {"pull_request", "pull_request_target"}:
        on = "pull requests"
    elif row["branch"] is not None and row["branch"] == default:
        on = "default branch"
    else:
        on = "other"
    return {"run_id": row["run_id"], "attempt": row["attempt"], "workflow": row["workflow"], "on": on}


def workflow_jobs(world: World) -> list[Row]:
    found = []
    for job in world.tables["workflow_jobs"]:
        key = (job["repo"], job["run_id"], job["attempt"])
        run = next(
            (one for one in world.tables["workflow_runs"] if (one["repo"], one["run_id"], one["attempt"]) == key), None
        )
        of_run = _run(world, run) if run else {"workflow": None, "on": None}
        found.append({
            "repo": job["repo"],
            "team": world.team(job["repo"], job["created_at"]),
            **of_run,
            "run_id": job["run_id"],
            "attempt": job["attempt"],
            "name": job["name"],
            "conclusion": job["conclusion"],
            **{name: world.until(job[name]) for name in ("created_at", "started_at", "completed_at")},
        })  # fmt: skip
    return found


# Deployments, releases


def deployments(world: World) -> list[Row]:
    rows = world.tables["deployments"]
    failed = failures(world)
    found = []
    for row in rows:
        if world.until(row["created_at"]) is None:
            continue
        succeeded = world.until(row["succeeded_at"])
        has_failed = row["deployment_id"] in failed.get(row["repo"], set()) if world.incident_labels else None
        later = [
            other["succeeded_at"]
            for other in rows
            if (other["repo"], other["environment"]) == (row["repo"], row["environment"])
            and world.until(other["succeeded_at"]) is not None
            and succeeded is not None
            and other["succeeded_at"] > succeeded
        ]
        found.append({
            "repo": row["repo"],
            "team": world.team(row["repo"], row["succeeded_at"]),
            "deployment_id": row["deployment_id"],
            "environment": row["environment"],
            "is_production": row["is_production"],
            "is_transient": row["is_transient"],
            "task": row["task"],
            "creator": person(row["creator"], row["creator_id"]),
            "creator_is_bot": is_bot(world, row["creator"], row["creator_is_bot"]),
            "created_at": row["created_at"],
            "succeeded_at": succeeded,
            "failed_at": world.until(row["failed_at"]),
            "has_failed": has_failed,
            "recovered_at": min(later, default=None) if has_failed else None,
        })  # fmt: skip
    return found


def deployed_commits(world: World) -> list[Row]:
    commits = {(row["repo"], row["sha"]): row for row in world.tables["commits"]}
    found = []
    for row, shas in brought(world):
        for sha in shas:
            commit = commits[row["repo"], sha]
            found.append({
                "repo": row["repo"],
                "team": world.team(row["repo"], row["succeeded_at"], author=commit["author"]),
                "sha": sha,
                **_commit(world, commit),
                "environment": row["environment"],
                "committed_at": world.until(commit["committed_at"]),
                "deployed_at": row["succeeded_at"],
            })  # fmt: skip
    return found


def releases(world: World) -> list[Row]:
    found = []
    for row in world.tables["releases"]:
        version = re.search(r"(\d+)((?:\.\d+)+)$", row["tag"])
        found.append({
            "repo": row["repo"],
            "team": world.team(row["repo"], row["published_at"]),
            "tag": row["tag"],
            "is_draft": row["is_draft"],
            "is_prerelease": row["is_prerelease"],
            "is_versioned": version is not None,
            "is_major": None if version is None else set(re.findall(r"\d+", version[2])) <= {"0"},
            "published_at": world.until(row["published_at"]),
        })  # fmt: skip
    return found


def dependencies(world: World) -> list[Row]:
    return [
        {
            "repo": row["repo"],
            "team": world.team(row["repo"], row["seen_on"]),
            "seen_on": row["seen_on"],
            "ecosystem": row["ecosystem"],
            "name": row["name"],
            "version": row["version"],
            "is_pinned": row["version"] is not None and re.search(r"[<>=~^*|,\s]", row["version"]) is None,
        }
        for row in world.tables["dependencies"]
        if row["seen_on"] <= world.as_of.date()
    ]


def issues(world: World) -> list[Row]:
    return [
        {
            "repo": row["repo"],
            "team": world.team(row["repo"], row["created_at"]),
            "number": row["number"],
            "author": person(row["author"], row["author_id"]),
            "author_is_bot": is_bot(world, row["author"], row["author_is_bot"]),
            "is_incident": is_incident(row, world.incident_labels),
            "state_reason": row["state_reason"],
            "comments": row["comments"],
            "created_at": world.until(row["created_at"]),
            "closed_at": world.until(row["closed_at"]),
        }
        for row in world.tables["issues"]
    ]


def is_incident(issue: Row, labels: Iterable[str]) -> bool:
    return not set(issue["labels"] or ()).isdisjoint(labels)


FACTS: dict[str, Callable[[World], list[Row]]] = {
    one.__name__: one
    for one in (
        *(pull_requests, reviews, answers, contributions, commits, branches, workflow_runs, workflow_jobs),
        *(deployments, deployed_commits, releases, dependencies, issues),
    )
}
