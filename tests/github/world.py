"""The world behind the API: accounts, repositories, tokens, and its own clock."""

import random
import time
from datetime import UTC, datetime, timedelta

from tests.github.git import Git
from tests.github.model import Repository, Team, Token
from tests.github.people import User

#: When a world begins unless it is told: a Monday.
BEGINNING = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


class World:
    """Everything that the API shows. Its time passes by `pass_seconds` alone, unless it shall `go_on` by itself.

    Args:
        seed: of every choice that the world makes by itself.
        now: when it begins, aware.
    """

    def __init__(self, *, seed: int = 0, now: datetime = BEGINNING) -> None:
        self.random = random.Random(seed)
        self._now = now
        self._live_since: float | None = None
        self._last_id = 30_000_000_000
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.repositories: dict[int, Repository] = {}
        self.names: dict[str, int] = {}
        self.teams: dict[str, list[Team]] = {}
        self.enterprise = False

    @property
    def now(self) -> datetime:
        """The present, in whole seconds: the API knows no smaller ones."""
        passed = 0.0 if self._live_since is None else time.monotonic() - self._live_since
        return (self._now + timedelta(seconds=passed)).replace(microsecond=0)

    def go_on(self) -> None:
        """Have time pass as on the machine from now on, beginning with the machine's present."""
        self._now, self._live_since = datetime.now(UTC), time.monotonic()

    def pass_seconds(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def next_id(self) -> int:
        self._last_id += self.random.randint(1, 50)
        return self._last_id

    def user(self, login: str, kind: str = "User") -> User:
        """The account of that login; made when there is none."""
        if login not in self.users:
            self.users[login] = User(len(self.users) + 101, login, "Bot" if login.endswith("[bot]") else kind)
        return self.users[login]

    def organisation(self, login: str) -> User:
        return self.user(login, "Organization")

    def delete_user(self, login: str) -> None:
        """Delete an account. As with the real one, nothing that it has touched counts as updated."""
        self.users.pop(login).deleted = True

    def token(self, value: str = "ghp_test", *, login: str = "reader", limit: int = 5_000) -> Token:
        """The token of that value; made when there is none."""
        if value not in self.tokens:
            self.tokens[value] = Token(value, self.user(login), limit=limit)
        return self.tokens[value]

    def create_repository(self, full_name: str, *, empty: bool = False) -> Repository:
        """A repository with one commit on its default branch, or with none."""
        login, name = full_name.split("/")
        owner = self.users.get(login) or self.organisation(login)
        made = Repository(
            id=self.next_id(),
            owner=owner,
            name=name,
            created_at=self.now,
            updated_at=self.now,
            pushed_at=self.now,
            git=Git(full_name),
        )
        if not empty:
            first = made.git.commit(
                (), author=None, authored_at=self.now, committed_at=self.now, message="Begin", email="begin@example.org"
            )
            made.git.branches[made.default_branch] = first.sha
        self.repositories[made.id] = made
        self.names[full_name.lower()] = made.id
        return made

    def rename(self, repository: Repository, full_name: str) -> None:
        """Give a repository another name or owner. The old name leads to it until another repository takes it."""
        login, repository.name = full_name.split("/")
        repository.owner = self.users.get(login) or self.organisation(login)
        repository.updated_at = self.now
        self.names[full_name.lower()] = repository.id

    def find(self, full_name: str) -> Repository | None:
        """Whom a name leads to, be it an old one."""
        number = self.names.get(full_name.lower())
        return None if number is None else self.repositories[number]

    def delete_repository(self, repository: Repository) -> None:
        repository.state = "deleted"

    def owned(self, login: str) -> list[Repository]:
        """The repositories of an account, oldest first."""
        return [
            one
            for one in self.repositories.values()
            if one.owner.login.lower() == login.lower() and one.state != "deleted"
        ]

    def team(self, organisation: str, name: str) -> Team:
        """The team of that name; made when there is none."""
        teams = self.teams.setdefault(organisation, [])
        for one in teams:
            if one.name == name:
                return one
        teams.append(Team(self.next_id(), name.lower().replace(" ", "-"), name))
        return teams[-1]
