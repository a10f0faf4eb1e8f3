"""Runs of workflows with attempts and jobs, releases, deployments."""

from typing import Any

from tests.github.answers import API, instant
from tests.github.model import Attempt, Deployment, DeploymentStatus, Job, Release, Repository, Run
from tests.github.shapes import accounts
from tests.github.shapes.accounts import account, account_or_null, node
from tests.github.shapes.code import head_commit


def run(repository: Repository, one: Run, attempt: Attempt | None = None) -> dict[str, Any]:
    """A run as its last attempt, or another, has left it."""
    attempt = attempt or one.attempts[-1]
    url = f"{API}/repos/{repository.full_name}/actions/runs/{one.id}"
    before = None if attempt.number == 1 else f"{url}/attempts/{attempt.number - 1}"
    whole = accounts.repository(repository)
    found = repository.git.commits.get(one.sha)
    return {
        "id": one.id,
        "name": one.workflow,
        "node_id": node("WFR", one.id),
        "head_branch": one.branch,
        "head_sha": one.sha,
        "path": one.path,
        "display_title": found.message if found else "",
        "run_number": one.number,
        "event": one.event,
        "status": attempt.status,
        "conclusion": attempt.conclusion,
        "workflow_id": one.workflow_id,
        "check_suite_id": one.id + 1,
        "check_suite_node_id": node("CS", one.id),
        "url": url,
        "html_url": f"https://github.com/{repository.full_name}/actions/runs/{one.id}",
        "pull_requests": [],
        "created_at": instant(one.created_at),
        "updated_at": instant(attempt.updated_at),
        "actor": account_or_null(one.actor),
        "run_attempt": attempt.number,
        "referenced_workflows": [],
        "run_started_at": instant(attempt.started_at),
        "triggering_actor": account_or_null(attempt.actor),
        **{f"{name}_url": f"{url}/{name}" for name in ("jobs", "logs", "artifacts", "cancel", "rerun")},
        "check_suite_url": f"{API}/repos/{repository.full_name}/check-suites/{one.id + 1}",
        "previous_attempt_url": before,
        "workflow_url": f"{API}/repos/{repository.full_name}/actions/workflows/{one.workflow_id}",
        "head_commit": head_commit(found) if found else None,
        "repository": whole,
        "head_repository": whole,
    }


def job(repository: Repository, of: Run, one: Job) -> dict[str, Any]:
    url = f"{API}/repos/{repository.full_name}"
    return {
        "id": one.id,
        "run_id": of.id,
        "run_url": f"{url}/actions/runs/{of.id}",
        "run_attempt": one.attempt,
        "node_id": node("CR", one.id),
        "head_sha": of.sha,
        "head_branch": of.branch,
        "workflow_name": of.workflow,
        "url": f"{url}/actions/jobs/{one.id}",
        "html_url": f"https://github.com/{repository.full_name}/actions/runs/{of.id}/job/{one.id}",
        "status": "in_progress" if one.completed_at is None else "completed",
        "conclusion": one.conclusion,
        "created_at": instant(one.created_at),
        "started_at": instant(one.started_at),
        "completed_at": instant(one.completed_at),
        "name": one.name,
        "steps": [],
        "check_run_url": f"{url}/check-runs/{one.id}",
        "labels": ["ubuntu-latest"],
        "runner_id": 1,
        "runner_name": one.runner,
        "runner_group_id": 0,
        "runner_group_name": "GitHub Actions",
    }


def release(repository: Repository, one: Release) -> dict[str, Any]:
    url = f"{API}/repos/{repository.full_name}/releases/{one.id}"
    html = f"https://github.com/{repository.full_name}/releases"
    return {
        "url": url,
        "assets_url": f"{url}/assets",
        "upload_url": f"{url}/assets{{?name,label}}",
        "html_url": f"{html}/tag/{one.tag}",
        "id": one.id,
        "author": account(one.author),
        "node_id": node("RE", one.id),
        "tag_name": one.tag,
        "target_commitish": repository.default_branch,
        "name": one.tag,
        "draft": one.draft,
        "immutable": False,
        "prerelease": one.prerelease,
        "created_at": instant(one.created_at),
        "updated_at": instant(one.published_at or one.created_at),
        "published_at": instant(one.published_at),
        "assets": [],
        "tarball_url": None,
        "zipball_url": None,
        "body": "",
    }


def deployment(repository: Repository, one: Deployment) -> dict[str, Any]:
    url = f"{API}/repos/{repository.full_name}/deployments/{one.id}"
    return {
        "url": url,
        "id": one.id,
        "node_id": node("DE", one.id),
        "task": "deploy",
        "original_environment": one.environment,
        "environment": one.environment,
        "description": None,
        "created_at": instant(one.created_at),
        "updated_at": instant(one.updated_at),
        "statuses_url": f"{url}/statuses",
        "repository_url": f"{API}/repos/{repository.full_name}",
        "creator": account_or_null(one.creator),
        "sha": one.sha,
        "ref": one.ref,
        "payload": {},
        "transient_environment": one.transient,
        "production_environment": one.production,
        "performed_via_github_app": None,
    }


def deployment_status(repository: Repository, of: Deployment, one: DeploymentStatus) -> dict[str, Any]:
    url = f"{API}/repos/{repository.full_name}/deployments/{of.id}"
    return {
        "url": f"{url}/statuses/{one.id}",
        "id": one.id,
        "node_id": node("DES", one.id),
        "state": one.state,
        "creator": account_or_null(one.creator),
        "description": "",
        "environment": of.environment,
        "target_url": "",
        "created_at": instant(one.at),
        "updated_at": instant(one.at),
        "deployment_url": url,
        "repository_url": f"{API}/repos/{repository.full_name}",
        "environment_url": "",
        "log_url": "",
        "performed_via_github_app": None,
    }
