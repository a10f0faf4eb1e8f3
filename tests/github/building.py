"""What else happens in a repository: issues, runs of workflows, releases, deployments, files."""

from datetime import timedelta

from tests.github.model import Attempt, Deployment, DeploymentStatus, Event, Issue, Job, Release, Repository, Run
from tests.github.people import User
from tests.github.reviewing import push_to_default
from tests.github.world import World


def open_issue(world: World, repository: Repository, author: User) -> Issue:
    number = repository.next_number()
    made = Issue(world.next_id(), number, author, f"Problem {number}", world.now, world.now)
    repository.issues[number] = made
    return made


def change_issue(world: World, issue: Issue, actor: User, what: str) -> None:
    """Close, reopen, label, assign or comment on an issue: `what` is one of these words."""
    issue.updated_at = world.now
    if what == "close":
        issue.state, issue.closed_at = "closed", world.now
        issue.events.append(Event(world.next_id(), "closed", world.now, actor))
    elif what == "reopen":
        issue.state, issue.closed_at = "open", None
        issue.events.append(Event(world.next_id(), "reopened", world.now, actor))
    elif what == "label":
        issue.labels.append(f"label-{len(issue.labels)}")
    elif what == "assign":
        issue.assignees.append(actor)
    else:
        issue.comments += 1


def start_run(world: World, repository: Repository, sha: str, actor: User, *, branch: str, event: str = "push") -> Run:
    """Start a run: its first attempt, with two jobs that wait a little for their runner."""
    made = Run(
        id=world.next_id(),
        number=len(repository.runs) + 1,
        workflow="CI",
        workflow_id=repository.id + 1,
        path=".github/workflows/ci.yml",
        event=event,
        branch=branch,
        sha=sha,
        actor=actor,
        created_at=world.now,
    )
    repository.runs.append(made)
    _attempt(world, made, actor)
    return made


def rerun(world: World, run: Run, actor: User) -> None:
    """Begin another attempt: the run's own status and conclusion are overwritten."""
    _attempt(world, run, actor)


def _attempt(world: World, run: Run, actor: User) -> None:
    attempt = Attempt(len(run.attempts) + 1, actor, world.now, world.now)
    for name in ("build", "test"):
        waited = timedelta(seconds=world.random.randint(0, 90))
        attempt.jobs.append(
            Job(
                world.next_id(), name, attempt.number, world.now, world.now + waited, completed_at=None, conclusion=None
            )
        )
    run.attempts.append(attempt)


def finish_run(world: World, run: Run, conclusion: str) -> None:
    """End the last attempt; the clock goes on until its last job is through."""
    attempt = run.attempts[-1]
    for job in attempt.jobs:
        if job.started_at > world.now:
            world.pass_seconds((job.started_at - world.now).total_seconds())
        world.pass_seconds(world.random.randint(5, 60))
        job.completed_at = world.now
        job.conclusion = "success"
    attempt.jobs[-1].conclusion = conclusion
    attempt.status, attempt.conclusion, attempt.updated_at = "completed", conclusion, world.now


def publish_release(world: World, repository: Repository, author: User, *, draft: bool = False) -> Release:
    made = Release(
        id=world.next_id(),
        tag=f"v1.{len(repository.releases)}.0",
        author=author,
        created_at=world.now,
        published_at=None if draft else world.now,
        prerelease=world.random.random() < 0.2,
        draft=draft,
    )
    repository.releases.append(made)
    return made


def deploy(world: World, repository: Repository, creator: User, environment: str = "production") -> Deployment:
    made = Deployment(
        id=world.next_id(),
        sha=repository.head or "",
        ref=repository.default_branch,
        environment=environment,
        creator=creator,
        created_at=world.now,
        updated_at=world.now,
        production=environment == "production",
    )
    repository.deployments.append(made)
    return made


def deployment_becomes(world: World, deployment: Deployment, state: str) -> None:
    """Give a deployment a status, such as in_progress, success, failure or inactive."""
    deployment.updated_at = world.now
    deployment.statuses.append(DeploymentStatus(world.next_id(), state, deployment.creator, world.now))


def write_file(world: World, repository: Repository, path: str, text: str, author: User) -> None:
    """Change a file on the default branch, by a commit."""
    push_to_default(world, repository, author)
    repository.files[path] = text
