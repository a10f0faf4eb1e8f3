"""The facts of metrics, slow and plain, to check the engine against: docs/metrics.md, table by table.

Every function gets a world and returns one dict for each row, with the columns of the page and, besides, ``repo`` and
``team``, the names of whose it is. What is unknown is None.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from app.metrics.runtimes.end_of_life import end_of_life
from app.metrics.runtimes.repository import runtimes as read_runtimes
from app.metrics.runtimes.runtime import UNKNOWN
from tests.reference.metric_deployments import brought, failed, is_incident, is_production, successes, turn
from tests.reference.metric_pulls import answers, contributions, ended_at, pull_requests, pulls_of, reviews
from tests.reference.metric_teams import Row
from tests.reference.metric_world import World, is_bot, person, total

# Commits, branches


def commits(world: World) -> list[Row]:
    return [
        {
            "repo": row["repo"],
            "team": world.team(row["repo"], row["committed_at"] or row["authored_at"], author=row["author"]),
            "sha": row["sha"],
            **_commit(world, row),
            "is_revert": row["reverts"] is not None,
            "lines": total(row["additions"], row["deletions"]),
            "authored_at": world.until(row["authored_at"]),
            "committed_at": world.until(row["committed_at"]),
        }
        for row in world.tables["commits"]
        if row["committed_at"] is None or row["committed_at"] <= world.as_of
    ]


def _commit(world: World, row: Row) -> Row:
    return {
        "author": person(row["author"], row["author_id"], row["author_email_hash"]),
        "author_is_bot": is_bot(world, row["author"], row["author_is_bot"]),
        "is_merge": row["parents"] is not None and row["parents"] >= 2,
    }


def branches(world: World) -> list[Row]:
    return [_branch(world, row) for row in world.tables["branches"] if row["seen_on"] <= world.as_of.date()]


def _branch(world: World, row: Row) -> Row:
    day_ends = datetime.combine(row["seen_on"], datetime.min.time(), UTC) + timedelta(days=1)
    commits_here = [one["sha"] for one in world.tables["commits"] if one["repo"] == row["repo"]]
    pulls = [
        pull
        for pull in pulls_of(world)
        if pull["repo"] == row["repo"] and pull["head_sha"] == row["sha"] and row["sha"] is not None
    ]
    committed = row["committed_at"]
    return {
        "repo": row["repo"],
        "team": world.team(row["repo"], row["seen_on"]),
        "branch": row["branch"],
        "seen_on": row["seen_on"],
        "is_default": bool(row["is_default"]),
        "is_protected": bool(row["is_protected"]),
        "is_merged": row["sha"] in commits_here,
        "has_open_pull": any(
            pull["created_at"] < day_ends and ((ended := ended_at(world, pull)) is None or ended >= day_ends)
            for pull in pulls
        ),
        "age_days": None if committed is None else (row["seen_on"] - committed.astimezone(UTC).date()).days,
    }


# CI


def workflow_runs(world: World) -> list[Row]:
    found = []
    for row in world.tables["workflow_runs"]:
        if world.until(_began(row)) is None:
            continue
        jobs = [
            job
            for job in world.tables["workflow_jobs"]
            if (job["repo"], job["run_id"], job["attempt"]) == (row["repo"], row["run_id"], row["attempt"])
            and not (job["started_at"] and job["created_at"] and job["started_at"] < job["created_at"])
            and job["conclusion"] != "skipped"
        ]
        ends = [world.until(job["completed_at"]) for job in jobs]
        found.append({
            "repo": row["repo"],
            "team": world.team(row["repo"], _began(row)),
            **_run(world, row),
            "event": row["event"],
            "actor": person(row["actor"], row["actor_id"]),
            "actor_is_bot": is_bot(world, row["actor"], row["actor_is_bot"]),
            "conclusion": row["conclusion"],
            "started_at": _began(row),
            "jobs_started_at": min(filter(None, (world.until(job["started_at"]) for job in jobs)), default=None),
            "jobs_completed_at": None if None in ends else max(ends, default=None),
            "passed_later": any(
                (other["repo"], other["run_id"]) == (row["repo"], row["run_id"])
                and other["attempt"] > row["attempt"]
                and row["head_sha"] is not None
                and other["head_sha"] == row["head_sha"]
                and other["conclusion"] == "success"
                and world.until(_began(other)) is not None
                for other in world.tables["workflow_runs"]
            ),
        })  # fmt: skip
    return found


def _began(run: Row) -> datetime | None:
    """When an attempt began; where nobody says so, when its run was created."""
    return run["started_at"] or run["created_at"]


def _run(world: World, row: Row) -> Row:
    default = next((one["default_branch"] for one in world.tables["repositories"] if one["repo"] == row["repo"]), None)
    if row["event"] in {"pull_request", "pull_request_target"}:
        on = "pull requests"
    elif row["branch"] is not None and row["branch"] == default:
        on = "default branch"
    else:
        on = "other"
    numbered = None if row["workflow_id"] is None else f"workflow {row['workflow_id']}"
    return {
        "run_id": row["run_id"],
        "attempt": row["attempt"],
        "workflow": row["workflow"] or numbered,
        "on": on,
    }


def workflow_jobs(world: World) -> list[Row]:
    found = []
    for job in world.tables["workflow_jobs"]:
        key = (job["repo"], job["run_id"], job["attempt"])
        run = next(
            (one for one in world.tables["workflow_runs"] if (one["repo"], one["run_id"], one["attempt"]) == key), None
        )
        of_run = _run(world, run) if run else {"workflow": None, "on": None}
        date_of = job["created_at"] or job["started_at"]
        if date_of is not None and date_of > world.as_of:
            continue
        found.append({
            "repo": job["repo"],
            "team": world.team(job["repo"], date_of),
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
    found = []
    for row in world.tables["deployments"]:
        if world.until(row["created_at"]) is None:
            continue
        later = [
            other["succeeded_at"]
            for other in successes(world, row["repo"])
            if other["environment"] == row["environment"]
            and world.until(row["succeeded_at"]) is not None
            and turn(other) > turn(row)
        ]
        has_failed = failed(world, row)
        found.append({
            "repo": row["repo"],
            "team": world.team(row["repo"], row["created_at"]),
            "deployment_id": row["deployment_id"],
            "environment": row["environment"],
            "is_production": is_production(row),
            "is_transient": bool(row["is_transient"]),
            "task": row["task"],
            "creator": person(row["creator"], row["creator_id"]),
            "creator_is_bot": is_bot(world, row["creator"], row["creator_is_bot"]),
            "created_at": row["created_at"],
            "succeeded_at": world.until(row["succeeded_at"]),
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
        numbers = version_of(row["tag"])
        found.append({
            "repo": row["repo"],
            "team": world.team(row["repo"], row["published_at"]),
            "tag": row["tag"],
            "is_draft": bool(row["is_draft"]),
            "is_prerelease": bool(row["is_prerelease"]),
            "is_versioned": numbers is not None,
            "is_major": numbers is not None and numbers[0] > 0 and not any(numbers[1:]),
            "published_at": world.until(row["published_at"]),
        })  # fmt: skip
    return found


def version_of(tag: str) -> list[int] | None:
    """Two or three numbers with points in between at the end of a tag, none with a zero in front."""
    tag = tag.partition("+")[0]
    end = tag[len(tag.rstrip("0123456789.")) :]
    parts = end.split(".")
    is_version = len(parts) in {2, 3} and all(part.isdigit() and (part == "0" or part[0] != "0") for part in parts)
    return [int(part) for part in parts] if is_version else None


def dependencies(world: World) -> list[Row]:
    return [
        {
            "repo": row["repo"],
            "team": world.team(row["repo"], row["seen_on"]),
            "seen_on": row["seen_on"],
            "ecosystem": row["ecosystem"],
            "name": row["name"],
            "version": row["version"],
            "is_pinned": _is_one_version(row["version"]),
        }
        for row in world.tables["dependencies"]
        if row["seen_on"] <= world.as_of.astimezone(UTC).date()
    ]


def _is_one_version(version: str | None) -> bool:
    name = (version or "").removeprefix("=").removeprefix("=").strip().removeprefix("v")
    has_range = re.search(r"[<>=~^*|,\s]", name) is not None
    has_placeholder = any(part in {"x", "X"} for part in name.split(".")[1:])
    return name[:1].isdigit() and not has_range and not has_placeholder


def runtimes(world: World) -> list[Row]:
    """What the files of each day say; what a file says has tests of its own."""
    files: dict[tuple[str, date], dict[str, str | None]] = {}
    for row in world.tables["repository_files"]:
        if row["seen_on"] <= world.as_of.astimezone(UTC).date():
            files.setdefault((row["repo"], row["seen_on"]), {})[row["path"]] = row["content"]
    return [
        {
            "repo": repo,
            "team": world.team(repo, day),
            "seen_on": day,
            "runtime": one.runtime,
            "version": one.version,
            "how": one.how,
            "path": one.path,
            "is_beyond_end_of_life": _is_beyond(one.runtime, one.version, day),
        }
        for (repo, day), of in files.items()
        for one in read_runtimes(of)
    ]


def _is_beyond(runtime: str, version: str | None, day: date) -> bool | None:
    end = None if version is None else end_of_life(runtime, version)
    if version is None or end is UNKNOWN:
        return None
    return isinstance(end, date) and end < day


def issues(world: World) -> list[Row]:
    return [
        {
            "repo": row["repo"],
            "team": world.team(row["repo"], row["created_at"]),
            "number": row["number"],
            "author": person(row["author"], row["author_id"]),
            "author_is_bot": is_bot(world, row["author"], row["author_is_bot"]),
            "is_incident": is_incident(row, world.incident_labels),
            "state_reason": row["state_reason"] if world.until(row["closed_at"]) else None,
            "comments": row["comments"],
            "created_at": row["created_at"],
            "closed_at": world.until(row["closed_at"]),
        }
        for row in world.tables["issues"]
        if row["created_at"] <= world.as_of
    ]


FACTS: dict[str, Callable[[World], list[Row]]] = {
    one.__name__: one
    for one in (
        *(pull_requests, reviews, answers, contributions, commits, branches, workflow_runs, workflow_jobs),
        *(deployments, deployed_commits, releases, dependencies, runtimes, issues),
    )
}
