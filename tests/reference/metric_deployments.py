"""What deployments brought and which of them failed, slow and plain, by docs/metrics.md: sets of commits alone."""

from datetime import datetime, timedelta
from typing import Any

from tests.reference.metric_teams import Row


def _succeeded(world: Any, repo: str) -> list[Row]:
    """Deployments of a repository to production that succeeded, in this order."""
    found = [
        row
        for row in world.tables["deployments"]
        if row["repo"] == repo and row["is_production"] and world.until(row["succeeded_at"]) is not None
    ]
    return sorted(found, key=lambda row: (row["succeeded_at"], row["deployment_id"]))


def _ancestors(parents: dict[str, list[str]], sha: str | None) -> set[str]:
    """A commit and all that it builds on, as far as the rows tell."""
    found: set[str] = set()
    ahead = [sha] if sha in parents else []
    while ahead:
        one = ahead.pop()
        if one in parents and one not in found:
            found.add(one)
            ahead += parents[one]
    return found


def brought(world: Any) -> list[tuple[Row, set[str]]]:
    """Each deployment to production with the commits that it was the first to bring to its environment."""
    found = []
    for repo in {row["repo"] for row in world.tables["deployments"]}:
        parents = {row["sha"]: row["parent_shas"] or [] for row in world.tables["commits"] if row["repo"] == repo}
        reached: dict[str | None, set[str]] = {}
        for row in _succeeded(world, repo):
            mine = _ancestors(parents, row["sha"])
            if row["environment"] in reached:
                found.append((row, mine - reached[row["environment"]]))
            reached[row["environment"]] = reached.get(row["environment"], set()) | mine
    return found


def failures(world: Any) -> dict[str, set[int]]:
    """By repository, the deployments to production that failed."""
    from tests.reference.metric_facts import is_incident  # noqa: PLC0415 - the two know each other

    firsts = {row["deployment_id"]: shas for row, shas in brought(world)}
    window = timedelta(hours=world.incident_hours)
    failed: dict[str, set[int]] = {}
    for repo in {row["repo"] for row in world.tables["deployments"]}:
        rows = _succeeded(world, repo)
        incidents = [
            world.until(row["created_at"])
            for row in world.tables["issues"]
            if row["repo"] == repo and is_incident(row, world.incident_labels)
        ]
        for row in rows:
            succeeded: datetime = row["succeeded_at"]

            def soon(at: datetime | None, since: datetime = succeeded) -> bool:
                return at is not None and since <= at <= since + window

            later = [other["succeeded_at"] for other in rows if other["succeeded_at"] > succeeded]
            has_incident = any(soon(at) and not any(other <= at for other in later) for at in incidents)
            if has_incident or _is_rolled_back(rows, row, soon) or _is_reverted(world, repo, firsts, row, soon):
                failed.setdefault(repo, set()).add(row["deployment_id"])
    return failed


def _is_rolled_back(rows: list[Row], row: Row, soon: Any) -> bool:
    there = [other for other in rows if other["environment"] == row["environment"]]
    place = there.index(row)
    if place + 1 == len(there):
        return False
    following = there[place + 1]
    before = [other["sha"] for other in there[:place]]
    return soon(following["succeeded_at"]) and following["sha"] != row["sha"] and following["sha"] in before


def _is_reverted(world: Any, repo: str, firsts: dict[int, set[str]], row: Row, soon: Any) -> bool:
    shas = firsts.get(row["deployment_id"], set())
    return any(
        commit["repo"] == repo and commit["reverts"] in shas and soon(world.until(commit["committed_at"]))
        for commit in world.tables["commits"]
    )
