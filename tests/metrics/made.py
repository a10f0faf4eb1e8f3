"""Rows of all dataset kinds by chance: equal instants, missing ones, accounts that were renamed or deleted."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from app.series.tables import entity
from tests.metrics.asking import KINDS, USUAL_WEEK
from tests.reference.schedule import Dated, Entity, Use, Version, ZoneFrom
from tests.sources.compared import table_of

Row = dict[str, Any]

#: Clocks change within: 2024-10-27 in Berlin, 2024-11-03 in New York.
BEGIN = datetime(2024, 9, 30, tzinfo=UTC)
DAYS = 70
REPOS = ("acme/api", "acme/web", "acme/Old")
BOTS = ("ci-user",)
LABELS = ("incident", "sev: 1")
TEAMS = ("Web", "Night", "Platform", "acme/Old")

_NIGHT = (("22:00:00", "06:00:00"),)
_DAY = (("08:30:00", "12:00:00"), ("12:45:00", "17:15:00"))
#: What files say of the teams; ``schedules`` says the same to the twin. Platform has a zone and no hours.
FILES = {
    "timezones": ("team,timezone_str\nWeb,America/New_York\nNight,Asia/Kathmandu\nPlatform,Australia/Lord_Howe\n"),
    "hours": "team,day,start_time_local,end_time_local\n"
    + "".join(f"Web,{day},{opens},{closes}\n" for day in range(5) for opens, closes in _DAY)
    + "".join(f"Night,{day},{opens},{closes}\n" for day in range(7) for opens, closes in _NIGHT),
    "holidays": "calendar,date\npublic:US,2024-10-14\npublic:US,2024-11-11\n",
    "calendars": "team,calendar\nWeb,public:US\n",
}
_HOLIDAYS = Use(
    "public:US", tuple(Dated(datetime(2024, *day, tzinfo=UTC).date(), "closed") for day in ((10, 14), (11, 11)))
)
SCHEDULES = {
    "Web": Entity((ZoneFrom("America/New_York"),), (Version((_DAY,) * 5 + ((), ())),), calendars=(_HOLIDAYS,)),
    "Night": Entity((ZoneFrom("Asia/Kathmandu"),), (Version((_NIGHT,) * 7),)),
    "Platform": Entity((ZoneFrom("Australia/Lord_Howe"),), default=USUAL_WEEK),
    "acme/Old": Entity((ZoneFrom("Europe/Berlin"),), default=USUAL_WEEK),
}

#: Login, number of the account, whether GitHub calls it a bot.
ACCOUNTS: tuple[tuple[str | None, int | None, bool | None], ...] = (
    *(("ada", 1, False), ("ADA", 1, False), ("adele", 1, None), ("ben", 2, False), ("ben", 3, False)),
    *(("cem", None, None), ("Cem", None, False), ("dan", 4, False), ("eva", 5, False), ("fay", 6, None)),
    *(("ghost", 10137, False), (None, None, None), ("ada", None, None), ("gil", 8, False)),
    *(("dependabot[bot]", 49699333, True), ("renovate[bot]", 29139614, True), ("app/dependabot", None, None)),
    *(("checker[bot]", 77, None), ("ci-user", 78, False), ("robot", 79, True)),
)


#: Of which a runtime can be read, or cannot.
FILES_OF_RUNTIMES = {
    ".python-version": ("3.8\n", "3.13\n", "stable\n"),
    "go.mod": ("module x\n\ngo 1.21\n", "module x\n"),
    ".github/workflows/ci.yml": (
        (
            "on: [push]\njobs:\n  test:\n    strategy:\n      matrix:\n        python-version: ['3.7', '3.12']\n"
            "    steps:\n      - uses: actions/setup-python@v5\n        with:\n"
            "          python-version: ${{ matrix.python-version }}\n"
        ),
        "jobs: [\n",
    ),
}


class Made:
    """Rows of a database, by a seed."""

    def __init__(self, random: Random, as_of: datetime) -> None:
        self.random, self.as_of = random, as_of
        whole_hours = [BEGIN + timedelta(hours=random.randrange(24 * DAYS)) for _ in range(25)]
        self.instants = [*whole_hours, as_of, as_of + timedelta(microseconds=1), as_of - timedelta(hours=24)]
        self.shas = [f"{number:040x}" for number in range(1, 25)]
        self.rows: dict[str, list[Row]] = {kind: [] for kind in KINDS}

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    def maybe(self, value: Any, part: float = 0.85) -> Any:
        return value if self.chance(part) else None

    def pick(self, values: Sequence[Any]) -> Any:
        return self.random.choice(values)

    def at(self) -> datetime:
        """One of a few instants, or any."""
        if self.chance(0.5):
            return self.pick(self.instants)
        return BEGIN + timedelta(
            seconds=self.random.randrange(DAYS * 86_400), microseconds=self.pick((0, 0, 1, 999_999))
        )

    def soon(self, after: datetime) -> datetime:
        """Mostly somewhat later, now and then at once or earlier."""
        if self.chance(0.1):
            return self.at()
        return after + timedelta(
            minutes=self.pick((0, 0, 5, 59, 60, 61, 24 * 60, 24 * 60 + 1, self.random.randrange(9000)))
        )

    def after_success(self) -> datetime:
        """Often somewhat after a deployment, which may fail by it."""
        deployed = [row["succeeded_at"] for row in self.rows["deployments"] if row["succeeded_at"]]
        return self.soon(self.pick(deployed)) if deployed and self.chance(0.7) else self.at()

    def account(self, name: str, *, is_bot: bool = True) -> Row:
        login, number, bot = self.pick(ACCOUNTS)
        return {name: login, f"{name}_id": self.maybe(number, 0.9), **({f"{name}_is_bot": bot} if is_bot else {})}

    def truth(self) -> bool | None:
        return self.pick((True, False, False, None))

    def count(self, most: int = 900) -> int | None:
        return self.maybe(self.pick((0, 1, 400, self.random.randrange(most))))

    # One of each kind

    def pull_requests(self) -> None:
        for repo in REPOS:
            for number in range(1, self.random.randint(0, 20) + 1):
                created = self.at()
                merged = self.maybe(self.soon(self.soon(created)), 0.6)
                login, account, bot = self.pick(ACCOUNTS)
                self.rows["pull_requests"].append({
                    "repo": repo, "number": number, "team": self.maybe(self.pick(TEAMS), 0.3),
                    "author": login, "author_id": self.maybe(account, 0.9), "author_is_bot": bot,
                    "created_at": created,
                    "first_commit_at": self.maybe(self.soon(created - timedelta(hours=self.pick((0, 3, 30))))),
                    "ready_at": self.maybe(self.soon(created), 0.4),
                    "first_review_at": self.maybe(self.soon(created), 0.6),
                    "approved_at": self.maybe(self.soon(created), 0.5),
                    "merged_at": merged,
                    "closed_at": merged if merged and self.chance(0.8) else self.maybe(self.soon(created), 0.5),
                    "is_draft": self.truth(), "additions": self.count(), "deletions": self.count(),
                    "changed_files": self.count(30), "head_sha": self.maybe(self.pick(self.shas[:8])),
                    "merge_sha": merged and self.maybe(self.pick(self.shas)),
                    "reverts": self.maybe(self.random.randint(1, 5), 0.3),
                })  # fmt: skip

    def on_pulls(self, most: int, make: Callable[[Row], Row], kind: str, key: str) -> None:
        for pull in self.rows["pull_requests"]:
            for _ in range(self.random.randint(0, most)):
                number = len(self.rows[kind]) + 1
                self.rows[kind].append({"repo": pull["repo"], "number": pull["number"], key: number, **make(pull)})

    def reviews(self) -> None:
        self.on_pulls(5, self._review, "reviews", "review_id")

    def _review(self, pull: Row) -> Row:
        state = self.pick(("APPROVED", "CHANGES_REQUESTED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"))
        reviewer = self.account("reviewer")
        if self.chance(0.15) and pull["author"]:
            reviewer = {"reviewer": pull["author"].upper(), "reviewer_id": pull["author_id"], "reviewer_is_bot": False}
        return {
            **reviewer,
            "state": state,
            "submitted_at": None
            if state == "PENDING" and self.chance(0.9)
            else self.maybe(self.soon(pull["created_at"]), 0.97),
            "commit_sha": self.maybe(self.pick(self.shas[:8])),
        }

    def review_comments(self) -> None:
        self.on_pulls(3, self._comment, "review_comments", "comment_id")

    def _comment(self, pull: Row) -> Row:
        return {**self.account("author"), "created_at": self.soon(pull["created_at"])}

    def review_requests(self) -> None:
        self.on_pulls(4, self._request, "review_requests", "event_id")

    def _request(self, pull: Row) -> Row:
        asked = {**self.account("reviewer"), "requested_team": None}
        if self.chance(0.3):
            asked = {"reviewer": None, "reviewer_id": None, "reviewer_is_bot": None, "requested_team": self.pick(TEAMS)}
        elif self.chance(0.5):
            asked["reviewer"], asked["reviewer_id"], asked["reviewer_is_bot"] = "ben", 2, False
        return {
            **asked,
            "requested_at": self.soon(pull["created_at"]),
            "is_removed": self.pick((True, False, False, None)),
        }

    def commits(self) -> None:
        for repo in REPOS[:2]:
            here = self.shas[: self.random.randint(0, len(self.shas))]
            for place, sha in enumerate(here):
                parents = self.random.sample(here[:place], min(place, self.pick((0, 1, 1, 1, 1, 2))))
                authored = self.at()
                self.rows["commits"].append({
                    "repo": repo, "sha": sha, **self.account("author"),
                    "author_email_hash": self.maybe(self.pick(("h1", "h2")), 0.4),
                    "authored_at": self.maybe(authored, 0.95),
                    "committed_at": self.maybe(self.pick((self.after_success(), self.soon(authored))), 0.95),
                    "parents": self.maybe(len(parents), 0.95), "parent_shas": self.maybe(parents, 0.97),
                    "additions": self.count(), "deletions": self.count(),
                    "reverts": self.maybe(self.pick(self.shas), 0.2), "dataset_id": "0",
                })  # fmt: skip

    def issues(self) -> None:
        for number in range(100, 100 + self.random.randint(0, 15)):
            created = self.after_success()
            self.rows["issues"].append({
                "repo": self.pick(REPOS), "number": number, **self.account("author"), "state": "open",
                "state_reason": self.maybe(self.pick(("completed", "not_planned")), 0.5),
                "labels": self.maybe(self.random.sample([*LABELS, "bug", "Incident"], 1)), "comments": self.count(9),
                "created_at": created, "closed_at": self.maybe(self.soon(created), 0.5),
            })  # fmt: skip

    def workflow_runs(self) -> None:
        job = 0
        for run in range(1, self.random.randint(0, 15) + 1):
            shared = {
                "repo": self.pick(REPOS), "run_id": run, "workflow": self.maybe(self.pick(("CI", "ci", "Deploy"))),
                "workflow_id": self.maybe(self.pick((7, 8)), 0.5),
                "event": self.maybe(self.pick(("push", "pull_request", "pull_request_target", "schedule"))),
                "branch": self.maybe(self.pick(("main", "fix/a"))),
            }  # fmt: skip
            sha = self.maybe(self.pick(self.shas))
            for attempt in range(1, self.pick((1, 1, 2, 3)) + 1):
                started = self.at()
                self.rows["workflow_runs"].append({
                    **shared, "attempt": attempt, **self.account("actor"), "status": "completed",
                    "head_sha": sha if self.chance(0.9) else self.pick(self.shas),
                    "conclusion": self.maybe(self.pick((
                        "success", "success", "failure", "failure", "timed_out", "startup_failure", "cancelled",
                        "skipped", "neutral", "action_required",
                    ))),
                    "created_at": started, "started_at": self.maybe(started, 0.95), "updated_at": self.soon(started),
                })  # fmt: skip
                for _ in range(self.random.randint(0, 3)):
                    job += 1
                    began = self.maybe(self.soon(started - timedelta(minutes=self.pick((0, 0, 60)))))
                    self.rows["workflow_jobs"].append({
                        "repo": shared["repo"], "job_id": job, "run_id": run if self.chance(0.95) else 99,
                        "attempt": attempt, "name": self.maybe(self.pick(("test", "lint"))), "status": "completed",
                        "conclusion": self.maybe(self.pick(("success", "skipped", "failure"))),
                        "created_at": self.maybe(started, 0.8), "started_at": began,
                        "completed_at": began and self.maybe(self.soon(began), 0.8),
                    })  # fmt: skip

    def deployments(self) -> None:
        for number in range(1, self.random.randint(0, 25) + 1):
            created = self.at()
            self.rows["deployments"].append({
                "repo": self.pick(REPOS[:2]), "deployment_id": number,
                "environment": self.maybe(self.pick(("production", "production", "production", "eu", "staging")), 0.95),
                "sha": self.maybe(self.pick([*self.shas[:4], *self.shas]), 0.95),
                "task": self.maybe("deploy"), **self.account("creator"),
                "is_production": self.pick((True, True, True, True, False, None)),
                "is_transient": self.pick((False, False, False, True, None)),
                "created_at": created, "succeeded_at": self.maybe(self.soon(created)),
                "failed_at": self.maybe(self.soon(created), 0.2),
            })  # fmt: skip

    def releases(self) -> None:
        tags = ("v1.0.0", "2.0", "1.2.0", "api-v3.0.0", "v4", "nightly", "1.0.0-rc1", "2024.10.01", "v0.0.0", "v10.0.1")
        for number in range(1, self.random.randint(0, 10) + 1):
            self.rows["releases"].append({
                "repo": self.pick(REPOS), "release_id": number, "tag": self.pick(tags), "is_draft": self.truth(),
                "is_prerelease": self.truth(), "published_at": self.maybe(self.at()),
            })  # fmt: skip

    def days(self) -> list[Any]:
        return sorted({self.at().date() for _ in range(self.random.randint(0, 12))})

    def branches(self) -> None:
        for repo in REPOS[:2]:
            for day in self.days():
                for branch in self.random.sample(("main", "a", "b", "c", "d"), self.random.randint(1, 5)):
                    self.rows["branches"].append({
                        "repo": repo, "branch": branch, "seen_on": day, "sha": self.maybe(self.pick(self.shas[:12])),
                        "is_default": self.pick((branch == "main", None)), "is_protected": self.truth(),
                        "committed_at": self.maybe(self.at() - timedelta(days=self.pick((0, 0, 40)))),
                    })  # fmt: skip

    def dependencies(self) -> None:
        versions = (
            "1.0",
            "",
            ">=1,<2",
            "==2.0",
            "^1.2",
            "~> 3",
            "2.x",
            "*",
            "v1.2.3",
            "1.0 || 2.0",
            "1.*",
            *("1.2.3-rc.1", "2.X", "=1.0", "x"),
        )
        for repo in REPOS:
            for day in self.days():
                for name in self.random.sample(("a", "b", "c"), self.random.randint(1, 3)):
                    self.rows["dependencies"].append({
                        "repo": repo, "seen_on": day, "ecosystem": self.pick(("pypi", "npm", "")), "name": name,
                        "version": self.pick(versions),
                    })  # fmt: skip

    def repositories(self) -> None:
        self.rows["repositories"] = [{"repo": repo, "default_branch": self.maybe("main")} for repo in REPOS[:2]]

    def teams(self) -> None:
        members, repositories = self.rows["team_members"], self.rows["team_repositories"]
        logins = ("ada", "Ben", "cem", "dan", "eva")
        for team in self.random.sample(TEAMS, self.random.randint(0, 3)):
            day, later = (self.at().date() for _ in range(2))
            seen = self.chance(0.4)
            for login in self.random.sample(logins, self.random.randint(1, 4)):
                members.append({"team": team, "login": login, **self._span(day, later, seen=seen)})
            if self.chance(0.5):
                rights = {"permission": self.pick(("admin", "push", "pull"))} if seen else {}
                span = self._span(day, later, seen=seen)
                repositories.append({"team": team, "repo": self.pick(REPOS), **rights, **span})
        if self.chance(0.3):
            self.rows["repository_files"].append({
                "repo": "acme/web", "path": "CODEOWNERS", "seen_on": self.at().date(), "team": self.pick(TEAMS),
            })  # fmt: skip

    def repository_files(self) -> None:
        for repo in REPOS[:2]:
            for day in self.days():
                for path, texts in FILES_OF_RUNTIMES.items():
                    if self.chance(0.6):
                        self.rows["repository_files"].append({
                            "repo": repo, "path": path, "seen_on": day, "content": self.maybe(self.pick(texts)),
                        })  # fmt: skip

    def _span(self, day: Any, later: Any, *, seen: bool) -> Row:
        always = "-infinity"
        if seen:
            return {"seen_on": day, "valid_from": always}
        first, last = sorted((day, later))
        return {"seen_on": always, "valid_from": self.pick((first, always)), "valid_to": self.maybe(last, 0.5)}

    def all(self) -> dict[str, list[Row]]:
        for make in (
            self.deployments,
            *(self.pull_requests, self.reviews, self.review_comments, self.review_requests, self.commits, self.issues),
            *(self.workflow_runs, self.releases, self.branches, self.dependencies, self.repository_files),
            *(self.repositories, self.teams),
        ):
            make()
        return self.rows


def make_entities(connection: Connection) -> None:
    names = [("repository", repo) for repo in REPOS] + [("team", team) for team in TEAMS]
    there = {(kind, key) for _, kind, key in connection.execute(select(entity.c.id, entity.c.kind, entity.c.key))}
    for kind, key in names:
        if (kind, key) not in there:
            connection.execute(insert(entity).values(kind=kind, key=key))


def fill(connection: Connection, rows: dict[str, list[Row]]) -> None:
    """Have the tables hold these rows and no others."""
    keys = connection.execute(select(entity.c.id, entity.c.kind, entity.c.key)).all()
    number = {(kind, key): one for one, kind, key in keys}
    for kind in KINDS:
        table = table_of(kind)
        connection.execute(delete(table))
        names = {name for row in rows[kind] for name in row}
        values = [_stored(row | {name: row.get(name) for name in names}, number) for row in rows[kind]]
        if values:
            connection.execute(insert(table), values)


def _stored(row: Row, number: dict[tuple[str, str], int]) -> Row:
    """A row with the ids of entities in the place of their names."""
    values = dict(row)
    if "repo" in values:
        values["repo_id"] = number["repository", values.pop("repo")]
    if "team" in values:
        team = values.pop("team")
        values["team_id"] = None if team is None else number["team", team]
    return values
