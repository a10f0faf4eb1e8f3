"""What happens to a world by chance, from a seed: step by step, as often as somebody asks."""

import random
from collections.abc import Callable
from datetime import timedelta

from tests.github import building, reviewing
from tests.github.model import Pull, Repository, Team
from tests.github.people import User
from tests.github.world import World

#: Conclusions that a run may come to.
_CONCLUSIONS = ("success", "success", "success", "failure", "cancelled", "timed_out", "skipped", "neutral")
#: What people write below the title; none of it takes anything back in the same repository.
_BODIES = (None, "", "Closes #1", "Reverts elsewhere/shop#1", "> Reverts #1", "This reverts #1 in part.")
#: Every so many steps nothing has happened in between: two changes in one second.
_SAME_SECOND = 0.2
_LONGEST_PAUSE_SECONDS = 4 * 3600


class Changes:
    """Changes to a world.

    Args:
        world: what changes.
        seed: of every choice; the same seed on the same world makes the same changes.
        only: names of the methods that may happen, without their underscore; all unless told.
    """

    def __init__(self, world: World, seed: int, *, only: tuple[str, ...] | None = None) -> None:
        self.world = world
        self.random = random.Random(seed)
        self.people = [world.user(f"dev-{number}") for number in range(1, 7)]
        self.bots = [world.user("dependabot[bot]"), world.user("checker[bot]")]
        kinds = {name: kind for name, kind in self.kinds().items() if only is None or name in only}
        self._names, self._weights = zip(*kinds.items(), strict=True)

    @staticmethod
    def kinds() -> dict[str, int]:
        """Each kind of change, and how often it happens beside the others."""
        return {
            "open": 8, "push": 5, "force_push": 2, "review": 12, "pending": 1, "dismiss": 3, "comment_on_line": 5,
            "edit_comment": 2, "comment": 3, "ready": 4, "draft": 2, "merge": 6, "close": 2, "reopen": 1, "label": 2,
            "retitle": 1, "request_review": 6, "unrequest_review": 3, "revert": 2, "late_review": 3,
            "push_to_default": 3, "rewrite_default": 1,
            "issue": 3, "change_issue": 4, "run": 4, "finish_run": 5, "rerun": 2, "release": 1, "deploy": 2,
            "deployment": 3, "file": 1,
        }  # fmt: skip

    def step(self) -> str:
        """Let time pass and one thing happen; returns its name."""
        if self.random.random() > _SAME_SECOND:
            self.world.pass_seconds(self.random.randint(1, _LONGEST_PAUSE_SECONDS))
        name: str = self.random.choices(self._names, self._weights)[0]
        repositories = [one for one in self.world.repositories.values() if one.state == "ok" and one.head]
        act: Callable[[Repository], None] = getattr(self, f"_{name}")
        act(self.random.choice(repositories))
        return name

    def steps(self, number: int) -> None:
        for _ in range(number):
            self.step()

    def _someone(self) -> User:
        return self.random.choice(self.people)

    def _reviewer(self) -> User:
        return self.random.choice([*self.people, *self.people, *self.bots])

    def _any(self, repository: Repository, wanted: Callable[[Pull], bool] = lambda _: True) -> Pull | None:
        found = [one for one in repository.pulls.values() if wanted(one)]
        return self.random.choice(found) if found else None

    def _open_one(self, repository: Repository) -> Pull | None:
        return self._any(repository, lambda one: one.state == "open")

    def _open(self, repository: Repository) -> None:
        author = self.bots[0] if self.random.random() < 0.15 else self._someone()
        draft = self.random.random() < 0.3
        commits, body = self.random.randint(1, 3), self.random.choice(_BODIES)
        reviewing.open_pull(self.world, repository, author, draft=draft, commits=commits, body=body)

    def _revert(self, repository: Repository) -> None:
        if pull := self._any(repository, lambda one: one.merged_at is not None):
            by_hand = self.random.random() < 0.3
            reviewing.revert(self.world, repository, pull, self._someone(), by_hand=by_hand)

    def _push(self, repository: Repository) -> None:
        if pull := self._open_one(repository):
            reviewing.push(self.world, repository, pull)

    def _force_push(self, repository: Repository) -> None:
        if pull := self._open_one(repository):
            reviewing.force_push(self.world, repository, pull)

    def _review(self, repository: Repository) -> None:
        if pull := self._open_one(repository):
            state = self.random.choice(("APPROVED", "APPROVED", "CHANGES_REQUESTED", "COMMENTED"))
            reviewing.review(self.world, pull, self._reviewer(), state)

    def _late_review(self, repository: Repository) -> None:
        if pull := self._any(repository, lambda one: one.state == "closed"):
            state = self.random.choice(("APPROVED", "COMMENTED"))
            reviewing.review(self.world, pull, self._reviewer(), state)

    def _pending(self, repository: Repository) -> None:
        if pull := self._open_one(repository):
            reviewing.review(self.world, pull, self.world.user("reader"), "PENDING")
            reviewing.comment(self.world, pull, self._someone())

    def _dismiss(self, repository: Repository) -> None:
        if pull := self._open_one(repository):
            standing = [one for one in pull.reviews if one.state in {"APPROVED", "CHANGES_REQUESTED"}]
            if standing:
                reviewing.dismiss(self.world, pull, self.random.choice(standing), self._someone())

    def _comment_on_line(self, repository: Repository) -> None:
        if pull := self._any(repository):
            reviewing.comment_on_line(self.world, pull, self._reviewer())

    def _edit_comment(self, repository: Repository) -> None:
        if pull := self._any(repository, lambda one: bool(one.review_comments)):
            reviewing.edit_comment(self.world, pull, self.random.choice(pull.review_comments))

    def _comment(self, repository: Repository) -> None:
        if pull := self._any(repository):
            reviewing.comment(self.world, pull, self._someone())

    def _ready(self, repository: Repository) -> None:
        if pull := self._any(repository, lambda one: one.state == "open" and one.draft):
            reviewing.mark_ready(self.world, pull)

    def _draft(self, repository: Repository) -> None:
        if pull := self._any(repository, lambda one: one.state == "open" and not one.draft):
            reviewing.convert_to_draft(self.world, pull)

    def _merge(self, repository: Repository) -> None:
        if pull := self._any(repository, lambda one: one.state == "open" and not one.draft):
            reviewing.merge(self.world, repository, pull, self._someone())

    def _close(self, repository: Repository) -> None:
        if pull := self._open_one(repository):
            reviewing.close(self.world, repository, pull, self._someone())

    def _reopen(self, repository: Repository) -> None:
        if pull := self._any(repository, lambda one: one.state == "closed" and one.merged_at is None):
            reviewing.reopen(self.world, repository, pull, self._someone())

    def _label(self, repository: Repository) -> None:
        if pull := self._any(repository):
            labels = self.random.sample(("bug", "needs, review", 'say "when"', "größer"), 2)
            reviewing.set_labels(self.world, pull, self._someone(), labels)

    def _retitle(self, repository: Repository) -> None:
        if pull := self._any(repository):
            reviewing.retitle(self.world, pull, pull.user)

    def _request_review(self, repository: Repository) -> None:
        if pull := self._open_one(repository):
            teams = self.world.teams.get(repository.owner.login, [])
            asked: list[User | Team] = [*self.people, *teams, *teams]
            reviewing.request_review(self.world, pull, self.random.choice(asked))

    def _unrequest_review(self, repository: Repository) -> None:
        if pull := self._any(repository, lambda one: one.state == "open" and bool(one.requested)):
            reviewing.unrequest_review(self.world, pull, self.random.choice(pull.requested), self._someone())

    def _push_to_default(self, repository: Repository) -> None:
        # The clock of one laptop is fast, and a commit from last month is not wrong at all.
        age = self.random.choice((-1, 1, 1, 1, 700))
        reviewing.push_to_default(self.world, repository, self._someone(), age_hours=age)

    def _rewrite_default(self, repository: Repository) -> None:
        log = repository.git.log(repository.head or "")
        onto = log[min(self.random.randint(1, 3), len(log) - 1)]
        made = reviewing.commit(self.world, repository, onto.sha, self._someone())
        if self.random.random() < 0.15:
            made.parents = ()  # a history that has nothing in common with the one before
        reviewing.move_branch(
            self.world, repository, repository.default_branch, made.sha, self._someone(), kind="force_push"
        )
        if self.random.random() < 0.3:
            kept = [sha for one in repository.pulls.values() for sha in one.shas]
            repository.git.forget([*kept, *(one.base_sha for one in repository.pulls.values())])

    def _issue(self, repository: Repository) -> None:
        building.open_issue(self.world, repository, self._someone())

    def _change_issue(self, repository: Repository) -> None:
        if repository.issues:
            issue = self.random.choice(list(repository.issues.values()))
            building.change_issue(
                self.world, issue, self._someone(), self.random.choice(("close", "reopen", "label", "assign", "say"))
            )

    def _run(self, repository: Repository) -> None:
        pull = self._open_one(repository)
        sha, branch = (pull.head_sha, pull.head_ref) if pull else (repository.head or "", repository.default_branch)
        building.start_run(self.world, repository, sha, self._someone(), branch=branch)

    def _finish_run(self, repository: Repository) -> None:
        waiting = [one for one in repository.runs if one.attempts[-1].status != "completed"]
        if waiting:
            building.finish_run(self.world, self.random.choice(waiting), self.random.choice(_CONCLUSIONS))

    def _rerun(self, repository: Repository) -> None:
        # GitHub runs nothing again that is older than that.
        since = self.world.now - timedelta(days=30)
        done = [one for one in repository.runs if one.attempts[-1].status == "completed" and one.created_at > since]
        if done:
            building.rerun(self.world, self.random.choice(done), self._someone())

    def _release(self, repository: Repository) -> None:
        building.publish_release(self.world, repository, self._someone(), draft=self.random.random() < 0.2)

    def _deploy(self, repository: Repository) -> None:
        building.deploy(self.world, repository, self._someone(), self.random.choice(("production", "staging")))

    def _deployment(self, repository: Repository) -> None:
        if repository.deployments:
            state = self.random.choice(("in_progress", "success", "failure", "inactive"))
            building.deployment_becomes(self.world, self.random.choice(repository.deployments), state)

    def _file(self, repository: Repository) -> None:
        path = self.random.choice(("pyproject.toml", ".github/workflows/ci.yml", "CODEOWNERS"))
        building.write_file(self.world, repository, path, f"# version {self.random.random()}\n", self._someone())


def populate(world: World, seed: int, *, repositories: int = 1, steps: int = 60, organisation: str = "acme") -> Changes:
    """Make repositories of one organisation and let things happen in them; more may happen by what is returned."""
    for number in range(1, repositories + 1):
        world.create_repository(f"{organisation}/shop-{number}")
    made = Changes(world, seed)
    made.steps(steps)
    return made
