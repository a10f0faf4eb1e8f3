"""What deployments brought and which of them failed, slow and plain, by docs/metrics.md: sets of commits alone."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tests.reference.metric_teams import Row
from tests.reference.metric_world import World


def is_production(row: Row) -> bool:
    """As GitHub says, else by the name of the environment."""
    if row["is_production"] is not None:
        return row["is_production"]
    return (row["environment"] or "").lower() in {"production", "prod"}


def turn(row: Row) -> tuple[datetime, int]:
    """By which deployments that succeeded come one after the other."""
    return row["succeeded_at"], row["deployment_id"]


def successes(world: World, repo: str) -> list[Row]:
    """Deployments of a repository that succeeded, in this order."""
    rows = world.tables["deployments"]
    return sorted((row for row in rows if row["repo"] == repo and world.until(row["succeeded_at"])), key=turn)


def _ancestors(parents: dict[str, list[str]], sha: str) -> set[str]:
    """A commit and all that it builds on, as far as the rows tell."""
    found: set[str] = set()
    ahead = [sha]
    while ahead:
        one = ahead.pop()
        if one in parents and one not in found:
            found.add(one)
            ahead += parents[one]
    return found


def brought(world: World) -> list[tuple[Row, set[str]]]:
    """Each deployment to production with the commits that it was the first to bring to its environment."""
    found = []
    for repo in {row["repo"] for row in world.tables["deployments"]}:
        parents = {
            row["sha"]: row["parent_shas"] or []
            for row in world.tables["commits"]
            if row["repo"] == repo and (row["parent_shas"] is not None or row["parents"] == 0)
        }
        reached: dict[str | None, set[str]] = {}
        for row in successes(world, repo):
            if not is_production(row) or row["sha"] not in parents:
                continue
            mine = _ancestors(parents, row["sha"])
            if row["environment"] in reached:
                found.append((row, mine - reached[row["environment"]]))
            reached[row["environment"]] = reached.get(row["environment"], set()) | mine
    return found


def is_incident(issue: Row, labels: Iterable[str]) -> bool:
    return not set(issue["labels"] or ()).isdisjoint(labels)


def failed(world: World, row: Row) -> bool | None:
    """Whether a deployment to production has failed; None of others, or where nobody has said what an incident is."""
    if not world.incident_labels or not is_production(row) or world.until(row["succeeded_at"]) is None:
        return None
    return _has_incident(world, row) or _is_rolled_back(world, row) or _is_reverted(world, row)


def _is_soon(world: World, row: Row, at: datetime | None) -> bool:
    since, window = row["succeeded_at"], timedelta(hours=world.incident_hours)
    return world.until(at) is not None and since <= at <= since + window


def _has_incident(world: World, row: Row) -> bool:
    later = [
        other["succeeded_at"]
        for other in successes(world, row["repo"])
        if is_production(other) and other["succeeded_at"] > row["succeeded_at"]
    ]
    opened = [
        issue["created_at"]
        for issue in world.tables["issues"]
        if issue["repo"] == row["repo"] and is_incident(issue, world.incident_labels)
    ]
    return any(_is_soon(world, row, at) and not any(one <= at for one in later) for at in opened)


def _is_rolled_back(world: World, row: Row) -> bool:
    there = [one for one in successes(world, row["repo"]) if one["environment"] == row["environment"]]
    following = next((one for one in there if turn(one) > turn(row)), None)
    if following is None or None in (row["sha"], following["sha"]):
        return False
    before = {one["sha"] for one in there if turn(one) < turn(row)}
    is_old = following["sha"] != row["sha"] and following["sha"] in before
    return is_old and _is_soon(world, row, following["succeeded_at"])


def _is_reverted(world: World, row: Row) -> bool:
    firsts = {one["deployment_id"]: shas for one, shas in brought(world) if one["repo"] == row["repo"]}
    shas = firsts.get(row["deployment_id"], set())
    return any(
        commit["repo"] == row["repo"] and commit["reverts"] in shas and _is_soon(world, row, commit["committed_at"])
        for commit in world.tables["commits"]
    )
