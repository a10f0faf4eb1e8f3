"""Histories of a fake GitHub that changes while it is read, and the tables that come of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy import text

from app.storage.resources import Resources
from tests.github import Github, World, serve, truth
from tests.github.changes import Changes
from tests.github.reviewing import open_pull
from tests.sources.compared import differences
from tests.sources.syncing import TOKEN, add_source, sync

#: Streams whose rows are read again when they change, and the dataset kinds that they go into.
STREAMS = {
    "pull_requests": ("pull_requests", "reviews", "review_comments"),
    "commits": ("commits",),
    "issues": ("issues",),
    "workflow_runs": ("workflow_runs", "workflow_jobs"),
    "releases": ("releases",),
    "deployments": ("deployments",),
    "repositories": ("repositories",),
    "branches": ("branches",),
    "dependencies": ("dependencies",),
    "teams": ("team_members", "team_repositories"),
}
#: Seconds after which nothing that was read can have changed once more in the same second unseen.
SETTLED_SECONDS = 120


@dataclass(slots=True)
class History:
    """A world, its fake, and a source that reads it.

    `to_come` is how many things still happen between the answers, each three of ten followed by up to three.
    """

    resources: Resources
    github: Github
    changes: Changes
    random: Random
    name: str
    streams: Sequence[str]
    to_come: int = 0

    @property
    def world(self) -> World:
        return self.github.world

    def happen(self, _: str) -> None:
        if self.to_come and self.random.random() < 0.3:
            number = min(self.random.randint(1, 3), self.to_come)
            self.to_come -= number
            self.changes.steps(number)

    def sync(self, *, changes: int = 0) -> int:
        """Sync while so much changes; returns how many syncs it took until nothing was left to go on with.

        Before, so much time passes that everything is due.
        """
        self.to_come = changes
        with self.resources.engine.begin() as connection:
            of = "WHERE source_id = (SELECT id FROM source WHERE name = :name)"
            connection.execute(
                text(f"UPDATE source_cursor SET updated_at = updated_at - interval '2 days' {of}"), {"name": self.name}
            )
        return sync(self.resources, self.name)

    def quiet_syncs(self) -> None:
        """Two syncs during which nothing happens."""
        for _ in range(2):
            self.world.pass_seconds(SETTLED_SECONDS)
            self.sync()

    def differences(self) -> list[str]:
        """How the tables differ from the truth."""
        kinds = [kind for stream in self.streams for kind in STREAMS[stream]]
        with self.resources.engine.connect() as connection:
            return [one for kind in kinds for one in differences(connection, self.world, kind)]

    def rows(self) -> int:
        """How many rows the truth has: a history without any would prove nothing."""
        return sum(len(truth.KINDS[kind][0](self.world)) for stream in self.streams for kind in STREAMS[stream])


@contextmanager
def history(
    resources: Resources,
    seed: int,
    *,
    streams: Sequence[str] = ("pull_requests",),
    repositories: int = 2,
    steps: int = 60,
    **settings: Any,
) -> Iterator[History]:
    """A history that has lived for some steps before a source is added that reads it; nothing is synced yet."""
    organisation = f"org-{seed}"
    world = World(seed=seed)
    world.token(TOKEN)
    for number in range(1, repositories + 1):
        made = world.create_repository(f"{organisation}/shop-{number}")
        open_pull(world, made, world.user("dev-1"))
        made.packages = [("pypi", "numpy", f"2.{number}.0"), ("npm", "left-pad", "")]
    changes = Changes(world, seed)
    changes.steps(steps)
    team = world.team(organisation, f"Team {seed}")
    team.members, team.repositories = changes.people[:2], list(world.repositories.values())
    with serve(world) as github:
        github.most_per_page = 4
        made = History(resources, github, changes, Random(seed), organisation, streams)
        github.between = made.happen
        add_source(resources, github.address, repositories=(f"{organisation}/*",), streams=streams, name=organisation)
        yield made
