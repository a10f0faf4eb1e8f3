"""Histories of a fake GitHub that changes while it is read, and the tables that come of it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy import delete, text

from app.jobs import lifecycle
from app.sources import backfill, register
from app.sources.reprocess import REPROCESS_JOB
from app.sources.service import GivenToken, SourceService
from app.storage.resources import Resources
from tests.github import Github, World, serve, truth
from tests.github.changes import Changes
from tests.github.reviewing import open_pull
from tests.sources.compared import differences, table_of
from tests.sources.syncing import rows, run_next, sync

#: Streams whose rows are read again when they change, and the dataset kinds that they go into.
STREAMS = {
    "pull_requests": ("pull_requests", "reviews", "review_comments", "review_requests"),
    "commits": ("commits",),
    "issues": ("issues",),
    "workflow_runs": ("workflow_runs", "workflow_jobs"),
    "releases": ("releases",),
    "deployments": ("deployments",),
    "repositories": ("repositories",),
    "branches": ("branches",),
    "dependencies": ("dependencies",),
    "files": ("repository_files",),
    "teams": ("team_members", "team_repositories"),
}
_DAY_SECONDS = 86_400
#: Makes everything that the service has written of its time earlier, so that time seems to have passed.
_EARLIER = (
    "UPDATE source_cursor SET updated_at = updated_at - make_interval(secs => :seconds)",
    "UPDATE source_gap SET found_at = found_at - make_interval(secs => :seconds)",
    "UPDATE source_repository SET seen_at = seen_at - make_interval(secs => :seconds)",
    "UPDATE source_budget SET reset_at = reset_at - make_interval(secs => :seconds)",
    "UPDATE source_budget SET blocked_until = blocked_until - make_interval(secs => :seconds)",
    "UPDATE report SET not_before = not_before - make_interval(secs => :seconds) WHERE kind = 'sync'",
)


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
    token: str
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

    def add_source(self, name: str) -> None:
        """Have a source read the organisation with the token of this history; its first sync is queued."""
        SourceService(self.resources).add(name, "github", self.options(), GivenToken(token=self.token))

    def options(self) -> dict[str, Any]:
        """Of a source that reads the organisation."""
        return {"address": self.github.address, "repositories": [f"{self.name}/*"], "streams": self.streams}

    def gaps(self) -> list[tuple[str, str]]:
        """Stream and code of what is known not to be read."""
        query = (
            "SELECT stream, code FROM source_gap JOIN source ON source.id = source_id "
            "WHERE name = :name AND closed_at IS NULL ORDER BY 1, 2"
        )
        return [(stream, code) for stream, code in rows(self.resources, query, name=self.name)]

    def pass_seconds(self, seconds: float, *, in_world: float | None = None) -> None:
        """Have time pass for all that the service has written down, and for the world, which may be slower."""
        self.world.pass_seconds(seconds if in_world is None else in_world)
        with self.resources.engine.begin() as connection:
            for statement in _EARLIER:
                connection.execute(text(statement), {"seconds": seconds})

    def sync(self, *, changes: int = 0) -> int:
        """Sync while so much changes; returns how many syncs it took until nothing was left to go on with.

        Before, so much time passes that everything is due.
        """
        self.to_come = changes
        self.pass_seconds(_DAY_SECONDS, in_world=self.random.choice((0, 0, 30, _DAY_SECONDS)) if changes else None)
        return sync(self.resources, self.name)

    def go_on(self) -> int:
        """Run what is queued, without asking for more; returns how many syncs ran."""
        return sync(self.resources, self.name, asked=False)

    def take_over(self) -> None:
        """The leases of workers that are dead run out; jobs that were tried too often fail, as in any replica."""
        with self.resources.engine.begin() as connection:
            connection.execute(text("UPDATE report SET lease_until = now() - interval '1 s' WHERE kind = 'sync'"))
            lifecycle.give_up(connection)

    def go_on_together(self, workers: int) -> None:
        """Run what is queued by several workers at once."""
        with ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(self.go_on) for _ in range(workers)]:
                done.result()

    def quiet_syncs(self) -> None:
        """Two syncs during which nothing happens."""
        for _ in range(2):
            self.sync()

    def differences(self) -> list[str]:
        """How the tables differ from the truth."""
        kinds = [kind for stream in self.streams for kind in STREAMS[stream]]
        with self.resources.engine.connect() as connection:
            found = [one for kind in kinds for one in differences(connection, self.world, kind)]
        # The clock of the world may stand still here while a day passes for the service: two snapshots then have the
        # same day, and both versions of a file, or a branch that has gone in between, are of that day.
        twice = ("repository_files", "branches")
        return [one for one in found if not (one.startswith(twice) and one.endswith("too many"))]

    def reprocess(self) -> None:
        """Delete all rows, and have them made anew from the pages that were kept."""
        with self.resources.engine.begin() as connection:
            for kind in (kind for stream in self.streams for kind in STREAMS[stream]):
                connection.execute(delete(table_of(kind)))
            source = register.named(connection, self.name, for_update=True)
            backfill.reprocess(connection, source, stream=None, since=None)
        while run_next(self.resources, kind=REPROCESS_JOB):
            pass

    def told(self) -> int:
        """How many rows the truth has: a history without any would prove nothing."""
        return sum(len(truth.KINDS[kind][0](self.world)) for stream in self.streams for kind in STREAMS[stream])


@contextmanager
def history(
    resources: Resources,
    seed: int,
    *,
    streams: Sequence[str] = ("pull_requests",),
    repositories: int = 2,
    pulls: int = 1,
    steps: int = 60,
    limit: int = 5_000,
) -> Iterator[History]:
    """A history of which nothing is read yet, though a source is added, whose first sync waits.

    Args:
        resources: of the service.
        seed: of all that happens; the organisation is named after it, so that many histories fit into one database.
        streams: that the source reads.
        repositories, pulls: how many there are, and how many pull requests each begins with.
        steps: things that happen then, before the source is added.
        limit: of the token, requests an hour.
    """
    organisation = f"org-{seed}"
    world = World(seed=seed)
    token = world.token(f"ghp_{seed:036}", limit=limit).value
    for number in range(1, repositories + 1):
        made = world.create_repository(f"{organisation}/shop-{number}")
        for _ in range(pulls):
            open_pull(world, made, world.user("dev-1"))
        made.packages = [("pypi", "numpy", f"2.{number}.0"), ("npm", "left-pad", "")]
    changes = Changes(world, seed)
    team = world.team(organisation, f"Team {seed}")
    team.members, team.repositories = changes.people[:2], list(world.repositories.values())
    changes.steps(steps)
    with serve(world) as github:
        github.most_per_page = 4
        made = History(resources, github, changes, Random(seed), organisation, token, streams)
        github.between = made.happen
        made.add_source(organisation)
        yield made
